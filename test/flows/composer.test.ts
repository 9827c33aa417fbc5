import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { parse, type Sip } from '../engine/raw-peer.ts';
import { verdict } from '../message/sample.ts';
import { compose } from './composer.ts';
import { flows } from './rfc3665.ts';
import { sessionTimerFlow } from './rfc4028.ts';
import type { Transport } from './wire.ts';

const test = suite('The messages of the call flows');

function messages(section: string, transport?: Transport): Map<number, Sip> {
  const flow = flows.get(section);
  assert.ok(flow);
  return new Map(compose(flow, transport).map(({ number, text }) => [number, parse(text, 0)]));
}

/** That header field of those messages, line by line. */
function lines(of: ReadonlyMap<number, Sip>, name: string, ...numbers: number[]): string[][] {
  return numbers.map((number) => of.get(number)?.all(name) ?? []);
}

test('each is taken by our parser, over UDP and over TCP, and numbered without a gap', () => {
  for (const flow of [...flows.values(), sessionTimerFlow]) {
    for (const transport of ['UDP', 'TCP'] as const) {
      const composed = compose(flow, transport);
      for (const { label, text } of composed) assert.is(verdict(new TextEncoder().encode(text)), 'taken', label);
      assert.equal(
        composed.map(({ number }) => number),
        composed.map((_, index) => index + 1),
      );
    }
  }
});

test('a request grows a Via and loses a Max-Forwards at each hop, and its answer goes back along them', () => {
  const flow = messages('3.2', 'TCP');
  const alice = 'SIP/2.0/TCP client.atlanta.example.com:5060;branch=z9hG4bK-3.2-F4';
  const proxy1 = 'SIP/2.0/TCP ss1.atlanta.example.com:5060;branch=z9hG4bK-3.2-F5';
  const proxy2 = 'SIP/2.0/TCP ss2.biloxi.example.com:5060;branch=z9hG4bK-3.2-F7';
  const [gotAlice, gotProxy1] = [`${alice};received=192.0.2.101`, `${proxy1};received=192.0.2.111`];
  assert.equal(lines(flow, 'Via', 4, 5, 7), [[alice], [proxy1, gotAlice], [proxy2, gotProxy1, gotAlice]]);
  assert.equal(lines(flow, 'Via', 12, 13, 14), [
    [`${proxy2};received=192.0.2.222`, gotProxy1, gotAlice],
    [gotProxy1, gotAlice],
    [gotAlice],
  ]);
  assert.equal(lines(flow, 'Max-Forwards', 4, 5, 7, 12), [['70'], ['69'], ['68'], []]);
});

test('proxies record themselves, and each takes itself off the Route of what follows', () => {
  const flow = messages('3.2');
  const [proxy1, proxy2] = ['<sip:ss1.atlanta.example.com;lr>', '<sip:ss2.biloxi.example.com;lr>'];
  assert.equal(lines(flow, 'Record-Route', 5, 7, 14), [[proxy1], [`${proxy2}, ${proxy1}`], [`${proxy2}, ${proxy1}`]]);
  assert.equal(lines(flow, 'Route', 15, 16, 17), [[`${proxy1}, ${proxy2}`], [proxy2], []]);
  assert.equal(lines(flow, 'Route', 18, 19, 20), [[`${proxy2}, ${proxy1}`], [proxy1], []]);
  assert.is(flow.get(15)?.requestUri, 'sip:bob@client.biloxi.example.com');
});

test('an ACK of a refusal and a CANCEL go by the one hop of their INVITE', () => {
  const flow = messages('3.8');
  for (const [invite, ...others] of [
    [1, 9, 20],
    [2, 11, 18],
    [4, 13, 16],
  ] as const) {
    for (const other of others) {
      assert.equal(lines(flow, 'Via', other), [flow.get(invite)?.all('Via').slice(0, 1)]);
      assert.is(flow.get(other)?.requestUri, flow.get(invite)?.requestUri);
    }
  }
  assert.match(flow.get(20)?.header('To') ?? '', ';tag=314159');
  assert.not.match(flow.get(9)?.header('To') ?? '', ';tag=');
});

test('each proxy takes off the credentials for its realm', () => {
  const realms = lines(messages('3.3'), 'Proxy-Authorization', 11, 13, 15).map((each) =>
    each.map((value) => /realm="([^"]*)"/.exec(value)?.[1]),
  );
  assert.equal(realms, [['atlanta.example.com', 'biloxi.example.com'], ['biloxi.example.com'], []]);
});

test('an INVITE that is retransmitted is the same', () => {
  const flow = messages('3.4');
  for (const number of [2, 3, 4, 5, 6, 7]) assert.is(flow.get(number)?.text, flow.get(1)?.text);
});

test.run();
