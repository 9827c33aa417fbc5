import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { hashDescription } from '../../core/dialog/session-description.ts';

const test = suite('Session descriptions, told apart');

const octets = (text: string): Uint8Array => new TextEncoder().encode(text);

test('are the same wherever they lie: what stands around them does not count', () => {
  const [one, other] = [octets('v=0'), octets('xxv=0yy')];
  assert.is(hashDescription(one, 0, 3), hashDescription(other, 2, 5));
  assert.is.not(hashDescription(one, 0, 3), hashDescription(other, 2, 6));
});

test.run();
