import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { FlowId, Input, Output, Step } from '../../../core/contract.ts';
import type { Command } from '../../../core/engine/command.ts';
import { Engine } from '../../../core/engine/engine.ts';
import type { EngineEvent } from '../../../core/engine/event.ts';
import { octetsText, textOctets } from '../octets-text.ts';
import { rulesBroken } from '../session.ts';
import { check, ruleOf } from '../target.ts';
import { operationsOf } from '../world/operations.ts';
import type { EngineLike } from './engine-ground.ts';
import { EngineWorld } from './engine-world.ts';
import { sceneNames } from './scenes.ts';
import { engineWords } from './words.ts';

/** Each seed needs a few batches at most. */
const batchesMax = 20;

const test = suite('What must hold of an engine');

/** What an engine with that fault comes to; '' where nothing is found. */
function ruleBroken(program: string, fault?: Fault): string {
  const operations = operationsOf(textOctets(program));
  try {
    const world = new EngineWorld(operations, (options) => {
      const engine = new Engine(options);
      return fault === undefined ? engine : faulty(engine, fault);
    });
    world.run(operations);
    world.rest();
    return '';
  } catch (error) {
    return ruleOf(error);
  }
}

const options =
  'OPTIONS sip:10.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.66:6666;branch=z9hG4bKo\r\nMax-Forwards: 70\r\n' +
  'From: <sip:s@192.0.2.66>;tag=s\r\nTo: <sip:10.0.0.1>\r\nCall-ID: o\r\nCSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n';

function isOptions(input: Input<Command>): boolean {
  return input.kind === 'message' && octetsText(input.bytes).startsWith('OPTIONS sip:10.0.0.1 ');
}

type EngineStep = Step<EngineEvent>;
type EngineOutput = Output<EngineEvent>;

/** What becomes of a step's outputs. */
type Fault = (
  outputs: readonly EngineOutput[],
  inputs: readonly Input<Command>[],
  engine: Engine,
) => readonly EngineOutput[];

/** An engine with a fault in what it does. */
function faulty(engine: Engine, fault: Fault): EngineLike {
  return {
    get counts() {
      return engine.counts;
    },
    step(nowMs, inputs): EngineStep {
      const { outputs, wakeAtMs } = engine.step(nowMs, inputs);
      return { outputs: fault(outputs, inputs, engine), wakeAtMs };
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

for (const name of sceneNames) {
  test(`it comes to rest from '${name}'`, () => {
    assert.is(ruleBroken(`~scene ${name}\n`), '');
  });
}

test('a message that is sent ends where its body does', () => {
  const fault = rewriting(/^ACK/, 'Content-Length: 0', 'Content-Length: 9');
  assert.is(ruleBroken('~scene out\n', fault), 'what is sent is a good message');
  const longer = rewriting(/^ACK/, /$/, 'x');
  assert.is(ruleBroken('~scene out\n', longer), 'what is sent ends with its body');
});

test('nothing is sent by a flow that is lost', () => {
  const acks: EngineOutput[] = [];
  const again: Fault = (outputs, inputs) => {
    if (inputs.some(({ kind }) => kind === 'flow-lost')) return [...outputs, ...acks];
    acks.push(...outputs.filter((output) => output.kind === 'send' && octetsText(output.bytes).startsWith('ACK')));
    return outputs;
  };
  assert.is(ruleBroken('~scene out\n~lose hop\n', again), 'messages are sent by flows that are open');
});

test('a command has one result', () => {
  const twice: Fault = (outputs) => outputs.flatMap((output) => Array(output.kind === 'event' ? 2 : 1).fill(output));
  assert.is(ruleBroken('~tell counts\n', twice), 'a command has one result');
  const never: Fault = (outputs) =>
    outputs.filter(({ kind, ...output }) => !(kind === 'event' && JSON.stringify(output).includes('"counts"')));
  assert.is(ruleBroken('~tell counts\n', never), 'a command has a result');
});

test('no route is what a stranger has said', () => {
  const stranger = 'Supported: ms-dialog-route-set-update\nRecord-Route: <sip:192.0.2.66;lr>\n';
  const program = `~with untimed\n~scene out\n~ask stranger 0 UPDATE\n${stranger}~tell request 0 INFO\n`;
  assert.is(ruleBroken(program), '');
  const moved = rewriting(/^INFO.*far-hop/s, /Route: <[^>]*>/, 'Route: <sip:192.0.2.66;lr>');
  assert.is(ruleBroken(program, moved), 'a route is what somebody has said who may');
});

test('a stranger gets answers to what it asks, and nothing else', () => {
  const program = `~from stranger\n${options}`;
  assert.is(ruleBroken(program), '');
  const answer = rewriting(/^SIP.*branch=z9hG4bKo/s, 'z9hG4bKo', 'z9hG4bKx');
  assert.is(ruleBroken(program, answer), 'a stranger gets answers to its own requests alone');
  const request = rewriting(/^SIP.*branch=z9hG4bKo/s, /^[^\r]*/, 'OPTIONS sip:192.0.2.66 SIP/2.0');
  assert.is(ruleBroken(program, request), 'a stranger gets no request');
});

test('who has seen an INVITE go by, or knows the tags of a call that goes straight to its peer, is taken for the peer', () => {
  assert.is(ruleBroken('~scene out\n~reply stranger 200\n'), '');
  assert.is(ruleBroken('~scene direct\n~ask stranger 0 UPDATE\n'), '');
});

test('a call that goes by a hop stays there, whoever refreshes its target', () => {
  const program = '~scene in\n~ask stranger 0 UPDATE\n~tell bye 0\n';
  assert.is(ruleBroken(program), '');
  let strange: FlowId | undefined;
  const toStranger: Fault = (outputs, inputs) => {
    for (const input of inputs)
      if (input.kind === 'message' && octetsText(input.bytes).startsWith('UPDATE')) strange = input.flow;
    return outputs.map((output) => {
      const isBye = output.kind === 'send' && octetsText(output.bytes).startsWith('BYE');
      return isBye && strange !== undefined ? { ...output, flow: strange } : output;
    });
  };
  assert.is(ruleBroken(program, toStranger), 'a stranger gets no request');
});

test('a dialog that nobody touches keeps its route', () => {
  const fault = rewriting(/^INFO.*Call-ID: witness/s, /, <sip:proxy[^\r]*/, '');
  assert.is(ruleBroken('~wait 5\n', fault), 'a dialog that nobody touched keeps its route');
});

test('one message causes no flood', () => {
  const fault: Fault = (outputs, inputs) =>
    inputs.some(isOptions)
      ? Array<EngineOutput[]>(40)
          .fill([...outputs])
          .flat()
      : outputs;
  assert.is(ruleBroken(`~from stranger\n${options}`, fault), 'one message causes no flood');
});

test('a fault that no input begins with is found: here it takes a MESSAGE of a peer in a dialog', async () => {
  const { target } = await import('../targets/engine.ts');
  const run = (input: Uint8Array): void => {
    const operations = operationsOf(input);
    const world = new EngineWorld(operations, (options) => faulty(new Engine(options), planted));
    world.run(operations);
  };
  const starts = (): Uint8Array[] => ['~scene out\n~ask hop 0 INFO\n', '~wait 1\n'].map(textOctets);
  const words = engineWords.filter((word) => octetsText(word).startsWith('~ask'));
  assert.equal(await rulesBroken({ ...target, words, starts, run }, batchesMax), ['nobody gets here']);
});

const planted: Fault = (outputs) => {
  for (const output of outputs) {
    const isPlace = output.kind === 'event' && output.event.kind === 'request' && output.event.method === 'MESSAGE';
    check(!isPlace, 'nobody gets here');
  }
  return outputs;
};

test.run();
