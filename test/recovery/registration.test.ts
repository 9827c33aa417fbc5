import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { StackOptions } from '../../core/index.ts';
import { type Bed, bed, call, finish } from '../engine/bed.ts';
import { noted } from '../engine/world.ts';

const test = suite('A lost registration is refreshed before its dialogs heal (Registration-Route-Set-Update)');

const registerFirst = ['P-Dialog-Recovery-Action: Registration-Route-Set-Update, Dialog-Route-Set-Update'];

type Refreshed = { readonly contact?: string } | undefined;

interface RegisteredBed extends Bed {
  /** When the program was asked. */
  readonly refreshAtMs: number[];
}

/** `refresh` is given how often the program has been asked. */
async function registered(
  refresh: (times: number) => Promise<Refreshed>,
  recovery: StackOptions['recovery'] = {},
): Promise<RegisteredBed> {
  const refreshAtMs: number[] = [];
  const log: string[] = [];
  const ground = await bed({
    hops: 1,
    stack: {
      recovery,
      application: {
        ...noted(log),
        refreshRegistration: () => {
          log.push('refresh');
          return refresh(refreshAtMs.push(ground.clock.nowMs()));
        },
      },
    },
  });
  return { ...ground, refreshAtMs, seen: () => [...ground.seen(), ...log] };
}

/** Requests of these methods are answered so, that many times. */
function lost({ hop }: Bed, methods: readonly string[], times = Number.POSITIVE_INFINITY): void {
  let left = times;
  hop.script = (request) => {
    if (!methods.includes(request.method) || left-- <= 0) return false;
    hop.reply(request, 430, { headers: registerFirst });
    return true;
  };
}

test('the sender fails first, then the status is told, then the program is asked, and no heal is sent before it is done', async () => {
  let done = (): void => {};
  const ground = await registered(() => new Promise((resolve) => (done = () => resolve(undefined))));
  const { dialog } = await call(ground);
  const { hop, clock } = ground;
  lost(ground, ['INFO']);
  ground.note('info', dialog.request('INFO'));
  await clock.run(5_000);
  assert.equal(ground.seen(), ['info failed 430 intermediary', 'recovering', 'refresh']);
  assert.is(hop.requests('UPDATE').length, 0);
  done();
  await clock.run(10);
  assert.equal(ground.seen().slice(3), ['healthy']);
  assert.is(hop.requests('INFO').length, 1, 'never sent again');
  await finish(ground, dialog);
});

test('many dialogs that find it out at once cause one refresh, and all are healed, also those that did not', async () => {
  const ground = await registered(async () => undefined);
  const calls = [];
  for (let index = 0; index < 20; index++) calls.push(await call(ground));
  const { hop, clock } = ground;
  lost(ground, ['INFO']);
  for (const { dialog } of calls.slice(0, 10)) dialog.request('INFO').catch(() => undefined);
  await clock.run(100);
  assert.is(ground.refreshAtMs.length, 1);
  assert.is(new Set(hop.requests('UPDATE').map((request) => request.header('Call-ID'))).size, 20);
  await finish(ground, ...calls.map(({ dialog }) => dialog));
});

test('a refresh that fails is tried again by the schedule of heals, and heals wait for it', async () => {
  const ground = await registered(async (times) => {
    if (times < 6) throw new Error('no registrar');
    return undefined;
  });
  const { dialog } = await call(ground);
  const { hop, clock, refreshAtMs } = ground;
  lost(ground, ['INFO']);
  dialog.request('INFO').catch(() => undefined);
  await clock.run(70_000);
  const gaps = refreshAtMs.slice(1).map((time, index) => (time - (refreshAtMs[index] ?? 0)) / 1000);
  assert.is(gaps.length, 5);
  for (const [index, most] of [2, 4, 8, 16, 32].entries()) {
    assert.ok((gaps[index] ?? 0) >= most / 2 && (gaps[index] ?? 0) <= most + 0.01, `${gaps}`);
  }
  assert.is(hop.requests('UPDATE').length, 1);
  assert.is(ground.seen().at(-1), 'healthy');
  await finish(ground, dialog);
});

test('a refresh that works only when tried again heals every dialog as well, but no second one does so soon', async () => {
  const ground = await registered(async (times) => {
    if (times === 1) throw new Error('no registrar');
    return undefined;
  });
  const calls = [];
  for (let index = 0; index < 3; index++) calls.push(await call(ground));
  const { hop, clock, refreshAtMs } = ground;
  lost(ground, ['INFO']);
  const [first, second] = calls;
  const heals = (): number => hop.requests('UPDATE').length;
  first?.dialog.request('INFO').catch(() => undefined);
  await clock.run(5_000);
  assert.is(refreshAtMs.length, 2);
  assert.is(heals(), 3);
  second?.dialog.request('INFO').catch(() => undefined);
  await clock.run(10_000);
  assert.is(refreshAtMs.length, 3);
  assert.is(heals(), 4);
  await finish(ground, ...calls.map(({ dialog }) => dialog));
});

test('Q8: a heal that is answered so waits for a refresh, and one that does not help is not repeated at once', async () => {
  const ground = await registered(async () => undefined);
  const { dialog } = await call(ground);
  const other = await call(ground);
  const { hop, clock, refreshAtMs } = ground;
  hop.script = (request) => {
    if (request.header('Call-ID') !== dialog.callId || request.method === 'BYE') return false;
    hop.reply(request, 430, { headers: registerFirst });
    return true;
  };
  dialog.request('INFO').catch(() => undefined);
  await clock.run(300_000);
  assert.ok(refreshAtMs.length >= 6 && refreshAtMs.length <= 16, `${refreshAtMs}`);
  const healsOfOther = hop.requests('UPDATE').filter((request) => request.header('Call-ID') === other.dialog.callId);
  assert.is(healsOfOther.length, 1, 'the others are healed for the first refresh alone');
  assert.is(hop.requests('UPDATE').length - 1, refreshAtMs.length, 'one heal a refresh');
  hop.script = () => false;
  await clock.run(100_000);
  assert.is(ground.seen().at(-1), 'healthy');
  await finish(ground, dialog, other.dialog);
});

test('Q9: a registrar that had lost the binding (“added”, “fixed”) is taken for a success: all heal by the new contact, and what is gone dies alone', async () => {
  // The program's REGISTER was answered `presence-state: register-action="added"`; it says only that it is registered.
  const ground = await registered(async () => ({ contact: 'sip:near@10.0.0.1:5060;gruu' }));
  const [first, second, third] = [await call(ground), await call(ground), await call(ground)];
  const { hop, clock } = ground;
  hop.script = (request) => {
    if (request.method === 'INFO') hop.reply(request, 430, { headers: registerFirst });
    else if (request.header('Call-ID') === second.dialog.callId) hop.reply(request, 481);
    else return false;
    return true;
  };
  first.dialog.request('INFO').catch(() => undefined);
  await clock.run(100);
  assert.equal(ground.seen().sort(), ['ended remote does-not-exist', 'healthy', 'recovering', 'refresh']);
  for (const update of hop.requests('UPDATE')) {
    assert.is(update.header('Contact'), '<sip:near@10.0.0.1:5060;gruu>');
  }
  hop.script = () => false;
  await finish(ground, first.dialog, third.dialog);
});

test('a contact that is no URI counts as a failed refresh', async () => {
  const ground = await registered(async (times) => ({ contact: times === 1 ? 'sip:a b' : 'sip:near@10.0.0.1' }));
  const { dialog } = await call(ground);
  lost(ground, ['INFO']);
  dialog.request('INFO').catch(() => undefined);
  await ground.clock.run(3_000);
  assert.is(ground.refreshAtMs.length, 2);
  assert.is(ground.hop.last('UPDATE').header('Contact'), '<sip:near@10.0.0.1>');
  await finish(ground, dialog);
});

test('a program that never says how it ended is asked again after 64 s', async () => {
  const ground = await registered((times) => (times === 1 ? new Promise(() => undefined) : Promise.resolve(undefined)));
  const { dialog } = await call(ground);
  lost(ground, ['INFO']);
  dialog.request('INFO').catch(() => undefined);
  await ground.clock.run(67_000);
  assert.is(ground.refreshAtMs.length, 2);
  assert.is(ground.seen().at(-1), 'healthy');
  await finish(ground, dialog);
});

test('a session refresh that finds it out asks for it as well, also when passive', async () => {
  const ground = await registered(async () => undefined, { passive: true });
  ground.hop.capabilities = [...ground.hop.capabilities, 'Session-Expires: 1800;refresher=uac'];
  const { dialog } = await call(ground);
  lost(ground, ['UPDATE'], 1);
  await ground.clock.run(901_000);
  assert.equal(ground.seen(), ['recovering', 'refresh', 'healthy']);
  await finish(ground, dialog);
});

test('without a program that registers, dialogs are healed at once', async () => {
  const ground = await bed({ hops: 1 });
  const { dialog } = await call(ground);
  lost(ground, ['INFO', 'UPDATE'], 2);
  ground.note('info', dialog.request('INFO'));
  await ground.clock.run(3_000);
  assert.equal(ground.seen(), ['info failed 430 intermediary', 'recovering', 'healthy']);
  assert.is(ground.hop.requests('UPDATE').length, 2);
  await finish(ground, dialog);
});

test('a BYE that finds it out has it refreshed, is owed until then, and goes at once afterwards; the other dialogs heal', async () => {
  let done = (): void => {};
  const ground = await registered(() => new Promise((resolve) => (done = () => resolve(undefined))));
  const { hop, clock } = ground;
  const { dialog } = await call(ground);
  const other = await call(ground);
  let isLost = true;
  hop.script = (request) => {
    if (!isLost || request.method !== 'BYE') return false;
    hop.reply(request, 430, { headers: registerFirst });
    return true;
  };
  ground.note('bye', dialog.bye());
  await clock.run(60_000);
  assert.is(ground.refreshAtMs.length, 1);
  assert.equal(ground.seen(), ['bye done', 'refresh', 'ended local bye']);
  assert.is((await ground.take(ground.near.counts())).owedByes, 1);
  assert.is(hop.requests('UPDATE').length, 0);
  const inVain = hop.requests('BYE').length;
  isLost = false;
  done();
  await clock.run(100);
  assert.is(hop.requests('BYE').length, inVain + 1);
  assert.is(hop.requests('UPDATE').length, 1);
  assert.is((await ground.take(ground.near.counts())).owedByes, 0);
  await finish(ground, other.dialog);
});

test('a BYE that was owed before has it refreshed as well, by the schedule of heals when that does not help', async () => {
  const ground = await registered(async () => undefined);
  const { hop, clock, refreshAtMs } = ground;
  const { dialog } = await call(ground);
  const at: number[] = [];
  hop.script = (request) => {
    if (request.method !== 'BYE') return false;
    if (clock.nowMs() < 40_000) return true; // nobody answers: it is owed after 32 s
    at.push(clock.nowMs());
    if (refreshAtMs.length < 3) hop.reply(request, 430, { headers: registerFirst });
    return refreshAtMs.length < 3;
  };
  dialog.bye().catch(() => undefined);
  await clock.run(300_000);
  assert.ok(at.length >= 4, `${at}`);
  assert.is((await ground.take(ground.near.counts())).owedByes, 0);
  const gaps = refreshAtMs.slice(1).map((time, index) => (time - (refreshAtMs[index] ?? 0)) / 1000);
  assert.is(gaps.length, 2, `${refreshAtMs}`);
  for (const [index, most] of [2, 4].entries()) {
    assert.ok((gaps[index] ?? 0) >= most / 2 && (gaps[index] ?? 0) <= most + 0.01, `${gaps}`);
  }
  await ground.rest();
});

test('a refresh that was to come for the sake of owed BYEs alone does not, when they have been delivered meanwhile', async () => {
  for (const ended of ['delivered', 'by the peer'] as const) {
    const ground = await registered(async () => undefined);
    const { hop, clock, refreshAtMs } = ground;
    const { dialog, raw } = await call(ground);
    let isLost = true;
    hop.script = (request) => {
      if (!isLost || request.method !== 'BYE') return false;
      hop.reply(request, 430, { headers: registerFirst });
      return true;
    };
    ground.note('bye', dialog.bye());
    await clock.run(20);
    assert.is(refreshAtMs.length, 1, 'it did not help, and the next is to come');
    assert.is((await ground.take(ground.near.counts())).owedByes, 1);
    isLost = false;
    raw.request(ended === 'delivered' ? 'INFO' : 'BYE'); // it shows that there is a way
    await clock.run(300_000);
    assert.is((await ground.take(ground.near.counts())).owedByes, 0);
    assert.is(refreshAtMs.length, 1, ended);
    await ground.rest();
  }
});

test('dialogs that end meanwhile leave nothing behind', async () => {
  const ground = await registered(async () => {
    throw new Error('no registrar');
  });
  const { dialog, raw } = await call(ground);
  lost(ground, ['INFO']);
  dialog.request('INFO').catch(() => undefined);
  await ground.clock.run(10_000);
  raw.request('BYE');
  await ground.clock.run(100);
  const asked = ground.refreshAtMs.length;
  await ground.clock.run(300_000);
  assert.is(ground.refreshAtMs.length, asked);
  await ground.rest();
});

test.run();
