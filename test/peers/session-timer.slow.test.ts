import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { createStack, type Dialog } from '../../core/index.ts';
import { udp } from '../../transport/index.ts';
import { needs } from '../skip.ts';
import { freePorts } from './ports.ts';
import { type SippResult, startSipp } from './sipp.ts';

const test = suite('Session timers with SIPp, by the clock (RFC 4028)');
const sippTest = needs(test, 'sipp');

const host = '127.0.0.1';
const description = `v=0\r\no=- 1 1 IN IP4 ${host}\r\ns=-\r\nc=IN IP4 ${host}\r\nt=0 0\r\nm=audio 6000 RTP/AVP 0\r\n`;

/** A call as it went. */
interface Played {
  readonly sipp: SippResult;
  readonly end: string;
  readonly lastedS: number;
  /** Methods of the requests that SIPp has received, in their order. */
  readonly requests: readonly string[];
}

/** Plays one call between SIPp and us to its end, however long it takes. */
async function play(
  scenario: 'refreshing-caller' | 'timed-far-end',
  set: Record<string, string> = {},
): Promise<Played> {
  const { theirs, ours } = await freePorts('theirs', 'ours');
  let ended = (_end: string): void => {};
  const end = new Promise<string>((resolve) => {
    ended = resolve;
  });
  const stack = await createStack({
    transports: [udp({ host, port: ours })],
    sessionTimer: { intervalS: 90 },
    limits: { dialogs: 16, transactions: 64 },
    application: {
      onCall: (call) => void call.answer({ body: description }),
      onEnded: (_dialog: Dialog, by, reason) => ended(`${by} ${reason}`),
    },
  });
  const isCaller = scenario === 'refreshing-caller';
  const remote = isCaller ? { remote: `${host}:${ours}` } : {};
  const beganMs = performance.now();
  const sipp = await startSipp({ scenario, port: theirs, calls: 1, trace: true, set, ...remote });
  const overdue = setTimeout(() => void sipp.stop(), 180_000);
  try {
    if (!isCaller) await stack.invite(`sip:far@${host}:${theirs}`, { body: description });
    const result = await sipp.exited;
    const how = result.code === 0 ? await end : 'not as the scenario has it';
    const requests = result.messages
      .filter(({ direction, text }) => direction === 'received' && !text.startsWith('SIP/2.0'))
      .map(({ text }) => text.split(' ', 1)[0] ?? '');
    return { sipp: result, end: how, lastedS: (performance.now() - beganMs) / 1000, requests };
  } finally {
    clearTimeout(overdue);
    await sipp.stop();
    await stack.destroy();
  }
}

/** All of them at once, since they wait more than they work. */
const playing = new Map<string, Promise<Played>>();

function start(): void {
  if (playing.size > 0) return;
  const allow = 'INVITE, ACK, BYE';
  playing.set('theirs', play('refreshing-caller'));
  playing.set('by update', play('timed-far-end', { refresher: 'uac', allow: `${allow}, UPDATE` }));
  playing.set('by invite', play('timed-far-end', { refresher: 'uac', allow }));
  playing.set('neglected', play('timed-far-end', { refresher: 'uas', allow: `${allow}, UPDATE` }));
  for (const played of playing.values()) played.catch(() => undefined);
}

async function played(name: string): Promise<Played> {
  start();
  const call = await playing.get(name);
  if (call === undefined) throw new Error(`no call '${name}'`);
  assert.is(call.sipp.code, 0, call.sipp.errors);
  return call;
}

sippTest(
  'SIPp refreshes by UPDATE and by re-INVITE when 45 s are over: the call outlives its first interval',
  async () => {
    const { end, lastedS } = await played('theirs');
    assert.is(end, 'remote bye');
    assert.ok(lastedS > 109, `it lasted ${lastedS} s`);
  },
);

for (const [name, refresh] of [
  ['by update', 'UPDATE'],
  ['by invite', 'INVITE'],
] as const) {
  sippTest(`we refresh by ${refresh} when 45 s are over, twice, and SIPp ends the call when 90 are`, async () => {
    const { end, lastedS, requests } = await played(name);
    assert.is(end, 'remote bye');
    assert.ok(lastedS > 89, `it lasted ${lastedS} s`);
    const refreshes = requests.slice(1).filter((method) => method === refresh);
    assert.ok(refreshes.length >= 2, requests.join(' '));
  });
}

sippTest('SIPp should refresh and does not: we end the call 30 s before it expires', async () => {
  const { end, lastedS } = await played('neglected');
  assert.is(end, 'local session-expired');
  assert.ok(lastedS > 59 && lastedS < 90, `it lasted ${lastedS} s`);
});

test.run();
