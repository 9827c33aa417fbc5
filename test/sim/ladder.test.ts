import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Datagram } from '../../transport/index.ts';
import { Ladder, rungsMax } from './ladder.ts';

const test = suite('Ladder of a dialog');

const columns = ['near', 'hop 0', 'far', 'stranger'];
const at = (column: number) => ({ host: `10.0.0.${column}`, port: 5060 });

function ladder(untilMs = 100_000, callId: string | undefined = 'a'): Ladder {
  return new Ladder(columns, ({ host }) => Number(host.at(-1)), callId, untilMs);
}

function message(
  from: number,
  to: number,
  atMs: number,
  startLine: string,
  headers: string,
  more: Partial<Datagram> = {},
): Datagram {
  const bytes = new TextEncoder().encode(`${startLine}\r\n${headers}\r\n\r\n`);
  return { protocol: 'udp', sentAtMs: atMs, atMs, from: at(from), to: at(to), bytes, fate: 'delivered', ...more };
}

test('has a line a message: when it was sent, from whom to whom, what it is and how it begins', () => {
  const drawn = ladder();
  drawn.take(message(0, 1, 61_250, 'INFO sip:far SIP/2.0', 'Call-ID: a\r\nCSeq: 7 INFO'));
  drawn.take(message(2, 1, 61_300, 'SIP/2.0 200 OK', 'i: a\r\nCSeq: 7 INFO'));
  assert.is(
    drawn.draw(),
    [
      '           near                  hop 0                 far                   stranger',
      '1:01.250   |------ INFO 7 ------>|                     |                     |  INFO sip:far SIP/2.0',
      '1:01.300   |                     |<---- 200 INFO 7 ----|                     |  OK',
    ].join('\n'),
  );
});

test('arrows pass over who is between', () => {
  const drawn = ladder();
  drawn.take(message(3, 0, 0, 'BYE sip:near SIP/2.0', 'Call-ID: a\r\nCSeq: 1 BYE'));
  assert.match(drawn.draw(), /^0:00\.000 {3}\|<-{20,} BYE 1 -{20,}\| {2}BYE sip:near/m);
});

test('marks what was lost, and tells which action a 430 asks for', () => {
  const drawn = ladder();
  const lost = { fate: 'lost' } as const;
  const headers = 'Call-ID: a\r\nCSeq: 7 INFO\r\nP-Dialog-Recovery-Action: Wait-For-Session-Update';
  drawn.take(message(1, 0, 5, 'SIP/2.0 430 Flow Failed', headers, lost));
  assert.match(drawn.draw(), /\|<-- x 430 INFO 7 x --\|.*lost! {2}Flow Failed, Wait-For-Session-Update$/m);
});

test('shows the dialog alone, and nothing after the violation', () => {
  const drawn = ladder(1000);
  drawn.take(message(0, 1, 1, 'INFO sip:far SIP/2.0', 'Call-ID: b\r\nCSeq: 7 INFO'));
  drawn.take(message(0, 1, 2, 'cut before its Call-I', ''));
  drawn.take(message(0, 1, 1001, 'INFO sip:far SIP/2.0', 'Call-ID: a\r\nCSeq: 7 INFO'));
  assert.is(drawn.draw().split('\n').length, 1);
});

test('shows every message where no dialog is concerned', () => {
  const drawn = new Ladder(columns, () => 0, undefined, 1000);
  drawn.take(message(0, 0, 2, 'scan', ''));
  assert.match(drawn.draw(), '@ scan ?');
});

test('shows the last ones of many, and counts the rest', () => {
  const drawn = ladder();
  for (let atMs = 0; atMs < rungsMax + 5; atMs++)
    drawn.take(message(0, 1, atMs, 'INFO sip:far SIP/2.0', `Call-ID: a\r\nCSeq: ${atMs} INFO`));
  const lines = drawn.draw().split('\n');
  assert.is(lines.length, rungsMax + 2);
  assert.match(lines[1] ?? '', '(5 messages before)');
  assert.match(lines[2] ?? '', 'INFO 5');
});

test.run();
