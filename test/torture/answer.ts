import * as assert from 'uvu/assert';
import { HeaderId } from '../../core/message/header.ts';
import { Message } from '../../core/message/message.ts';
import type { TortureCase } from './torture-case.ts';

/** Sees that `answer` is what has to be said to the message, and belongs to it. @see RFC 3261 §8.2.6 */
export function assertAnswer(
  bytes: Uint8Array,
  answer: Uint8Array,
  { name, verdict, answer: expected, answerFields = {} }: TortureCase,
): void {
  const [line] = new TextDecoder().decode(answer).split('\r\n', 1);
  assert.is(line, `SIP/2.0 ${expected}`, name);
  const request = new Message();
  const response = new Message();
  request.scan(bytes);
  const refusal = response.scan(answer);
  for (const field of ['From', 'Call-ID', 'CSeq'])
    assert.is(response.field(field), request.field(field), `${name}: ${field}`);
  for (const [field, value] of Object.entries(answerFields))
    assert.is(response.field(field), value, `${name}: ${field}`);
  assert.is(countOf(response, HeaderId.Via), countOf(request, HeaderId.Via), `${name}: lines of Via`);
  assert.is(response.body.end, answer.length, name);
  if (verdict !== 'taken') return;
  assert.is(refusal, undefined, name);
  const { start, end } = response.to.tag;
  assert.ok(end > start, `${name}: the answer has a To tag`);
  if (request.to.tag.end > request.to.tag.start) assert.is(response.field('To'), request.field('To'), name);
  if (request.method === 'INVITE' && response.status === 200) assert.is(response.contact.presence, 'present', name);
}

function countOf(message: Message, header: HeaderId): number {
  let count = 0;
  for (let line = message.first(header); line >= 0; line = message.next(line)) count++;
  return count;
}

/** The port that the answer to a request which came from `source` over UDP goes to. @see RFC 3261 §18.2.2, RFC 3581 §4 */
export function answerPort({ facts }: TortureCase, source: number): number {
  const [protocol, host = ''] = facts.vias?.[0]?.split(' ') ?? [];
  if (protocol !== 'udp' || facts.rport === true) return source;
  const [, port] = host.replace(/^\[.*\]/, '').split(':');
  return port === undefined ? 5060 : Number(port);
}
