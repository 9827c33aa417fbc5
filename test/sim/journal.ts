import type { Datagram } from '../../transport/index.ts';
import type { Happening, RuleWorld } from './happening.ts';

/** Writes down what happens, a line each: the same seed gives the same lines. */
export class Journal {
  readonly write: (line: string) => void;
  readonly #names = new Map<string, string>();

  constructor(write: (line: string) => void, addresses: RuleWorld['addresses']) {
    this.write = write;
    this.#names.set(addresses.near, 'near').set(addresses.far, 'far');
    for (const [index, address] of addresses.hops.entries()) this.#names.set(address, `hop ${index}`);
    for (const address of addresses.strangers) this.#names.set(address, 'stranger');
  }

  see(happening: Happening): void {
    const text = this.#textOf(happening);
    if (text !== undefined) this.write(`${round(happening.atMs)} ${text}`);
  }

  #textOf(happening: Happening): string | undefined {
    switch (happening.kind) {
      case 'step':
        return undefined;
      case 'datagram':
        return this.#datagram(happening.datagram);
      case 'fault':
        return `${happening.over ? 'over' : 'fault'} ${JSON.stringify(happening.fault)}`;
      case 'act':
        return `act ${happening.act.place} ${happening.act.what} ${happening.callId ?? '-'}`;
      case 'asked':
        return `${happening.place} asks ${happening.asked.method} #${happening.asked.number} ${happening.asked.callId} ${happening.asked.info ?? ''}`;
      case 'outcome': {
        const { place, asked, error = 'done', status = '' } = happening;
        return `${place} #${asked.number} ${asked.method}: ${error} ${status}`;
      }
      case 'executed':
        return `${happening.place} executes ${happening.info} ${happening.callId}`;
      case 'established':
        return `${happening.place} has ${happening.dialog} ${happening.callId}`;
      case 'route-status':
        return `${happening.place} ${happening.dialog} ${happening.callId} is ${happening.status} ${happening.cause ?? ''}`;
      case 'ended':
        return `${happening.place} ${happening.dialog} ${happening.callId} ended by ${happening.by}: ${happening.reason}`;
      case 'died':
        return `${happening.place} died`;
      default:
        return JSON.stringify({ ...happening, atMs: undefined });
    }
  }

  #datagram({ from, to, bytes, fate, protocol }: Datagram): string {
    const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
    const first = text.slice(0, Math.max(text.indexOf('\r\n'), 0));
    const cseq = /\r\nCSeq: ([^\r]*)/.exec(text)?.[1] ?? '';
    const callId = /\r\nCall-ID: ([^\r]*)/.exec(text)?.[1] ?? '';
    const way = `${this.#name(from)} > ${this.#name(to)} ${protocol}`;
    return `${way} ${first} | ${cseq} | ${callId}${fate === 'delivered' ? '' : ` ${fate}`}`;
  }

  #name({ host, port }: Datagram['from']): string {
    return this.#names.get(`${host}:${port}`) ?? `${host}:${port}`;
  }
}

function round(ms: number): number {
  return Math.round(ms * 1000) / 1000;
}
