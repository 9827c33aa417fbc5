import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Counterpart } from '../core/counterpart.ts';
import type { DialogId } from '../core/dialog/table.ts';
import type { Command } from '../core/engine/command.ts';
import type { EngineEvent } from '../core/engine/event.ts';
import { type Dialog, type DialogRecord, SipError } from '../core/index.ts';
import { PendingCommands } from '../core/pending-commands.ts';
import { RegistrationRefresh } from '../core/registration-refresh.ts';

const test = suite('Counterpart of a shard in another thread');

const dialog = { id: 7 as DialogId, callId: 'answered' };
const branch = { id: 8 as DialogId, callId: 'answered' };

/** A counterpart, and what it sends: nobody answers but the test. */
function createWorld() {
  const sent: Command[] = [];
  const ended: string[] = [];
  let isUp = true;
  const pending = new PendingCommands(false, true);
  const counterpart = new Counterpart({
    shard: 0,
    application: { onEnded: ({ callId }, _, reason) => ended.push(`${callId} ${reason}`) },
    registration: new RegistrationRefresh({}),
    pending,
    send: (command) => {
      if (!isUp) throw new SipError('SIP_SHARD_LOST', 'it is gone');
      sent.push(command);
    },
    isUp: () => isUp,
    locals: () => [],
    needOpen: () => {},
    needRecovery: () => {},
    mayDie: true,
  });
  const hear = (...events: EngineEvent[]): void => {
    for (const tell of counterpart.hear(events)) tell();
  };
  const giveUp = new AbortController();
  const rung: number[] = [];
  const call = (onFork?: (dialog: Dialog) => void): Promise<string> =>
    counterpart
      .ask(
        (id) => {
          counterpart.callBegins(id, onFork === undefined ? {} : { onFork });
          return { name: 'counts', id }; // what is asked does not matter here
        },
        {
          signal: giveUp.signal,
          onAbort: (id) => ({ name: 'cancel', id }),
          onProvisional: ({ status }) => rung.push(status),
        },
      )
      .then(
        () => 'ok',
        (error: SipError) => error.code,
      );
  const die = (): void => {
    isUp = false;
  };
  return { sent, ended, counterpart, hear, giveUp, die, call, rung, names: () => sent.map(({ name }) => name) };
}

const response = { status: 180, reason: 'Ringing', headers: [], body: new Uint8Array(0) };

test('a call whose signal aborts is over at once, though its shard says nothing', async () => {
  const { call, giveUp, names } = createWorld();
  const outcome = call();
  giveUp.abort();
  assert.is(await outcome, 'SIP_ABORTED');
  assert.equal(names(), ['counts', 'cancel']);
});

test('a call that is answered behind its abort is ended, and so are further branches', async () => {
  const { call, giveUp, hear, sent } = createWorld();
  const forks: Dialog[] = [];
  const outcome = call((fork) => forks.push(fork));
  giveUp.abort();
  await outcome;
  hear({ kind: 'result', id: 1, failure: undefined, value: { dialog } }, { kind: 'fork', id: 1, dialog: branch });
  assert.equal(sent.slice(2), [
    { name: 'bye', id: 2, dialog: dialog.id },
    { name: 'bye', id: 3, dialog: branch.id },
  ]);
  assert.equal(forks, []);
});

test('a call that was answered before its abort stays', async () => {
  const { call, giveUp, hear, names } = createWorld();
  const outcome = call();
  hear({ kind: 'result', id: 1, failure: undefined, value: { dialog } });
  giveUp.abort();
  assert.is(await outcome, 'ok');
  assert.equal(names(), ['counts']);
});

test('a call that was given up does not ring any more, nor does its refusal reach anybody', async () => {
  const { call, giveUp, hear, rung, names } = createWorld();
  const outcome = call();
  hear({ kind: 'provisional', id: 1, response, dialog: undefined });
  giveUp.abort();
  await outcome;
  hear(
    { kind: 'provisional', id: 1, response, dialog: undefined },
    { kind: 'result', id: 1, failure: { code: 'SIP_ABORTED', message: 'late' }, value: {} },
  );
  assert.equal(rung, [180]);
  assert.equal(names(), ['counts', 'cancel']);
});

test('what rings in the turn of its abort is not told any more', async () => {
  const { call, counterpart, giveUp, rung } = createWorld();
  const outcome = call();
  const tellings = counterpart.hear([{ kind: 'provisional', id: 1, response, dialog: undefined }]);
  giveUp.abort();
  await outcome;
  for (const tell of tellings) tell();
  assert.equal(rung, []);
});

test('a signal that aborts when the shard is gone already throws at nobody', async () => {
  const { call, giveUp, die } = createWorld();
  const outcome = call();
  die();
  giveUp.abort();
  assert.is(await outcome, 'SIP_ABORTED');
});

test('a dialog that was released is not told as lost with its shard', async () => {
  const { counterpart, hear, ended } = createWorld();
  const calling = counterpart.ask((id) => ({ name: 'counts', id }));
  hear({ kind: 'result', id: 1, failure: undefined, value: { dialog } });
  const released = counterpart.dialogOf(await calling).export({ release: true });
  const record = { callId: dialog.callId } as DialogRecord;
  // Both in one turn: nobody who waits for the record has it yet.
  hear({ kind: 'result', id: 2, failure: undefined, value: { record } });
  for (const tell of counterpart.lost('test', 1, 0)) tell();
  assert.is((await released).callId, dialog.callId);
  assert.equal(ended, []);
});

test('what was given up is forgotten with the shard', async () => {
  const { call, counterpart, giveUp, hear, names } = createWorld();
  const outcome = call();
  giveUp.abort();
  await outcome;
  counterpart.lost('test', 1, 0);
  hear({ kind: 'result', id: 1, failure: undefined, value: { dialog } });
  assert.equal(names(), ['counts', 'cancel']);
});

test.run();
