import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Output } from '../../../core/contract.ts';
import { Edge } from '../../../core/edge/edge.ts';
import type { EdgeNews } from '../../../core/edge/event.ts';
import { octetsText, textOctets } from '../octets-text.ts';
import { rulesBroken } from '../session.ts';
import { check, ruleOf } from '../target.ts';
import { operationsOf } from '../world/operations.ts';
import { edgeStarts } from './edge-starts.ts';
import { type EdgeLike, EdgeWorld } from './edge-world.ts';

/** The seed needs some batches at most. */
const batchesMax = 60;

const test = suite('What must hold of an edge');

type EdgeOutput = Output<EdgeNews>;

/** What becomes of a step's outputs. */
type Fault = (outputs: readonly EdgeOutput[]) => readonly EdgeOutput[];

const none: Fault = (outputs) => outputs;

/** The rule that an edge with that fault breaks; '' where nothing is found. */
function ruleBroken(program: string, fault: Fault = none): string {
  try {
    play(textOctets(program), fault);
    return '';
  } catch (error) {
    return ruleOf(error);
  }
}

function play(program: Uint8Array, fault: Fault): void {
  const operations = operationsOf(program);
  const world = new EdgeWorld(operations, (options) => faulty(new Edge(options), fault));
  world.run(operations);
  world.rest();
}

function faulty(edge: Edge, fault: Fault): EdgeLike {
  return {
    get counters() {
      return edge.counters;
    },
    step(nowMs, inputs) {
      const { outputs, wakeAtMs } = edge.step(nowMs, inputs);
      return { outputs: fault(outputs), wakeAtMs };
    },
  };
}

/** Sends changed octets in the place of each message that `matches`. */
function rewriting(matches: RegExp, from: string | RegExp, to: string): Fault {
  return (outputs) =>
    outputs.map((output) => {
      if (output.kind !== 'send' || !matches.test(octetsText(output.bytes))) return output;
      return { ...output, bytes: textOctets(octetsText(output.bytes).replace(from, to)) };
    });
}

test('it holds of ours, whatever a program begins with', () => {
  for (const program of edgeStarts()) assert.is(ruleBroken(octetsText(program)), '', octetsText(program));
});

test('what is forwarded is as it came, but for what a proxy changes', () => {
  const program = '~call alice bob\nSubject: x\n';
  const rules: readonly (readonly [string | RegExp, string, string])[] = [
    ['Subject: x\r\n', '', 'other lines stay as they are, and in their order'],
    ['Subject: x', 'Subject:  x', 'other lines stay as they are, and in their order'],
    ['Max-Forwards: 69', 'Max-Forwards: 70', 'Max-Forwards goes down by one'],
    [/Via: SIP\/2.0\/UDP 10.0.0.1[^\r]*\r\n/, '', 'the topmost Via is ours'],
    [';received=10.0.1.1', '', 'received says where a request came from'],
    [/Record-Route: [^\r]*\r\n/, '', 'what may make or move a dialog is recorded, and nothing else'],
    ['INVITE sip:bob@', 'INVITE sip:bert@', 'a route is what it was'],
  ];
  assert.is(ruleBroken(program), '');
  for (const [from, to, rule] of rules) assert.is(ruleBroken(program, rewriting(/^INVITE/, from, to)), rule);
});

test('a response that is forwarded loses one Via', () => {
  const whole = rewriting(/^SIP/, /\r\nVia: /, '\r\nVia: SIP/2.0/UDP 10.0.0.1;branch=z9hG4bKx\r\nVia: ');
  assert.is(ruleBroken('~call alice bob\n', whole), 'a response is one to a request that has come');
  const shorter = rewriting(/^SIP/, /Contact: [^\r]*\r\n/, '');
  assert.is(ruleBroken('~call alice bob\n', shorter), 'other lines stay as they are, and in their order');
});

test('a message is sent once, and counted once', () => {
  const program = '~call alice bob OPTIONS\n!OPTIONS sip:10.0.0.1 SIP/2.0\n~again alice 0\n';
  assert.is(ruleBroken(program), '');
  const lost: Fault = (outputs) => outputs.filter(({ kind }) => kind !== 'send');
  assert.is(ruleBroken(program, lost), 'what is forwarded or answered is sent, given back or shed');
  const twice: Fault = (outputs) =>
    outputs.flatMap((output) => Array<EdgeOutput>(output.kind === 'send' ? 2 : 1).fill(output));
  assert.is(ruleBroken(program, twice), 'one message makes one message');
});

test('a stranger reaches nobody but the sides of a dialog', () => {
  const program = '~call alice far\n~tell clients none\n~ask stranger 0 INFO\n';
  assert.is(ruleBroken(program), '');
  const elsewhere = rewriting(/^INFO/, /^INFO/, 'INFO');
  assert.is(ruleBroken(program, elsewhere), '');
  const toFirst: Fault = (outputs) =>
    outputs.map((output) => {
      const isInfo = output.kind === 'send' && octetsText(output.bytes).startsWith('INFO');
      return isInfo ? { ...output, flow: 3 as typeof output.flow } : output;
    });
  assert.is(ruleBroken(program, toFirst), 'a stranger reaches the sides of a dialog alone');
});

test('a request that goes round comes to an end', () => {
  const program = '~mood bob mirror\n~call alice bob\n';
  assert.is(ruleBroken(program), '');
  const forgetful = rewriting(/^INVITE/, /Via: SIP\/2.0\/UDP 10.0.0.1[^\r]*\r\n/, '');
  assert.is.not(ruleBroken(program, forgetful), '');
});

test('a fault that no input begins with is found: here it takes a DANCE of a far end in a dialog', async () => {
  const { target } = await import('../targets/edge.ts');
  const run = (input: Uint8Array): void => play(input, planted);
  const starts = (): Uint8Array[] => ['~call alice bob\n~ask bob 0 INFO\n', '~wait 1\n'].map(textOctets);
  assert.equal(await rulesBroken({ ...target, starts, run }, batchesMax), ['nobody gets here']);
});

const planted: Fault = (outputs) => {
  for (const output of outputs) {
    const isPlace = output.kind === 'send' && /^DANCE .*\r\nTo: [^\r]*;tag=/s.test(octetsText(output.bytes));
    check(!isPlace, 'nobody gets here');
  }
  return outputs;
};

test.run();
