import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { compose } from './composer.ts';
import type { PartyName } from './parties.ts';
import { type Party, replay } from './replay.ts';
import { flows } from './rfc3665.ts';

const test = suite('The call flows of RFC 3665 §3');

interface Row {
  readonly section: string;
  readonly what: string;
  /** What the program of each party sees. */
  readonly Alice?: readonly string[];
  readonly Bob?: readonly string[];
  /** Alice's first hop, which answers nothing: what she sends to it is not compared. */
  readonly silent?: PartyName;
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
    silent: 'Proxy 1',
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
  { section: '3.9', what: 'busy', Alice: ['call failed 486 intermediary'], Bob: [] },
  { section: '3.10', what: 'no response from the callee', Alice: ['call failed 480 intermediary'] },
  { section: '3.11', what: 'temporarily unavailable', Alice: ['call failed 480 intermediary'], Bob: [] },
];

for (const { section, what, silent, ...parties } of rows) {
  for (const party of ['Alice', 'Bob'] as const satisfies readonly Party[]) {
    const expected = parties[party];
    if (expected === undefined) continue;
    test(`§${section}, ${what}: as ${party}`, async () => {
      const flow = flows.get(section);
      assert.ok(flow);
      const messages = compose(flow).filter(({ to }) => to !== silent);
      const { seen } = await replay(messages, party, { firstHopSilent: party === 'Alice' && silent !== undefined });
      assert.equal([...seen].sort(), [...expected].sort());
    });
  }
}

test.run();
