/** Digits of a dialog's number, in the user of its URI and in the far end's tag. */
export const numberSize = 8;

/** Where the parts of a request stand that an answer repeats: offsets from its first octet. */
export interface Layout {
  /** The Via line with its line end. */
  readonly via: number;
  readonly viaEnd: number;
  /** From, To, Call-ID and CSeq, in this order and with their line ends, as our stack writes them. */
  readonly from: number;
  readonly to: number;
  /** Where the To line's own line end begins. */
  readonly toEnd: number;
  readonly end: number;
  /** First digit of the dialog's number; -1 where there is none. */
  readonly number: number;
  /** First digit of the sequence number. */
  readonly sequence: number;
}

/** Of no request. */
export const noLayout: Layout = {
  via: 0,
  viaEnd: 0,
  from: 0,
  to: 0,
  toEnd: 0,
  end: 0,
  number: -1,
  sequence: 0,
};

const letterF = 0x46;
const letterT = 0x54;
const lineEnd = 0x0a;
const zero = 0x30;
const sizeBits = 16;

/**
 * Finds the parts of requests. Those of one method and size are laid out alike, so most are not looked at but for a few
 * octets that prove it.
 */
export class Layouts {
  readonly #known = new Map<number, Layout>();

  /** The layout of the request in `bytes[start, start + size)`; undefined when our stack writes no such request. */
  of(bytes: Buffer, start: number, size: number): Layout | undefined {
    // The third octet tells INVITE from INFO, which begin alike.
    const key = ((bytes[start] as number) << 8) | (bytes[start + 2] as number) | (size << sizeBits);
    const known = this.#known.get(key);
    if (known !== undefined && fits(known, bytes, start)) return known;
    const found = find(bytes.toString('latin1', start, start + size));
    if (found !== undefined) this.#known.set(key, found);
    return found;
  }
}

/** The decimal number at `at`, which ends at the first octet that is no digit. */
export function decimalAt(bytes: Uint8Array, at: number): number {
  let value = 0;
  for (let index = at; ; index++) {
    const digit = (bytes[index] as number) - zero;
    if (!(digit >= 0 && digit <= 9)) return value;
    value = value * 10 + digit;
  }
}

function fits({ from, to, end, via }: Layout, bytes: Buffer, start: number): boolean {
  return (
    bytes[start + via - 1] === lineEnd &&
    bytes[start + from] === letterF &&
    bytes[start + from - 1] === lineEnd &&
    bytes[start + to] === letterT &&
    bytes[start + to - 1] === lineEnd &&
    bytes[start + end - 1] === lineEnd
  );
}

function find(text: string): Layout | undefined {
  const via = text.indexOf('\r\nVia: ') + 2;
  const viaEnd = text.indexOf('\r\n', via) + 2;
  const from = text.indexOf('\r\nFrom: ', viaEnd - 2) + 2;
  const to = text.indexOf('\r\nTo: ', from) + 2;
  const toEnd = text.indexOf('\r\n', to);
  const cseq = text.indexOf('\r\nCSeq: ', toEnd) + 2;
  const end = text.indexOf('\r\n', cseq) + 2;
  if (via < 2 || viaEnd < via || from < viaEnd || to < from || cseq < toEnd || end < cseq) return undefined;
  const user = /^To: <sip:u(\d{8})@/.exec(text.slice(to, toEnd));
  const number = user === null ? -1 : to + 'To: <sip:u'.length;
  return { via, viaEnd, from, to, toEnd, end, number, sequence: cseq + 'CSeq: '.length };
}
