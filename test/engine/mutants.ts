import type { RandomSource } from '../../core/index.ts';

/** Makes broken messages of whole ones: as peers break them, and as attackers do. Everything follows from the source's seed. */
export class Mutants {
  readonly #random: RandomSource;
  readonly #templates: readonly string[];
  readonly #octet = new Uint8Array(4);

  constructor(random: RandomSource, templates: readonly string[]) {
    this.#random = random;
    this.#templates = templates;
  }

  /** The next one. */
  make(): string {
    let text = this.#pick(this.#templates);
    for (let times = 1 + this.#below(4); times > 0; times--) text = this.#pick(this.#ways)(text);
    return text;
  }

  readonly #ways: readonly ((text: string) => string)[] = [
    (text) => this.#cut(text),
    (text) => this.#insert(text, this.#pick(junk)),
    (text) => this.#insert(text, String.fromCharCode(this.#below(256))),
    (text) => text.slice(0, this.#below(text.length + 1)),
    (text) => this.#withLines(text, (lines) => lines.filter((_, index) => index !== this.#below(lines.length))),
    (text) => this.#withLines(text, (lines) => this.#doubled(lines)),
    (text) => this.#withLines(text, (lines) => this.#shuffled(lines)),
    (text) => this.#withLines(text, (lines) => this.#crossed(lines)),
    (text) => text.replace(/\d+/g, (digits) => (this.#below(8) === 0 ? this.#pick(numbers) : digits)),
    (text) => text.replace(/^[A-Z]+ /, `${this.#pick(methods)} `),
    (text) => text.replace(/(CSeq: \d+ )[A-Z]+/, `$1${this.#pick(methods)}`),
    (text) => text.replace(/^SIP\/2.0 \d+/, `SIP/2.0 ${this.#pick(statuses)}`),
    (text) => this.#withLines(text, (lines) => [...lines, this.#pick(extraLines)]),
    (text) => text.replace(/branch=[^\s;]+/, `branch=z9hG4bK${this.#below(2 ** 30)}`),
  ];

  #cut(text: string): string {
    const from = this.#below(text.length + 1);
    return text.slice(0, from) + text.slice(from + this.#below(30));
  }

  #insert(text: string, piece: string): string {
    const at = this.#below(text.length + 1);
    return text.slice(0, at) + piece + text.slice(at);
  }

  /** Changes the lines behind the start line. */
  #withLines(text: string, change: (lines: string[]) => string[]): string {
    const [head = '', ...rest] = text.split('\r\n\r\n');
    const [start = '', ...lines] = head.split('\r\n');
    return [[start, ...change(lines)].join('\r\n'), ...rest].join('\r\n\r\n');
  }

  #doubled(lines: readonly string[]): string[] {
    const line = this.#pick(lines.length === 0 ? ['X: y'] : lines);
    return [...lines, ...Array<string>(1 + this.#below(3)).fill(line)];
  }

  #shuffled(lines: readonly string[]): string[] {
    const at = this.#below(lines.length + 1);
    return [...lines.slice(at), ...lines.slice(0, at)];
  }

  /** Takes a line of another message in place of its own. */
  #crossed(lines: readonly string[]): string[] {
    const [head = ''] = this.#pick(this.#templates).split('\r\n\r\n');
    const line = this.#pick(head.split('\r\n').slice(1));
    const name = line.split(':', 1)[0] ?? '';
    return lines.map((each) => (each.startsWith(`${name}:`) ? line : each));
  }

  #pick<T>(list: readonly T[]): T {
    return list[this.#below(list.length)] as T;
  }

  #below(limit: number): number {
    this.#random(this.#octet);
    const [a = 0, b = 0, c = 0, d = 0] = this.#octet;
    return (((a << 24) | (b << 16) | (c << 8) | d) >>> 0) % limit;
  }
}

const junk = ['\r\n', '\r', '\n', '\0', ';', '<', '>', '"', ',', ':', '=', '@', '%', '\\', '(', '\t ', 'é', '\uFFFD'];
const numbers = ['0', '-1', '2147483647', '2147483648', '4294967295', '4294967296', '99999999999999999999', '1e9'];
const methods = [
  'INVITE',
  'ACK',
  'BYE',
  'CANCEL',
  'UPDATE',
  'INFO',
  'PRACK',
  'OPTIONS',
  'REFER',
  'SUBSCRIBE',
  'invite',
];
const statuses = ['100', '180', '200', '401', '407', '422', '430', '481', '491', '503', '699', '700', '99', '2xx'];
const extraLines = [
  'Require: 100rel',
  'Require: nothing-we-know',
  'Record-Route: <sip:10.0.0.1:6666;lr>',
  'Record-Route: <sips:10.0.0.1:6666;lr>',
  'Record-Route: <tel:1;lr>',
  'Supported: ms-dialog-route-set-update',
  'Contact: <sip:mallory@10.0.0.1:6666>',
  'Contact: *',
  'P-Dialog-Recovery-Action: Dialog-Route-Set-Update',
  'P-Dialog-Recovery-Action: Wait-For-Session-Update',
  'Retry-After: 4294967295',
  'Session-Expires: 1;refresher=uac',
  'Session-Expires: 90;refresher=uas',
  'Min-SE: 4294967295',
  'Authorization: Digest username="bob", realm="x", nonce="y", uri="z", response="0"',
  'WWW-Authenticate: Digest realm="x", nonce="y", qop="auth"',
  'Proxy-Authenticate: Digest realm="x", nonce="y", algorithm=SHA-256, stale=true',
  'Replaces: a;to-tag=b;from-tag=c',
  'Content-Length: 4294967295',
  'Content-Length: 0',
  'Max-Forwards: 0',
  'RAck: 1 1 INVITE',
  'RSeq: 1',
  'Via: SIP/2.0/UDP 10.0.0.1:6666;branch=z9hG4bKother',
];
