import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { refuseOffer } from '../../core/dialog/refused-offer.ts';

const test = suite('The answer that refuses an offer (RFC 3264 §6)');

const refused = (lines: readonly string[]): readonly string[] | undefined => {
  const answer = refuseOffer(new TextEncoder().encode(`${lines.join('\r\n')}\r\n`));
  return answer && new TextDecoder().decode(answer).split('\r\n').slice(4);
};

test('has a stream with port 0 for each that was offered, and the times of the offer', () => {
  const offer = ['v=0', 'o=far 1 1 IN IP4 10.0.0.2', 's=-', 't=3 4', 'm=audio 4000 RTP/AVP 0', 'a=sendrecv'];
  assert.equal(refused(offer), ['t=3 4', 'm=audio 0 RTP/AVP 0', '']);
});

test('has times of its own where the offer has none', () => {
  assert.equal(refused(['v=0', 'm=video 4002/2 RTP/AVP 31']), ['t=0 0', 'm=video 0 RTP/AVP 31', '']);
});

test('is none where the offer is no session description', () => {
  assert.is(refused(['hello']), undefined);
});

test.run();
