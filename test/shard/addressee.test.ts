import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Message } from '../../core/message/message.ts';
import { Addressee } from '../../core/shard/addressee.ts';
import { Slots } from '../../core/shard/slots.ts';
import { Branches, probeBranch } from '../../core/transaction/branch.ts';
import { archived } from '../torture/archive.ts';
import { rfc4475 } from '../torture/rfc4475.ts';

const test = suite('Whose a message is');

const shards = 16;
const own = 11;
const slots = new Slots(
  Uint8Array.from({ length: 16 }, (_, i) => 3 * i),
  shards,
);
const addressee = new Addressee(slots, own, shards);
const octets = (text: string): Uint8Array => new TextEncoder().encode(text);
const of = (text: string): number => addressee.of(octets(text));
const ownerOf = (callId: string): number => slots.ownerOf(octets(callId), 0, octets(callId).length);

function branchOf(shard: number): string {
  const branches = new Branches(shard, (target) => target.fill(0xa7));
  branches.resize(1);
  branches.make(0, 77);
  return branches.text(0);
}

function request(callIdLine: string): string {
  return [
    'INFO sip:bob@192.0.2.1 SIP/2.0',
    'Via: SIP/2.0/UDP 192.0.2.9;branch=z9hG4bKabc',
    'From: <sip:a@192.0.2.9>;tag=1',
    callIdLine,
    'CSeq: 2 INFO',
    '',
    'Call-ID: not-this-one',
  ].join('\r\n');
}

function response(viaLine: string): string {
  return ['SIP/2.0 200 OK', 'From: <sip:a@192.0.2.9>;tag=1', viaLine, 'Call-ID: x', 'CSeq: 2 INFO', '', ''].join(
    '\r\n',
  );
}

test('a request is for the owner of its Call-ID', () => {
  for (let i = 0; i < 50; i++) assert.is(of(request(`Call-ID: call-${i}@192.0.2.9`)), ownerOf(`call-${i}@192.0.2.9`));
});

test('however the header field is written', () => {
  const owner = ownerOf('call@host');
  for (const line of [
    'Call-ID: call@host',
    'CALL-id:call@host',
    'call-ID  :   call@host   ',
    'i: call@host',
    'I\t:\tcall@host',
    'Call-ID:\r\n call@host',
    'Contact: <sip:a@b>\r\nCall-ID: call@host\r\nCall-ID: another',
    'Call-Info: <http://x>\r\nIn-Reply-To: nobody\r\nCall-ID: call@host',
  ]) {
    assert.is(of(request(line)), owner, line);
  }
});

test('empty lines before it are passed over', () => {
  assert.is(of(`\r\n\r\n${request('Call-ID: call@host')}`), ownerOf('call@host'));
});

test('a response is for the shard in its branch, also one to a probe', () => {
  for (const shard of [0, 1, 7, 15]) {
    const via = `Via: SIP/2.0/UDP 192.0.2.1:5060;rport=5060;received=192.0.2.1;branch=${branchOf(shard)}`;
    assert.is(of(response(via)), shard);
    assert.is(of(response(`v: SIP / 2.0 / UDP 192.0.2.1 ;Branch = ${branchOf(shard)};x=y`)), shard);
    assert.is(of(response(`VIA:\r\n\tSIP/2.0/UDP 192.0.2.1\r\n ;branch=${branchOf(shard)}`)), shard);
    assert.is(of(response(`Via: SIP/2.0/UDP h;branch=${probeBranch(shard, 'abcdefghijklmnopqrstuv0123')}`)), shard);
  }
});

test('an OPTIONS that asks whether we live stays where it came in, and one inside a dialog does not', () => {
  const asked = (to: string): number => of(request(`To: ${to}\r\nCall-ID: call@host`).replace('INFO', 'OPTIONS'));
  for (const to of ['<sip:us@192.0.2.1>', 'sip:us@192.0.2.1;x=tag', '"tag=1" <sip:us@192.0.2.1>'])
    assert.is(asked(to), own);
  for (const to of ['<sip:a@b>;tag=1', '"Doe, Jane" <sip:a@b> ; x=y\r\n ; TAG = 1', 'sip:a@b;tag=2'])
    assert.is(asked(to), ownerOf('call@host'));
});

test('what says nothing of it stays where it came in', () => {
  for (const text of [
    '',
    '\r\n\r\n',
    'SIP/2.0',
    'SIP/2.0 200 OK\r\n\r\n',
    'INFO sip:bob@192.0.2.1 SIP/2.0\r\n\r\nCall-ID: in-the-body\r\n',
    response('Via: SIP/2.0/UDP h;branch=z9hG4bKsomebody-elses'),
    response('Via: SIP/2.0/UDP h'),
    response(`Via: SIP/2.0/UDP first;branch=z9hG4bKa, SIP/2.0/UDP h;branch=${branchOf(3)}`),
    response(`Via: SIP/2.0/UDP h\r\nX: ;branch=${branchOf(3)}`),
    response(`Via: SIP/2.0/UDP h;branch=${branchOf(shards)}`),
    `SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP h;branch=${branchOf(3).slice(0, -9)}`,
    'i',
    'Call-ID:',
  ]) {
    assert.is(of(text), own, JSON.stringify(text));
  }
});

test('it reads the same Call-ID as the parser does, in every torture message that is taken', () => {
  let compared = 0;
  for (const { name } of rfc4475) {
    const bytes = archived(name);
    const message = new Message();
    if (message.scan(bytes) !== undefined || !message.isRequest || message.method === 'OPTIONS') continue;
    assert.is(addressee.of(bytes), ownerOf(message.text(message.callId)), name);
    compared++;
  }
  assert.ok(compared > 15, `${compared}`);
});

test('no octets are too much for it', () => {
  const whole = octets(request('Call-ID: call@host'));
  for (let end = 0; end < whole.length; end++) {
    const shard = addressee.of(whole.subarray(0, end));
    assert.ok(shard >= 0 && shard < shards);
  }
  for (let at = 0; at < whole.length; at++) {
    const broken = Uint8Array.from(whole);
    broken[at] = 0xff;
    assert.ok(addressee.of(broken) < shards);
  }
});

test.run();
