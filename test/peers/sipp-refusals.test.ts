import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { createStack, type Dialog, FailureResponseError, type Stack } from '../../core/index.ts';
import { udp } from '../../transport/index.ts';
import { needs } from '../skip.ts';
import { freePorts } from './ports.ts';
import { type Sipp, type SippScenario, startSipp } from './sipp.ts';

const test = suite('Refusals and forks with SIPp');
const sippTest = needs(test, 'sipp');

const host = '127.0.0.1';

function description(version: number): string {
  return `v=0\r\no=- 1 ${version} IN IP4 ${host}\r\ns=-\r\nc=IN IP4 ${host}\r\nt=0 0\r\nm=audio 6000 RTP/AVP 0\r\n`;
}

/** A stack, SIPp, and how their one call ends. */
interface Bed {
  readonly stack: Stack;
  readonly sipp: Sipp;
  /** `local bye`, and so on, of each dialog. */
  readonly ends: readonly string[];
  call(): Promise<Dialog>;
  /** SIPp is through, as its scenario has it, and so many dialogs have ended. */
  end(dialogs: number): Promise<void>;
}

async function withSipp(scenario: SippScenario, act: (bed: Bed) => Promise<void>): Promise<void> {
  const { theirs, ours } = await freePorts('theirs', 'ours');
  const ends: string[] = [];
  let heard = (): void => {};
  const stack = await createStack({
    transports: [udp({ host, port: ours })],
    sessionTimer: { intervalS: 120 },
    limits: { dialogs: 16, transactions: 64 },
    application: {
      onCall: (call) => void call.answer({ body: description(1) }),
      onEnded: (_dialog, by, reason) => {
        ends.push(`${by} ${reason}`);
        heard();
      },
    },
  });
  const remote = scenario === 'impatient-caller' ? { remote: `${host}:${ours}` } : {};
  const sipp = await startSipp({ scenario, port: theirs, calls: 1, trace: true, ...remote });
  const overdue = setTimeout(() => void sipp.stop(), 60_000);
  try {
    await act({
      stack,
      sipp,
      ends,
      call: () =>
        stack.invite(`sip:far@${host}:${theirs}`, { body: description(1), signal: AbortSignal.timeout(50_000) }),
      end: async (dialogs) => {
        const { code, errors, messages } = await sipp.exited;
        assert.is(code, 0, [errors, ...messages.map(({ direction, text }) => `${direction}: ${text}`)].join('\n'));
        while (ends.length < dialogs) {
          await new Promise<void>((resolve) => {
            heard = resolve;
          });
        }
      },
    });
  } finally {
    clearTimeout(overdue);
    await stack.destroy();
    await sipp.stop();
  }
}

async function failure(promise: Promise<unknown>): Promise<FailureResponseError> {
  const error = await promise.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  assert.instance(error, FailureResponseError, String(error));
  return error as FailureResponseError;
}

sippTest('422 to our INVITE: the next one asks for what it named, and is answered', () =>
  withSipp('too-small', async ({ call, end, ends }) => {
    const dialog = await call();
    assert.is((await dialog.export()).sessionTimer?.intervalS, 300);
    await dialog.bye();
    await end(1);
    assert.equal(ends, ['local bye']);
  }),
);

sippTest("422 to SIPp's INVITE that asks for 60 s: its next one is answered", () =>
  withSipp('impatient-caller', async ({ end, ends }) => {
    await end(1);
    assert.equal(ends, ['remote bye']);
  }),
);

sippTest("491 to SIPp's re-INVITE that crosses ours; ours gets 491 then, and is sent again", () =>
  withSipp('glare', async ({ call, end }) => {
    const dialog = await call();
    assert.is((await dialog.request('INVITE', { body: description(2) })).status, 200);
    assert.is((await dialog.request('INVITE', { body: description(3) })).status, 200);
    await dialog.bye();
    await end(1);
  }),
);

sippTest('481 to a request is a claim: the ladder is walked, and its last rung ends the dialog', () =>
  withSipp('gone', async ({ call, end, ends, sipp }) => {
    const dialog = await call();
    const { response } = await failure(dialog.request('INFO'));
    assert.is(response.status, 481);
    await end(1);
    assert.equal(ends, ['remote does-not-exist']);
    const { messages } = await sipp.exited;
    const asked = messages
      .filter(({ direction, text }) => direction === 'received' && /^CSeq: [2-9]/m.test(text))
      .map(({ text }) => `${text.split(' ', 1)[0]}${/^Content-Length: 0/m.test(text) ? '' : ' with an offer'}`);
    assert.equal([...new Set(asked)], ['INFO', 'UPDATE', 'UPDATE with an offer', 'INVITE with an offer', 'ACK']);
  }),
);

sippTest('two far ends answer one INVITE: each 2xx gets its ACK, and the second call is ended', () =>
  withSipp('forked', async ({ call, end, sipp }) => {
    const dialog = await call();
    await dialog.bye();
    await end(1);
    const { messages } = await sipp.exited;
    const got = messages
      .filter(({ direction, text }) => direction === 'received' && /^(ACK|BYE) /.test(text))
      .map(({ text }) => `${text.split(' ', 1)[0]} ${/^To: .*;tag=\d+(one|two)/m.exec(text)?.[1]}`);
    assert.equal([...new Set(got)].sort(), ['ACK one', 'ACK two', 'BYE one', 'BYE two']);
  }),
);

test.run();
