import { HeaderId } from '../../../core/message/header.ts';
import { Message } from '../../../core/message/message.ts';
import { beginResponse, endMessage, Writer } from '../../../core/message/write.ts';
import { decoded, readNaively } from '../naive-head.ts';
import { octetsText } from '../octets-text.ts';
import { scanReading } from '../reading.ts';
import { startingMessages } from '../starts.ts';
import { check, same, type Target } from '../target.ts';
import { firstLineOf, linesOf, outgrew } from '../written.ts';

/** What may stand in memory behind a message: what would go on with its last line, end it, or begin another. */
const behind = [
  '1111111111111111',
  '\r\n\r\n\r\n\r\n',
  '  \t  \t ;lr;tag=x',
  'aaaaaaaaaaaaaaaa',
  '\n',
  '">,<sip:x>',
  '%41%41',
  ':::]]',
];
const room = 64;
const encoder = new TextEncoder();
const surroundings = behind.map((text) => encoder.encode(text.repeat(room).slice(0, room)));

/** Has read every message before. */
const used = new Message();
const writer = new Writer();
const answer = new Message();

/** The scan of a datagram. */
export const target: Target = {
  name: 'scan',
  covers: ['core/message/'],
  starts: startingMessages,
  run(input) {
    const fresh = new Message();
    const refusal = fresh.scan(input)?.reason;
    const reading = scanReading(fresh, refusal);
    same(scanReading(used, used.scan(input)?.reason), reading, 'a message says the same whatever was read before it');
    const view = surrounded(input);
    same(scanReading(used, used.scan(view)?.reason), reading, 'nothing is read beyond the octets that were given');
    checkLines(fresh);
    if (refusal === undefined) checkAgainstNaive(fresh, input);
    if (fresh.answerable) checkAnswer(fresh, refusal);
  },
};

/** The same octets in the middle of others. */
function surrounded(input: Uint8Array): Uint8Array {
  const around = surroundings[input.length % surroundings.length] ?? encoder.encode('');
  const memory = new Uint8Array(input.length + 2 * room);
  memory.set(around);
  memory.set(input, room);
  memory.set(around, room + input.length);
  return memory.subarray(room, room + input.length);
}

function checkLines(message: Message): void {
  let end = 0;
  for (let line = 0; line < message.lineCount; line++) {
    const inOrder =
      end <= message.lineStart(line) &&
      message.lineStart(line) < message.valueStart(line) &&
      message.valueStart(line) <= message.valueEnd(line) &&
      message.valueEnd(line) <= message.lineEnd(line) - 2;
    check(inOrder, 'lines stand one behind the other, each with its value inside', () => `line ${line}`);
    end = message.lineEnd(line);
    const next = message.next(line);
    check(next === -1 || next > line, 'lines of one name follow each other');
  }
}

function checkAgainstNaive(message: Message, input: Uint8Array): void {
  const octets = octetsText(input);
  const naive = readNaively(octets);
  check(naive !== undefined, 'what is taken has an empty line');
  const lines = naive.lines.map(({ name, value }) => ({ name, value }));
  same(
    JSON.stringify(message.headers()),
    JSON.stringify(lines),
    'the header fields are those that a plain reader finds',
  );
  const [a = '', b = ''] = naive.startLine.split(' ');
  if (message.isRequest) {
    same(message.method, a, 'the method is the first word');
    same(message.text(message.requestUri), decoded(b), 'the Request-URI is the second word');
  } else {
    same(String(message.status), b, 'the status is the second word');
  }
  const length = naive.lines.find(({ id }) => id === HeaderId.ContentLength)?.value;
  const body = length === undefined ? naive.rest : naive.rest.slice(0, Number(length));
  same(octets.slice(message.body.start, message.body.end), body, 'the body is what Content-Length says');
}

/** A request that has several is malformed; its first is copied. */
const copiedOnce = [HeaderId.From, HeaderId.To, HeaderId.CallId, HeaderId.CSeq] as const;

/** What is wrong with the lines that an answer copies may be wrong with the answer. */
const inherited = /^(via|from|to|call-id|cseq)-(missing|malformed|repeated)$/;

function checkAnswer(request: Message, reason: string | undefined): void {
  beginResponse(writer, request, 400, undefined, { recordRoute: true });
  const octets = endMessage(writer, undefined, undefined);
  const refusal = answer.scan(octets)?.reason;
  if (outgrew(answer, refusal)) return;
  const excused = refusal === undefined || (reason !== undefined && inherited.test(refusal));
  check(excused, 'an answer is a good message', () => `${refusal} of one that was ${reason}`);
  check(answer.status === 400 && answer.body.start === answer.body.end, 'an answer is what we made it');
  same(linesOf(answer, HeaderId.Via), linesOf(request, HeaderId.Via), 'an answer copies every Via octet for octet');
  for (const id of copiedOnce) {
    same(linesOf(answer, id), firstLineOf(request, id), 'an answer copies its lines octet for octet');
  }
}
