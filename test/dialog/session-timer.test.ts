import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { SessionTimers } from '../../core/dialog/session-timer.ts';
import { DialogFlag, DialogTable } from '../../core/dialog/table.ts';
import { Writer } from '../../core/message/write.ts';
import { Wheel } from '../../core/time/wheel.ts';
import { message, recordParts } from './dialogs.ts';

const test = suite('Session timers (RFC 4028)');

/** One dialog and what its timer does: `refresh` or `expired` with the instant in seconds. */
function session(intervalS = 1800) {
  const wheel = new Wheel({ nowMs: 0 });
  const table = new DialogTable({ capacity: 1, hashSeed: 1 });
  const log: string[] = [];
  const user = {
    refreshDue: () => void log.push(`${wheel.nowMs / 1000} refresh`),
    sessionExpired: () => void log.push(`${wheel.nowMs / 1000} expired`),
  };
  const timers = new SessionTimers({ table, wheel, user, intervalS });
  const dialog = table.create(recordParts()) ?? 0;
  const take = (writer: Writer): string => new TextDecoder().decode(writer.take());
  return {
    timers,
    wheel,
    log,
    /** What our 2xx to an INVITE with these headers says. */
    answer: (...headers: string[]): string => {
      const writer = new Writer();
      timers.answerAsServer(dialog, message('INVITE sip:alice@192.0.2.9 SIP/2.0', headers), writer);
      return take(writer);
    },
    agree: (...headers: string[]): void => timers.agreeAsClient(dialog, message('SIP/2.0 200 OK', headers)),
    offer: (): string => {
      const writer = new Writer();
      timers.writeOffer(writer);
      return take(writer);
    },
    refresh: (): string => {
      const writer = new Writer();
      timers.writeRefresh(writer, dialog);
      return take(writer);
    },
    pause: (): void => timers.pause(dialog),
    restart: (): void => timers.restart(dialog),
    retry: (delayMs?: number): void => timers.retry(dialog, delayMs),
    retrySoon: (delayMs: number): void => timers.retrySoon(dialog, delayMs),
    raise: (minSe: string): boolean =>
      timers.raise(dialog, message('SIP/2.0 422 Session Interval Too Small', [`Min-SE: ${minSe}`])),
    weRefresh: (): boolean => table.has(dialog, DialogFlag.refresher),
    runTo: (seconds: number): string[] => {
      while ((wheel.nextMs() ?? Number.POSITIVE_INFINITY) <= seconds * 1000) wheel.advance(wheel.nextMs() ?? 0);
      wheel.advance(seconds * 1000);
      return log;
    },
  };
}

const supports = 'Supported: timer';

for (const { supported, asked, answer } of [
  { supported: false, asked: '', answer: 'uas' },
  { supported: false, asked: ';refresher=uas', answer: 'uas' },
  { supported: true, asked: '', answer: 'uac' },
  { supported: true, asked: ';refresher=uac', answer: 'uac' },
  { supported: true, asked: ';refresher=uas', answer: 'uas' },
]) {
  const who = supported ? 'supports timers' : 'does not support timers';
  test(`Table 2: the UAC ${who} and asks ${asked || 'for none'}: ${answer} refreshes`, () => {
    const { answer: written, weRefresh } = session();
    const headers = [`Session-Expires: 1200${asked}`, ...(supported ? [supports] : [])];
    const require = supported ? 'Require: timer\r\n' : '';
    assert.is(written(...headers), `Session-Expires: 1200;refresher=${answer}\r\n${require}`);
    assert.is(weRefresh(), answer === 'uas');
  });
}

test('as UAS takes the shorter of what was asked and what we want, and never less than Min-SE or 90 s', () => {
  const asked = (intervalS: number, ...headers: string[]): string =>
    session(intervalS)
      .answer(supports, ...headers)
      .split(/[:;]/)[1] ?? '';
  assert.is(asked(1800, 'Session-Expires: 3600'), ' 1800');
  assert.is(asked(1800, 'Session-Expires: 600'), ' 600');
  assert.is(asked(1800, 'Session-Expires: 7200', 'Min-SE: 3600'), ' 3600');
  assert.is(asked(90, 'Session-Expires: 7200', 'Min-SE: 100'), ' 100');
  assert.is(asked(1800), ' 1800');
  assert.is(asked(1800, 'Min-SE: 3600'), ' 3600');
  assert.is(session().answer('Session-Expires: 20'), 'Session-Expires: 90;refresher=uas\r\n');
});

test('as UAS never gives more than was asked, not even where Min-SE contradicts it', () => {
  assert.match(session().answer(supports, 'Session-Expires: 600', 'Min-SE: 3600'), 'Session-Expires: 600;');
});

test('without a wish of either side there is no timer', () => {
  const { answer, runTo, wheel } = session(0);
  assert.is(answer(supports), '');
  assert.is(wheel.count, 0);
  assert.equal(runTo(100_000), []);
  assert.is(session(1800).answer(), '');
});

test('a stack that asks for none still grants what its peer asks for, for it says that it supports timers', () => {
  const { answer, agree, runTo, offer } = session(0);
  assert.is(offer(), '');
  assert.is(
    answer(supports, 'Session-Expires: 600;refresher=uas'),
    'Session-Expires: 600;refresher=uas\r\nRequire: timer\r\n',
  );
  agree('Session-Expires: 300;refresher=uac', 'Require: timer');
  assert.equal(runTo(150), ['150 refresh']);
});

test('a request that asks for less than 90 s is too small, if its sender understands 422', () => {
  const { timers } = session();
  const tooSmall = (...headers: string[]): boolean => timers.tooSmall(message('INVITE sip:a@b SIP/2.0', headers));
  assert.ok(tooSmall(supports, 'Session-Expires: 89'));
  assert.not(tooSmall(supports, 'Session-Expires: 90'));
  assert.not(tooSmall('Session-Expires: 89'));
  assert.not(tooSmall(supports));
  assert.not(tooSmall(supports, 'Session-Expires: soon'));
});

test('as UAC takes interval and refresher from the 2xx', () => {
  const { agree, refresh, runTo } = session();
  agree('Session-Expires: 600;refresher=uac');
  assert.is(refresh(), 'Session-Expires: 600;refresher=uac\r\n');
  agree('Session-Expires: 400;refresher=uas');
  assert.is(refresh(), 'Session-Expires: 400;refresher=uas\r\n');
  assert.equal(runTo(1000), ['368 expired']);
});

test('as UAC refreshes no more often than every 45 s, whatever the 2xx says', () => {
  for (const seconds of [0, 1, 89]) {
    const { agree, runTo } = session();
    agree(`Session-Expires: ${seconds};refresher=uac`);
    assert.equal(runTo(60), ['45 refresh'], `${seconds}`);
  }
});

test('a 2xx without Session-Expires, or with one that cannot be read, switches the timer off', () => {
  for (const headers of [[], ['Session-Expires: -1'], ['Session-Expires: 600', 'x: 600']]) {
    const { agree, refresh, wheel } = session();
    agree('Session-Expires: 600;refresher=uac');
    agree(...headers);
    assert.is(wheel.count, 0);
    assert.is(refresh(), '');
  }
});

test('the refresher refreshes when half the interval is over', () => {
  const { agree, runTo } = session();
  agree('Session-Expires: 600;refresher=uac');
  assert.equal(runTo(599), ['300 refresh']);
});

test('the other side ends the session 32 s, or a third, before the interval is over', () => {
  for (const [intervalS, expiryS] of [
    [1800, 1768],
    [96, 64],
    [90, 60],
  ] as const) {
    const { agree, runTo } = session();
    agree(`Session-Expires: ${intervalS};refresher=uas`);
    assert.equal(runTo(5000), [`${expiryS} expired`]);
  }
});

test('each refresh starts the interval anew', () => {
  const { agree, answer, runTo } = session();
  agree('Session-Expires: 600;refresher=uas');
  runTo(500);
  answer(supports, 'Session-Expires: 600;refresher=uac');
  assert.equal(runTo(1067), []);
  assert.equal(runTo(1068), ['1068 expired']);
});

test('the role stays where the peer leaves the choice to us', () => {
  const { agree, answer, weRefresh } = session();
  agree('Session-Expires: 600;refresher=uac');
  assert.match(answer(supports, 'Session-Expires: 600'), 'refresher=uas');
  assert.ok(weRefresh());
  agree('Session-Expires: 600;refresher=uas');
  assert.match(answer(supports), 'refresher=uac');
  assert.not(weRefresh());
});

test('a pause stops it, and it goes on with a full interval', () => {
  const { agree, pause, restart, runTo, wheel } = session();
  agree('Session-Expires: 600;refresher=uac');
  runTo(299);
  pause();
  assert.is(wheel.count, 0);
  runTo(5000);
  restart();
  assert.equal(runTo(5299), []);
  assert.equal(runTo(5300), ['5300 refresh']);
});

test('a refused refresh is tried again before the peer would end the session, and not at once', () => {
  for (const intervalS of [90, 600, 1800]) {
    const { agree, retry, runTo, log } = session();
    agree(`Session-Expires: ${intervalS};refresher=uac`);
    runTo(intervalS / 2);
    retry();
    const endS = intervalS - Math.min(32, intervalS / 3);
    assert.is(runTo(intervalS / 2 + 5).length, 1);
    runTo(endS);
    assert.is(log.length, 2, `${intervalS}: ${log}`);
  }
});

test('only a 2xx extends the session: refreshes that are refused again and again end with it', () => {
  const { agree, retry, runTo, log } = session();
  agree('Session-Expires: 800;refresher=uac');
  runTo(400);
  for (let tries = 0; tries < 4; tries++) {
    retry();
    runTo(400 + 100 * (tries + 1));
  }
  assert.equal(log, ['400 refresh', '500 refresh', '600 refresh', '700 refresh', '800 expired']);
});

test('the end of a session that is not refreshed does not move, whatever the answers ask for', () => {
  const { agree, retry, retrySoon, runTo, log } = session();
  agree('Session-Expires: 800;refresher=uac');
  runTo(405);
  retrySoon(2000);
  runTo(407);
  retry(3_600_000);
  assert.equal(runTo(10_000), ['400 refresh', '407 refresh', '800 expired']);
  assert.is(log.length, 3);
});

test('a refresh that is refused after the peer has refreshed the session does not make its new interval shorter', () => {
  const { agree, answer, retry, runTo } = session();
  agree('Session-Expires: 800;refresher=uac');
  runTo(410);
  answer(supports, 'Session-Expires: 800;refresher=uas');
  runTo(411);
  retry(3_600_000);
  assert.equal(runTo(10_000), ['400 refresh', '1210 expired']);
});

test('what passes by itself is tried again soon, three times, then at the pace of the rest', () => {
  const { agree, retrySoon, runTo } = session();
  agree('Session-Expires: 800;refresher=uac');
  runTo(400);
  for (let tries = 0; tries < 4; tries++) {
    retrySoon(1000);
    runTo(401 + tries);
  }
  const log = runTo(600);
  assert.equal(log, ['400 refresh', '401 refresh', '402 refresh', '403 refresh', '503 refresh']);
  agree('Session-Expires: 800;refresher=uac');
  runTo(1000);
  retrySoon(1000);
  assert.is(runTo(1001).at(-1), '1001 refresh', 'a 2xx ends the counting');
});

test('a 422 raises what the next refreshes ask for, and each names the largest Min-SE that was heard of', () => {
  const { agree, raise, refresh } = session();
  agree('Session-Expires: 600;refresher=uac');
  assert.ok(raise('900'));
  assert.is(refresh(), 'Session-Expires: 900;refresher=uac\r\nMin-SE: 900\r\n');
  assert.not(raise('700'));
  assert.not(raise('900'));
  assert.not(raise('much'));
  assert.ok(raise('1000'));
  assert.is(refresh(), 'Session-Expires: 1000;refresher=uac\r\nMin-SE: 1000\r\n');
  agree('Session-Expires: 1200;refresher=uas');
  assert.is(refresh(), 'Session-Expires: 1200;refresher=uas\r\nMin-SE: 1000\r\n');
  agree();
  assert.is(refresh(), 'Min-SE: 1000\r\n');
});

test('the Min-SE of the peer’s refreshes is remembered as well', () => {
  const { answer, refresh } = session();
  answer(supports, 'Session-Expires: 600', 'Min-SE: 300');
  assert.is(refresh(), 'Session-Expires: 600;refresher=uas\r\nMin-SE: 300\r\n');
  answer(supports, 'Session-Expires: 600', 'Min-SE: 90');
  assert.is(refresh(), 'Session-Expires: 600;refresher=uas\r\nMin-SE: 300\r\n');
});

test('nothing is started where no timer was agreed on', () => {
  const { retry, restart, wheel } = session();
  restart();
  retry();
  assert.is(wheel.count, 0);
});

test.run();
