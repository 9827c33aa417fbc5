import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { compose } from './composer.ts';
import { replay } from './replay.ts';
import { sessionTimerFlow } from './rfc4028.ts';

const test = suite('The call flow of RFC 4028 §13');

const messages = compose(sessionTimerFlow);

test('as Bob: the interval is copied, Alice refreshes, and when she no longer does the session is ended 32 s before it expires', async () => {
  const { seen, sent, atMs } = await replay(messages, 'Bob', {
    endsByItself: true,
    stack: { recovery: { mode: 'none' } },
  });
  assert.equal(seen, ['ended local session-expired']);
  const [answer, refreshed] = sent;
  for (const ok of [answer, refreshed]) {
    assert.equal([ok?.header('Session-Expires'), ok?.header('Require')], ['4000;refresher=uac', 'timer']);
    assert.is(ok?.header('Min-SE'), '', 'none in a 2xx');
  }
  assert.is(Math.round(((atMs[2] ?? 0) - (atMs[1] ?? 0)) / 1000), 3968);
});

test('as Alice: each 422 raises what she asks for; she refreshes at half the interval by an UPDATE, which names no Min-SE', async () => {
  const flow = messages.filter(({ number }) => number <= 21);
  const { seen, sent, atMs } = await replay(flow, 'Alice', { stack: { sessionTimer: { intervalS: 90 } } });
  assert.equal(seen, ['call done']);
  assert.equal(
    sent
      .filter(({ method }) => method !== 'ACK')
      .map((each) => [each.header('Session-Expires'), each.header('Min-SE')]),
    [
      ['90', ''],
      ['3600', '3600'],
      ['4000', '4000'],
      ['4000;refresher=uac', ''],
    ],
  );
  for (const each of sent) if (each.method !== 'ACK') assert.match(each.header('Supported'), 'timer');
  assert.is(Math.round(((atMs.at(-1) ?? 0) - (atMs.at(-2) ?? 0)) / 1000), 2000);
});

test.run();
