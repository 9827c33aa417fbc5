import type { TransportKind } from '../../route-death/network.ts';
import { contactOf, digitsOf, recordRouteOf, targetOf } from './address-book.ts';
import type { FarEnd } from './far-end.ts';
import type { PlayedHop } from './hop.ts';
import { decimalAt } from './layout.ts';

/** When nothing was answered for so long, what is under way goes out again. */
const stallMs = 500;
const branchStart = 'branch=z9hG4bKf';

/** Sends requests of the far end's own to our stack, so many at a time: the UPDATE that heals a dialog, the INFO that proves it. */
export class OwnRequests {
  readonly #farEnd: FarEnd;
  readonly #hops: readonly PlayedHop[];
  readonly #transport: TransportKind;
  readonly #window: number;
  readonly #sequence: Uint32Array;
  readonly #dialogs: number;
  /** Octets of the last message. */
  #size = 0;

  constructor(
    farEnd: FarEnd,
    hops: readonly PlayedHop[],
    settings: { readonly transport: TransportKind; readonly window: number; readonly dialogs: number },
  ) {
    this.#farEnd = farEnd;
    this.#hops = hops;
    this.#transport = settings.transport;
    this.#window = settings.window;
    this.#dialogs = settings.dialogs;
    this.#sequence = new Uint32Array(settings.dialogs);
  }

  /**
   * Sends `method` in each of the first `count` dialogs to our stack, which is reached by `target`, by the hop that `hopOf` names: none
   * where that is -1. Resolves with how many were answered 2xx, when all are answered or `limitMs` are over.
   */
  async send(
    method: 'UPDATE' | 'INFO',
    count: number,
    target: string,
    limitMs: number,
    hopOf: (dialog: number) => number,
  ): Promise<number> {
    const underWay = new Set<number>();
    let next = 0;
    let agreed = 0;
    let last = -1;
    const fill = (): void => {
      for (; underWay.size < this.#window && next < Math.min(count, this.#dialogs); next++) {
        if (hopOf(next) === -1) continue;
        underWay.add(next);
        this.#sequence[next] = (this.#sequence[next] as number) + 1;
        this.#write(method, next, target, hopOf(next));
      }
    };
    const watch = setInterval(() => {
      if (last === agreed) for (const dialog of underWay) this.#write(method, dialog, target, hopOf(dialog));
      last = agreed;
    }, stallMs);
    const done = new Promise<void>((resolve) => {
      const limit = setTimeout(resolve, limitMs);
      this.#farEnd.onResponse = (bytes, start, size) => {
        const status = decimalAt(bytes, start + 'SIP/2.0 '.length);
        const at = bytes.indexOf(branchStart, start, 'latin1') + branchStart.length;
        const dialog = decimalAt(bytes, at);
        if (status < 200 || !underWay.delete(dialog)) return;
        if (status < 300) {
          agreed++;
          if (method === 'UPDATE') {
            this.#farEnd.moved(dialog, hopOf(dialog));
            this.#farEnd.healed(this.#size, size);
          }
        }
        fill();
        if (underWay.size > 0) return;
        clearTimeout(limit);
        resolve();
      };
      fill();
      if (underWay.size > 0) return;
      clearTimeout(limit);
      resolve();
    });
    await done;
    clearInterval(watch);
    this.#farEnd.onResponse = () => undefined;
    return agreed;
  }

  #write(method: 'UPDATE' | 'INFO', dialog: number, target: string, hopIndex: number): void {
    const hop = this.#hops[hopIndex];
    if (hop === undefined) return;
    const message = Buffer.from(this.#text(method, dialog, target, hop.port), 'latin1');
    this.#size = message.length;
    hop.send(message, this.#farEnd.shardOf(dialog));
  }

  #text(method: 'UPDATE' | 'INFO', dialog: number, target: string, port: number): string {
    const digits = digitsOf(dialog);
    const sequence = this.#sequence[dialog];
    const { identities } = this.#farEnd;
    const lines = [
      `${method} ${target} SIP/2.0`,
      `Via: SIP/2.0/${this.#transport.toUpperCase()} 127.0.0.1:${port};branch=z9hG4bKf${digits}.${sequence}`,
      'Max-Forwards: 69',
      `From: <${targetOf(dialog, this.#transport)}>;tag=f${digits}`,
      `To: <${target}>;tag=${identities.tag(dialog)}`,
      `Call-ID: ${identities.callId(dialog)}`,
      `CSeq: ${sequence} ${method}`,
    ];
    if (method === 'UPDATE') {
      lines.push(
        `Record-Route: ${recordRouteOf(port, this.#transport)}`,
        `Contact: ${contactOf(this.#transport)}`,
        'Supported: ms-dialog-route-set-update',
      );
    }
    return `${lines.join('\r\n')}\r\nContent-Length: 0\r\n\r\n`;
  }
}
