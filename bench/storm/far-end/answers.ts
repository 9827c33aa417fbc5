import type { TransportKind } from '../../route-death/network.ts';
import { sessionDescription } from '../../route-death/scenario.ts';
import { contactOf, recordRouteOf } from './address-book.ts';
import { type Layout, numberSize } from './layout.ts';

/** Beside a request's own lines an answer has at most so many octets: what is to hold it may be so much larger. */
export const answerExtraMax = 640;

const ok = Buffer.from('SIP/2.0 200 OK\r\n');
const flowFailed = Buffer.from('SIP/2.0 430 Flow Failed\r\n');
const tagStart = Buffer.from(';tag=f');
const plainEnd = Buffer.from('Content-Length: 0\r\n\r\n');
const healEnd = Buffer.from('P-Dialog-Recovery-Action: Dialog-Route-Set-Update\r\nContent-Length: 0\r\n\r\n');
const waitEnd = Buffer.from('P-Dialog-Recovery-Action: Wait-For-Session-Update\r\nContent-Length: 0\r\n\r\n');

const optionTag = 'ms-dialog-route-set-update';
const methods = 'INVITE, ACK, CANCEL, BYE, UPDATE, INFO, OPTIONS';

/**
 * The answers that leave by one hop, from octets made once. Each writes to `out` from `at` on, repeats the lines of the request
 * that stands in `bytes` at `start`, and gives where the answer ends.
 */
export class Answers {
  readonly #inviteEnd: Buffer;
  readonly #refreshEnd: Buffer;

  /** `port` is the hop's. */
  constructor(port: number, transport: TransportKind) {
    const route = `Record-Route: ${recordRouteOf(port, transport)}\r\nContact: ${contactOf(transport)}\r\n`;
    const abilities = `Supported: ${optionTag}\r\n`;
    this.#refreshEnd = Buffer.from(`${route}${abilities}Content-Length: 0\r\n\r\n`);
    const head = `${route}Allow: ${methods}\r\n${abilities}Content-Type: application/sdp\r\n`;
    this.#inviteEnd = Buffer.from(`${head}Content-Length: ${sessionDescription.length}\r\n\r\n${sessionDescription}`);
  }

  /** 200 to an INVITE, with our tag, which has the dialog's number. */
  accept(bytes: Buffer, start: number, layout: Layout, out: Buffer, at: number): number {
    const { via, viaEnd, from, toEnd, end, number } = layout;
    let next = at + ok.copy(out, at);
    next += bytes.copy(out, next, start + via, start + viaEnd);
    next += bytes.copy(out, next, start + from, start + toEnd);
    next += tagStart.copy(out, next);
    next += bytes.copy(out, next, start + number, start + number + numberSize);
    next += bytes.copy(out, next, start + toEnd, start + end);
    return next + this.#inviteEnd.copy(out, next);
  }

  /** 200 to a target refresh: it brings the route by this hop. */
  refresh(bytes: Buffer, start: number, layout: Layout, out: Buffer, at: number): number {
    return answer(ok, this.#refreshEnd, bytes, start, layout, out, at);
  }

  /** 200 to anything else. */
  agree(bytes: Buffer, start: number, layout: Layout, out: Buffer, at: number): number {
    return answer(ok, plainEnd, bytes, start, layout, out, at);
  }

  /** 430: the hop has lost the dialog, and our stack is to heal it; or to wait until the far end has. */
  refuse(wait: boolean, bytes: Buffer, start: number, layout: Layout, out: Buffer, at: number): number {
    return answer(flowFailed, wait ? waitEnd : healEnd, bytes, start, layout, out, at);
  }
}

function answer(
  begin: Buffer,
  tail: Buffer,
  bytes: Buffer,
  start: number,
  { via, viaEnd, from, end }: Layout,
  out: Buffer,
  at: number,
): number {
  let next = at + begin.copy(out, at);
  next += bytes.copy(out, next, start + via, start + viaEnd);
  next += bytes.copy(out, next, start + from, start + end);
  return next + tail.copy(out, next);
}
