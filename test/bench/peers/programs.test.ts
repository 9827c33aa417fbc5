import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Callee } from '../../../bench/far-end/callee.ts';
import { Caller } from '../../../bench/far-end/caller.ts';
import { holdingsOf, Kamailio } from '../../../bench/peers/kamailio.ts';
import { callBySipp, countsOfText, SippCallee } from '../../../bench/peers/sipp.ts';
import { needs } from '../../skip.ts';

const test = suite('Programs of the bench of peers');

test('SIPp’s statistics are read from their last row', () => {
  const names = 'StartTime;TotalCallCreated;SuccessfulCall(C);FailedCall(C);Retransmissions(C);';
  assert.equal(countsOfText(`${names}\n0;1;0;0;0;\n1;9;7;2;3;\n`), {
    begun: 9,
    ended: 7,
    failed: 2,
    retransmissions: 3,
  });
  assert.equal(countsOfText(''), { begun: 0, ended: 0, failed: 0, retransmissions: 0 });
});

test('Kamailio tells what it holds', () => {
  assert.equal(holdingsOf('SIP/2.0 200 OK\r\nX-Used: 123\r\nX-Dialogs: 4\r\n\r\n'), { usedSize: 123, dialogs: 4 });
});

needs(test, 'sipp')('SIPp calls, and is called', async () => {
  const callee = await SippCallee.start();
  try {
    const called = await callBySipp(callee.port, 20, 100, AbortSignal.timeout(20_000));
    assert.equal([called.begun, called.ended, called.failed], [20, 20, 0]);
    assert.is((await callee.counts()).begun, 20);
    assert.ok(callee.family.rssSize > 0);
  } finally {
    await callee.end();
  }
});

needs(test, 'kamailio')('Kamailio relays calls, and knows those that are held', async () => {
  const callee = await Callee.open('udp');
  const caller = await Caller.open('udp');
  const kamailio = await Kamailio.start(callee.port);
  try {
    const call = { port: kamailio.port, count: 20, perSecond: 100 };
    assert.is((await caller.call({ ...call, hold: false })).ended, 20);
    assert.is((await caller.call({ ...call, hold: true })).ended, 20);
    assert.equal([...caller.failures], []);
    assert.equal([callee.counts.invites, callee.counts.byes], [40, 20]);
    const { dialogs, usedSize } = await kamailio.holdings();
    assert.ok(dialogs >= 20 && usedSize > 0);
  } finally {
    await kamailio.end();
    await caller.close();
    await callee.close();
  }
});

test.run();
