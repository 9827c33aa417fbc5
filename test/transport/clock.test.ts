import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { systemClock, VirtualClock } from '../../transport/clock.ts';

const test = suite('Clock');

/** How a call ended: the message of its error, or 'done'. */
function outcome(call: Promise<void>): Promise<string> {
  return call.then(
    () => 'done',
    (error: Error) => error.message,
  );
}

test('virtual: callbacks run in order of instant, then of arming, whatever the order of arming', async () => {
  const clock = new VirtualClock();
  const log: string[] = [];
  for (const [name, atMs] of Object.entries({ c: 30, a: 10, d: 30, b: 20, e: 30 }))
    clock.wake(atMs, () => log.push(`${clock.nowMs()} ${name}`));
  await clock.run(29);
  assert.equal(log, ['10 a', '20 b']);
  assert.is(clock.nowMs(), 29);
  await clock.advanceTo(30);
  assert.equal(log, ['10 a', '20 b', '30 c', '30 d', '30 e']);
  assert.is(clock.pending, 0);
});

test('virtual: a cancelled wake is forgotten, and cancelling late does nothing', async () => {
  const clock = new VirtualClock();
  const log: string[] = [];
  const cancel = clock.wake(10, () => log.push('cancelled'));
  const cancelLate = clock.wake(10, () => log.push('kept'));
  cancel();
  assert.is(clock.pending, 1);
  await clock.runUntilIdle();
  cancelLate();
  cancel();
  assert.equal(log, ['kept']);
});

test('virtual: a callback may cancel what is due in the same instant', async () => {
  const clock = new VirtualClock();
  const log: string[] = [];
  let cancel = (): void => {};
  clock.wake(5, () => cancel());
  cancel = clock.wake(5, () => log.push('cancelled'));
  await clock.runUntilIdle();
  assert.equal(log, []);
});

test('virtual: a past instant counts as now, behind what is due already', async () => {
  const clock = new VirtualClock();
  const log: string[] = [];
  clock.wake(50, () => {
    clock.wake(1, () => log.push(`past at ${clock.nowMs()}`));
  });
  clock.wake(50, () => log.push(`due at ${clock.nowMs()}`));
  await clock.runUntilIdle();
  assert.equal(log, ['due at 50', 'past at 50']);
});

test('virtual: what is deferred runs in order, in turns of its own, before time moves', async () => {
  const clock = new VirtualClock();
  const log: string[] = [];
  clock.wake(1, () => log.push('1 next instant'));
  clock.wake(0, () => {
    clock.defer(() => {
      log.push('first');
      clock.defer(() => log.push('third'));
    });
    clock.defer(() => log.push('second'));
    log.push('wake');
  });
  await clock.runUntilIdle();
  assert.equal(log, ['wake', 'first', 'second', 'third', '1 next instant']);
});

test('virtual: async code goes on at the instant that caused it, before the next callback', async () => {
  const clock = new VirtualClock();
  const log: string[] = [];
  const deep = async (name: string): Promise<void> => {
    for (let hop = 0; hop < 20; hop += 1) await Promise.resolve();
    log.push(`${name} settled at ${clock.nowMs()}`);
  };
  clock.wake(10, () => void deep('a'));
  clock.wake(10, () => log.push('b'));
  clock.wake(11, () => log.push('c'));
  await clock.runUntilIdle();
  assert.equal(log, ['a settled at 10', 'b', 'c']);
});

test('virtual: a long chain of promises, with ticks among them at any place, settles before the next callback', async () => {
  const clock = new VirtualClock();
  const log: string[] = [];
  const tick = (): Promise<void> => new Promise((resolve) => void process.nextTick(resolve));
  /** Each letter is one wait: for a promise, a tick, or a tick that is asked for inside a tick. */
  const chains = ['p'.repeat(5000), 'tttttttt', 'pppppt', 'tppppptppt', 'nnnn', 'pnptn', 'ppppppppptttttttttp'];
  const follow = async (chain: string): Promise<void> => {
    for (const wait of chain) {
      if (wait === 'p') await Promise.resolve();
      if (wait === 't') await tick();
      if (wait === 'n') await new Promise<void>((resolve) => void process.nextTick(() => process.nextTick(resolve)));
    }
    log.push(`${chain.length} at ${clock.nowMs()}`);
  };
  for (const [index, chain] of chains.entries()) {
    clock.wake(index * 10, () => void follow(chain));
    clock.wake(index * 10, () => log.push('next'));
    clock.wake(index * 10 + 1, () => log.push('later'));
  }
  await clock.runUntilIdle();
  assert.equal(
    log,
    chains.flatMap((chain, index) => [`${chain.length} at ${index * 10}`, 'next', 'later']),
  );
});

test('virtual: what settles before the clock moves is seen before its first callback', async () => {
  const clock = new VirtualClock();
  const log: string[] = [];
  clock.wake(0, () => log.push('callback'));
  void (async () => {
    for (let wait = 0; wait < 50; wait++) await Promise.resolve();
    log.push('settled');
  })();
  await clock.run(0);
  assert.equal(log, ['settled', 'callback']);
});

test('virtual: the event loop turns now and then, so that what interrupts a run comes through', async () => {
  const clock = new VirtualClock();
  let isInterrupted = false;
  setTimeout(() => {
    isInterrupted = true;
  }, 1);
  const tick = (): void => {
    if (!isInterrupted) clock.wake(clock.nowMs(), tick);
  };
  tick();
  await clock.runUntilIdle({ maxCallbacks: 1_000_000 });
  assert.ok(isInterrupted);
});

test('virtual: a rejection that nobody handles is reported before the call that moved the clock resolves', async () => {
  const clock = new VirtualClock();
  const log: string[] = [];
  const heard = (reason: Error): void => void log.push(reason.message);
  const others = process.listeners('unhandledRejection');
  process.removeAllListeners('unhandledRejection');
  process.on('unhandledRejection', heard);
  try {
    clock.wake(5, () => void Promise.reject(new Error('of the callback')));
    await clock.run(5);
    log.push('run');
  } finally {
    process.removeListener('unhandledRejection', heard);
    for (const other of others) process.on('unhandledRejection', other);
  }
  assert.equal(log, ['of the callback', 'run']);
});

test('virtual: async code that sleeps on the clock wakes at its instants', async () => {
  const clock = new VirtualClock();
  const sleep = (ms: number): Promise<void> =>
    new Promise((resolve) => {
      clock.wake(clock.nowMs() + ms, resolve);
    });
  const log: number[] = [];
  const done = (async () => {
    for (const ms of [100, 250, 1000]) {
      await sleep(ms);
      log.push(clock.nowMs());
    }
  })();
  await clock.runUntilIdle();
  await done;
  assert.equal(log, [100, 350, 1350]);
});

test('virtual: what never ends is reported instead of waited for', async () => {
  const clock = new VirtualClock();
  const tick = (): void => {
    clock.wake(clock.nowMs() + 500, tick);
  };
  tick();
  assert.match(
    await outcome(clock.runUntilIdle({ maxMs: 10_000 })),
    /not idle at 10000 ms, within 10000 ms: 1 pending, the next at 10500 ms/,
  );
  assert.match(await outcome(clock.runUntilIdle({ maxCallbacks: 3 })), /not idle after 3 callbacks/);
  assert.is(clock.pending, 1);
});

test('virtual: an error of a callback reaches whoever moves the clock, which can go on', async () => {
  const clock = new VirtualClock();
  const log: string[] = [];
  clock.wake(5, () => {
    throw new Error('from the callback');
  });
  clock.wake(6, () => log.push('later'));
  assert.is(await outcome(clock.run(10)), 'from the callback');
  assert.is(clock.nowMs(), 5);
  await clock.run(5);
  assert.equal(log, ['later']);
});

test('virtual: time does not go back, and one call moves it at a time', async () => {
  const clock = new VirtualClock();
  await clock.run(10);
  assert.match(await outcome(clock.advanceTo(9)), /does not go to 9 ms/);
  assert.match(await outcome(clock.advanceTo(Number.NaN)), /does not go to NaN/);
  const first = clock.run(1);
  assert.match(await outcome(clock.run(1)), /moving already/);
  await first;
  assert.throws(() => clock.wake(Number.NaN, () => {}), /no such instant/);
});

test('system: a wake is never early, a past one comes in a later turn, a cancelled one not at all', async () => {
  const atMs = systemClock.nowMs() + 3.25;
  let cancelled = false;
  const cancels = [atMs, 0].map((instantMs) =>
    systemClock.wake(instantMs, () => {
      cancelled = true;
    }),
  );
  for (const cancel of cancels) cancel();
  const wokenMs = await new Promise<number>((resolve) => {
    systemClock.wake(atMs, () => resolve(systemClock.nowMs()));
  });
  assert.ok(wokenMs >= atMs);
  let inThisTurn = true;
  const sameTurn = await new Promise<boolean>((resolve) => {
    systemClock.wake(0, () => resolve(inThisTurn));
    inThisTurn = false;
  });
  assert.not(sameTurn);
  assert.not(cancelled);
});

test('system: deferred callbacks run in order, promises settling between them', async () => {
  const log: string[] = [];
  await new Promise<void>((resolve) => {
    systemClock.defer(() => {
      log.push('a');
      void Promise.resolve().then(() => log.push('settled'));
    });
    systemClock.defer(() => {
      log.push('b');
      resolve();
    });
    log.push('now');
  });
  assert.equal(log, ['now', 'a', 'settled', 'b']);
});

test.run();
