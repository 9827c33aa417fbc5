import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type Quoted, quoted } from '../messages.ts';
import { type Party, type ReplayOptions, replay } from './replay.ts';

const test = suite('The call flows of RFC 3665 §3');

const all = quoted('rfc3665');

/** A flow in the order of its messages: F1, F2 … */
function flow(section: string, others: readonly Quoted[] = []): Quoted[] {
  const messages = [...all.filter((quote) => quote.section.startsWith(`${section} `)), ...others];
  return messages.sort((a, b) => number(a) - number(b));
}

function number({ label }: Quoted): number {
  return Number(/^F(\d+)/.exec(label)?.[1]);
}

/** A message that is not among the quoted ones: like another one, under its own label. */
function like(
  section: string,
  message: string,
  label: string,
  change: (text: string) => string = (text) => text,
): Quoted {
  const quote = flow(section).find((each) => each.label.startsWith(`${message} `));
  if (quote === undefined) throw new Error(`there is no ${message} in ${section}`);
  return { ...quote, label, text: change(quote.text) };
}

const busy = (text: string): string => text.replace('480 Temporarily Unavailable', '486 Busy Here');

interface Row {
  readonly section: string;
  readonly what: string;
  /** What the program of each party sees. */
  readonly Alice?: readonly string[];
  readonly Bob?: readonly string[];
  readonly others?: readonly Quoted[];
  readonly options?: ReplayOptions;
}

const ended = ['ended remote bye'];

const rows: readonly Row[] = [
  { section: '3.1', what: 'a call without a proxy', Alice: ['call done', ...ended], Bob: ['ended local bye'] },
  {
    section: '3.2',
    what: 'a call through two proxies, with a challenge',
    Alice: ['call done', ...ended],
    Bob: ['ended local bye'],
  },
  { section: '3.3', what: 'both proxies challenge', Alice: ['call done'], Bob: [] },
  {
    section: '3.4',
    what: 'the first proxy answers nothing',
    Alice: ['call done', ...ended],
    Bob: ['ended local bye'],
    options: { firstHopSilent: true },
  },
  { section: '3.5', what: 'a call through an ALG', Alice: ['call done', 'ended local bye'], Bob: ended },
  {
    section: '3.6',
    what: 'redirected, with SDP in the ACK',
    Alice: ['call failed 302 remote', 'call done', ...ended],
    Bob: ['ended local bye'],
  },
  { section: '3.7', what: 'a re-INVITE moves the peer to another address', Alice: ['call done', 'ended local bye'] },
  { section: '3.8', what: 'no answer: CANCEL', Alice: ['call failed SIP_ABORTED'], Bob: [] },
  {
    section: '3.9',
    what: 'busy',
    Alice: ['call failed 486 intermediary'],
    Bob: [],
    others: [
      like('3.11', 'F9', 'F6 486 Busy Here Bob -> Proxy 2', busy),
      like('3.11', 'F13', 'F10 486 Busy Here Proxy 1 -> Alice', busy),
    ],
  },
  { section: '3.10', what: 'no response from the callee', Alice: ['call failed 480 intermediary'] },
  {
    section: '3.11',
    what: 'temporarily unavailable',
    Alice: ['call failed 480 intermediary'],
    Bob: [],
    others: [like('3.10', 'F15', 'F14 ACK Alice -> Proxy 1')],
  },
];

for (const { section, what, others, options, ...parties } of rows) {
  for (const party of ['Alice', 'Bob'] as const satisfies readonly Party[]) {
    const expected = parties[party];
    if (expected === undefined) continue;
    test(`§${section}, ${what}: as ${party}`, async () => {
      const messages = flow(section, others);
      // What the silent hop got is not told here.
      const heard = options?.firstHopSilent === true ? messages.slice(1) : messages;
      const { seen } = await replay(heard, party, party === 'Alice' ? options : {});
      assert.equal([...seen].sort(), [...expected].sort());
    });
  }
}

test.run();
