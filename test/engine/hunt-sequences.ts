import type { Datagram } from '../../transport/index.ts';

interface Sent {
  readonly method: string;
  readonly atMs: number;
}

/** The CSeq numbers of each direction of each dialog, as stacks at some hosts send them. @see RFC 3261 §12.2.1.1 */
export class HuntSequences {
  readonly #hosts: readonly string[];
  /** By Call-ID and tags, then by number. */
  readonly #sent = new Map<string, Map<number, Sent>>();
  readonly faults: string[] = [];

  constructor(hosts: readonly string[]) {
    this.#hosts = hosts;
  }

  note({ protocol, from, sentAtMs, bytes }: Datagram): void {
    if (!this.#hosts.includes(from.host)) return;
    const text = new TextDecoder().decode(bytes);
    const [, number, method = ''] = /^CSeq: (\d+) (\S+)/m.exec(text) ?? [];
    const toTag = /^To:.*;tag=(\S+)/m.exec(text)?.[1];
    if (text.startsWith('SIP/2.0 ') || toTag === undefined || /^(?:OPTIONS|ACK|CANCEL)$/.test(method)) return;
    const key = [/^Call-ID: (\S+)/m.exec(text)?.[1], /^From:.*;tag=(\S+)/m.exec(text)?.[1], toTag].join(' ');
    const numbers = this.#sent.get(key) ?? new Map<number, Sent>();
    this.#sent.set(key, numbers);
    const before = numbers.get(Number(number));
    if (before !== undefined && before.method !== method)
      this.faults.push(`${key}: ${before.method} and ${method} both have the number ${number}`);
    // What a stream has lost is not told of: its first copy may have been sent before.
    const ownMs = protocol === 'udp' ? sentAtMs : 0;
    const atMs = Math.min(before?.atMs ?? ownMs, ownMs);
    numbers.set(Number(number), { method, atMs });
  }

  /** Looks at all of them: whichever number is higher was sent later. */
  finish(): readonly string[] {
    for (const [key, numbers] of this.#sent) {
      let lastMs = 0;
      for (const [number, { atMs }] of [...numbers].sort(([one], [other]) => one - other)) {
        if (atMs > 0 && atMs < lastMs) this.faults.push(`${key}: number ${number} was sent before a lower one`);
        lastMs = Math.max(lastMs, atMs);
      }
    }
    return this.faults;
  }
}
