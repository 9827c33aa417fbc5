import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { IncomingRequest } from '../../core/index.ts';
import { type Bed, bed, call } from './bed.ts';
import { noted } from './world.ts';

const test = suite('The end of a dialog (RFC 3261 §15)');

interface AskedBed extends Bed {
  /** What the program was asked about; it answers nothing by itself. */
  readonly asked: IncomingRequest[];
}

async function asking(): Promise<AskedBed> {
  const asked: IncomingRequest[] = [];
  const log: string[] = [];
  const ground = await bed({
    stack: { application: { ...noted(log), onRequest: (request) => void asked.push(request) } },
  });
  return { ...ground, asked, seen: () => [...ground.seen(), ...log] };
}

function statuses({ hop }: Bed, method: string): number[] {
  return hop.responses(method).map(({ status }) => status);
}

test('a BYE of the peer ends the dialog: the handle is dead, and what waits fails', async () => {
  const ground = await bed();
  const { dialog, raw } = await call(ground);
  ground.hop.script = ({ method }) => method === 'INFO';
  ground.note('info', dialog.request('INFO'));
  await ground.clock.run(5);
  raw.request('BYE');
  await ground.clock.run(5);
  assert.equal(statuses(ground, 'BYE'), [200]);
  for (const [label, promise] of [
    ['request', dialog.request('INFO')],
    ['bye', dialog.bye()],
    ['status', dialog.routeStatus()],
  ] as const) {
    ground.note(label, promise);
  }
  await ground.clock.run(5);
  assert.equal(ground.seen(), [
    'info failed SIP_DIALOG_ENDED',
    'ended remote bye',
    'request failed SIP_DIALOG_ENDED',
    'bye failed SIP_DIALOG_ENDED',
    'status failed SIP_DIALOG_ENDED',
  ]);
  await ground.rest();
});

test('what the program has not answered yet when the dialog ends is answered 487', async () => {
  const ground = await asking();
  const { raw } = await call(ground);
  raw.request('INFO');
  raw.request('INVITE', { body: 'v=0\r\ns=new\r\n' });
  await ground.clock.run(5);
  raw.request('BYE');
  await ground.clock.run(5);
  assert.equal(
    ['INFO', 'INVITE', 'BYE'].map((method) => statuses(ground, method)),
    [[487], [487], [200]],
  );
  for (const request of ground.asked) request.respond(200);
  await ground.rest();
});

test('a BYE of ours is over whatever becomes of it: answered, refused, or never', async () => {
  for (const script of ['200', '481', '500', '603', 'silence']) {
    const ground = await bed();
    const { dialog } = await call(ground);
    ground.hop.script = (request) => {
      if (script !== 'silence') ground.hop.reply(request, Number(script));
      return true;
    };
    ground.note('bye', dialog.bye());
    await ground.clock.run(33_000);
    assert.equal(ground.seen(), ['bye done', 'ended local bye'], script);
    await ground.rest();
  }
});

test('two BYEs that cross are both answered, and the dialog ends once', async () => {
  const ground = await bed();
  const { dialog, raw } = await call(ground);
  ground.hop.script = ({ method }) => method === 'BYE';
  ground.note('bye', dialog.bye());
  ground.note('again', dialog.bye());
  raw.request('BYE');
  await ground.clock.run(5);
  assert.equal(statuses(ground, 'BYE'), [200]);
  assert.is(ground.seen().filter((line) => line.startsWith('ended')).length, 1);
  assert.equal(
    ground.seen().filter((line) => line.endsWith('done')),
    ['bye done', 'again done'],
  );
  await ground.rest();
});

test('while our BYE is under way the peer’s other requests are answered 481', async () => {
  const ground = await bed();
  const { dialog, raw } = await call(ground);
  ground.hop.script = ({ method }) => method === 'BYE';
  ground.note('bye', dialog.bye());
  await ground.clock.run(5);
  raw.request('INFO');
  ground.note('info', dialog.request('INFO'));
  await ground.clock.run(5);
  assert.equal(statuses(ground, 'INFO'), [481]);
  assert.equal(ground.seen(), ['info failed SIP_DIALOG_ENDED']);
  ground.hop.reply(ground.hop.last('BYE'), 200);
  await ground.rest();
});

test.run();
