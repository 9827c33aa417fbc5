import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Dialog, InviteOptions } from '../../core/index.ts';
import { type Bed, bed } from './bed.ts';
import { RawDialog } from './raw-dialog.ts';
import type { Sip } from './raw-peer.ts';
import { farAnswer, host, nearOffer } from './world.ts';

const test = suite('Calls that a proxy forks (RFC 3261 §13.2.2.4)');

const target = `sip:bob@${host}:5070`;

/** A call that the test answers branch by branch. */
async function forked(options: InviteOptions = {}): Promise<Bed & { invite: Sip }> {
  const ground = await bed();
  ground.hop.script = ({ method }) => method === 'INVITE';
  ground.note('call', ground.near.invite(target, { body: nearOffer, ...options }));
  await ground.clock.run(5);
  return { ...ground, invite: ground.hop.last('INVITE') };
}

const tagOf = (request: Sip): string => /;tag=(.*)$/.exec(request.header('To'))?.[1] ?? '';

test('each branch that answers gets its own ACK; the first is the call, the others are ended at once', async () => {
  const ground = await forked();
  const { hop, clock, invite } = ground;
  for (const toTag of ['one', 'two', 'three']) hop.accept(invite, { toTag });
  await clock.run(10);
  assert.equal(
    hop.requests('ACK').map((ack) => `${tagOf(ack)} ${ack.cseq}`),
    ['one 1', 'two 1', 'three 1'],
  );
  assert.equal(hop.requests('BYE').map(tagOf), ['two', 'three']);
  assert.is(new Set(hop.requests('ACK').map((ack) => ack.header('Via'))).size, 3, 'each its own branch');
  assert.is((await ground.take(ground.near.counts())).dialogs, 1);
  assert.equal(ground.seen(), ['call done', 'ended local bye', 'ended local bye']);
  await ground.take(ground.near.close());
});

test('the ACK of a branch goes by the route set and to the target of its own 2xx', async () => {
  const ground = await forked();
  const { hop, other, clock, invite } = ground;
  hop.accept(invite, { toTag: 'one' });
  hop.reply(invite, 200, {
    toTag: 'two',
    headers: [`Record-Route: <${other.uri};lr>`, 'Contact: <sip:bob@phone.example>'],
    body: farAnswer,
  });
  await clock.run(10);
  const ack = other.last('ACK');
  assert.is(tagOf(ack), 'two');
  assert.is(ack.requestUri, 'sip:bob@phone.example');
  assert.is(ack.header('Route'), `<${other.uri};lr>`);
  assert.is(ack.header('From'), invite.header('From'));
  assert.is(other.last('BYE').requestUri, 'sip:bob@phone.example');
  await ground.take(ground.near.close());
});

test('a further branch whose 2xx has no Contact is acknowledged at the URI of its To, without what a Request-URI must not have', async () => {
  const ground = await forked();
  const { hop, clock, invite } = ground;
  hop.accept(invite, { toTag: 'one' });
  await clock.run(10);
  const lines = [
    'SIP/2.0 200 OK',
    ...['Via', 'From', 'Call-ID', 'CSeq'].map((name) => `${name}: ${invite.header(name)}`),
    `To: <sip:bob@${host}:5070;method=BYE?Subject=x>;tag=two`,
    'Content-Length: 0',
  ];
  hop.send(5060, `${lines.join('\r\n')}\r\n\r\n`);
  await clock.run(10);
  const ack = hop.last('ACK');
  assert.is(tagOf(ack), 'two');
  assert.is(ack.requestUri, `sip:bob@${host}:5070`);
  await ground.take(ground.near.close());
});

test('a further 2xx whose From is without our tag answers nothing of ours: no ACK, no BYE', async () => {
  const ground = await forked();
  const { hop, clock, invite } = ground;
  hop.accept(invite, { toTag: 'one' });
  await clock.run(10);
  const lines = [
    'SIP/2.0 200 OK',
    ...['Via', 'Call-ID', 'CSeq'].map((name) => `${name}: ${invite.header(name)}`),
    `From: ${invite.header('From').replace(/;tag=.*/, '')}`,
    `To: <sip:bob@${host}:5070>;tag=two`,
    `Contact: <${hop.uri}>`,
    'Content-Length: 0',
  ];
  hop.send(5060, `${lines.join('\r\n')}\r\n\r\n`);
  await clock.run(10);
  assert.equal(hop.requests('ACK').map(tagOf), ['one']);
  assert.is(hop.requests('BYE').length, 0);
  await ground.take(ground.near.close());
});

test('a repeated 2xx gets the ACK of its own branch again, also when that dialog has ended', async () => {
  const ground = await forked();
  const { hop, clock, invite } = ground;
  for (const toTag of ['one', 'two', 'three']) hop.accept(invite, { toTag });
  await clock.run(10);
  for (const toTag of ['three', 'one', 'two', 'two']) hop.accept(invite, { toTag });
  await clock.run(10);
  const acks = hop.requests('ACK');
  assert.equal(acks.map(tagOf), ['one', 'two', 'three', 'three', 'one', 'two', 'two']);
  for (const ack of acks) assert.is(ack.text, acks.find((each) => tagOf(each) === tagOf(ack))?.text);
  assert.is(hop.requests('BYE').length, 2, 'no second BYE');
  await ground.take(ground.near.close());
});

test('a branch that answers after the call has ended is acknowledged and ended as well', async () => {
  const ground = await forked();
  const { hop, clock, invite, near } = ground;
  hop.accept(invite, { toTag: 'one' });
  await clock.run(10);
  await ground.take(near.close());
  const again = await forked();
  again.hop.accept(again.invite, { toTag: 'one' });
  await again.clock.run(10);
  const first = RawDialog.ofInvite(again.hop, again.invite, 'one');
  first.request('BYE');
  await again.clock.run(10);
  again.hop.accept(again.invite, { toTag: 'two' });
  again.hop.accept(again.invite, { toTag: 'one' });
  await again.clock.run(10);
  assert.equal(again.hop.requests('ACK').map(tagOf), ['one', 'two', 'one']);
  assert.equal(again.hop.requests('BYE').map(tagOf), ['two']);
  await again.rest();
});

test('a program that takes forks gets each further dialog, which works on its own', async () => {
  const forks: Dialog[] = [];
  const ground = await forked({ onFork: (dialog) => void forks.push(dialog) });
  const { hop, clock, invite } = ground;
  for (const toTag of ['one', 'two']) hop.accept(invite, { toTag });
  await clock.run(10);
  const [fork] = forks;
  assert.ok(fork);
  assert.is(forks.length, 1);
  assert.is(hop.requests('BYE').length, 0);
  ground.note('info', fork.request('INFO'));
  await clock.run(10);
  const info = hop.last('INFO');
  assert.equal([tagOf(info), info.cseq], ['two', 2], 'a sequence of its own');
  RawDialog.ofInvite(hop, invite, 'two').request('UPDATE');
  await clock.run(10);
  assert.is(hop.responses('UPDATE')[0]?.status, 200);
  await ground.take(fork.bye());
  assert.is(tagOf(hop.last('BYE')), 'two');
  assert.is((await ground.take(ground.near.counts())).dialogs, 1);
  await ground.take(ground.near.close());
});

test('64*T1 after the first 2xx another branch is too late: its 2xx is dropped', async () => {
  const forks: Dialog[] = [];
  const ground = await forked({ onFork: (dialog) => void forks.push(dialog) });
  const { hop, clock, invite } = ground;
  hop.accept(invite, { toTag: 'one' });
  await clock.run(32_100);
  hop.accept(invite, { toTag: 'late' });
  await clock.run(10);
  assert.equal(hop.requests('ACK').map(tagOf), ['one']);
  assert.is(forks.length, 0);
  await ground.take(ground.near.close());
});

test('when the call is cancelled, every branch that answers all the same is ended', async () => {
  const giveUp = new AbortController();
  const ground = await forked({ signal: giveUp.signal });
  const { hop, clock, invite } = ground;
  hop.reply(invite, 180, { toTag: 'one' });
  await clock.run(10);
  giveUp.abort();
  await clock.run(10);
  for (const toTag of ['one', 'two']) hop.accept(invite, { toTag });
  await clock.run(10);
  assert.equal(hop.requests('ACK').map(tagOf), ['one', 'two']);
  assert.equal(hop.requests('BYE').map(tagOf), ['one', 'two']);
  assert.ok(ground.seen().includes('call failed SIP_ABORTED'));
  await ground.rest();
});

test('the branches of a call are bounded: what a fork sends beyond them is left without an ACK', async () => {
  const ground = await forked();
  const { hop, clock, invite } = ground;
  for (let i = 0; i < 40; i++) hop.accept(invite, { toTag: `branch-${i}` });
  await clock.run(10);
  assert.is(hop.requests('ACK').length, 17);
  assert.is(hop.requests('BYE').length, 16);
  await ground.take(ground.near.close());
});

test('a branch whose route breaks while its 2xx may be repeated gets its ACK again by the route that heals', async () => {
  const forks: Dialog[] = [];
  const ground = await forked({ onFork: (dialog) => void forks.push(dialog) });
  const { hop, other, clock, invite, network } = ground;
  for (const toTag of ['one', 'two']) hop.accept(invite, { toTag });
  await clock.run(10);
  network.kill({ host, port: 5070 });
  await clock.run(5000);
  assert.equal(other.requests('ACK').map(tagOf).sort(), ['one', 'two']);
  await ground.take(ground.near.close());
});

test.run();
