import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Signer, signatureSize, sipHash } from '../../core/edge/signature.ts';
import { countingRandom } from './world.ts';

const test = suite('Signature (SipHash-2-4)');

/** The first octets 0, 1, 2 … */
const counting = Uint8Array.from({ length: 64 }, (_, index) => index);

function hash(size: number): string {
  const key = new Int32Array(counting.slice(0, 16).buffer);
  const target = new Uint8Array(signatureSize);
  sipHash(key, counting, size, target, 0);
  return [...target].map((octet) => octet.toString(16).padStart(2, '0')).join('');
}

test('it gives what the paper and its reference implementation give', () => {
  assert.is(hash(15), 'e545be4961ca29a1');
  assert.is(hash(0), '310e0edd47db6f72');
  assert.is(hash(1), 'fd67dc93c539f874');
  assert.is(hash(7), '37d1018bf50002ab');
  assert.is(hash(8), '6224939a79f5f593');
  assert.is(hash(63), '724506eb4c328a95');
});

test('a signature holds for its octets and its key alone', () => {
  const signer = new Signer(countingRandom(1));
  const signature = new Uint8Array(signatureSize);
  const add = (size: number): void => {
    signer.begin();
    signer.add(counting, 0, size);
  };
  add(30);
  signer.sign(signature, 0);
  assert.ok(signer.verify(signature, 0));
  for (let at = 0; at < signatureSize; at++) {
    const forged = signature.slice();
    forged[at] = (forged[at] ?? 0) ^ 1;
    assert.not(signer.verify(forged, 0));
  }
  add(31);
  assert.not(signer.verify(signature, 0));
  add(30);
  assert.ok(signer.verify(signature, 0));
  signer.renew();
  assert.not(signer.verify(signature, 0));
});

test('what is signed may be longer than any header', () => {
  const signer = new Signer(countingRandom(1));
  const signature = new Uint8Array(signatureSize);
  const long = new Uint8Array(70_000);
  signer.begin();
  signer.add(counting, 0, 64);
  signer.add(long, 0, long.length);
  signer.sign(signature, 0);
  signer.begin();
  signer.add(counting, 0, 64);
  signer.add(long, 0, long.length);
  assert.ok(signer.verify(signature, 0));
});

test.run();
