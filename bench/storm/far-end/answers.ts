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

/** A request that is to be answered: it stands in `bytes` at `start`. Reused for the next one. */
export interface Asked {
  bytes: Buffer;
  start: number;
  size: number;
  layout: Layout;
}

/**
 * The answers that leave by one hop, from octets made once. Each writes to `out` from `at` on, repeats lines of the request, and gives
 * where the answer ends.
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
  accept(asked: Asked, out: Buffer, at: number): number {
    const { bytes, start, layout } = asked;
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
  refresh(asked: Asked, out: Buffer, at: number): number {
    return answer(ok, this.#refreshEnd, asked, out, at);
  }

  /** 200 to anything else. */
  agree(asked: Asked, out: Buffer, at: number): number {
    return answer(ok, plainEnd, asked, out, at);
  }

  /** 430: the hop has lost the dialog, and our stack is to heal it; or to wait until the far end has. */
  refuse(wait: boolean, asked: Asked, out: Buffer, at: number): number {
    return answer(flowFailed, wait ? waitEnd : healEnd, asked, out, at);
  }
}

function answer(begin: Buffer, tail: Buffer, asked: Asked, out: Buffer, at: number): number {
  const { bytes, start, layout } = asked;
  const { via, viaEnd, from, end } = layout;
  let next = at + begin.copy(out, at);
  next += bytes.copy(out, next, start + via, start + viaEnd);
  next += bytes.copy(out, next, start + from, start + end);
  return next + tail.copy(out, next);
}
