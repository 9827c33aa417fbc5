import type { Address, FlowId, MessageFault, TransportFailure, TransportListener } from '../../transport/contract.ts';

export interface Opened {
  readonly flow: FlowId;
  readonly remote: Address;
  readonly openId: number | undefined;
}

/** A listener that writes down what it hears and lets a test await it. */
export class Recorder implements TransportListener {
  readonly log: string[] = [];
  readonly opened: Opened[] = [];
  readonly received: { readonly flow: FlowId; readonly text: string }[] = [];
  readonly refused: { readonly flow: FlowId; readonly startLine: string }[] = [];
  readonly lost: { readonly flow: FlowId; readonly code: TransportFailure; readonly message: string }[] = [];
  readonly failed: { readonly openId: number; readonly message: string }[] = [];
  readonly turned: { readonly remote: Address; readonly code: TransportFailure; readonly message: string }[] = [];
  readonly warnings: string[] = [];
  /** Called after each report. */
  react: () => void = () => {};
  readonly #checks = new Set<() => void>();

  flowOpen(flow: FlowId, remote: Address, openId: number | undefined): void {
    this.opened.push({ flow, remote, openId });
    this.#heard(`open ${remote.host}:${remote.port} ${openId ?? 'stranger'}`);
  }

  openFailed(openId: number, code: TransportFailure, message: string): void {
    this.failed.push({ openId, message });
    this.#heard(`failed ${openId} ${code}`);
  }

  message(flow: FlowId, bytes: Uint8Array): void {
    const text = new TextDecoder().decode(bytes);
    this.received.push({ flow, text });
    this.#heard(`message ${text}`);
  }

  messageRefused(flow: FlowId, head: Uint8Array, fault: MessageFault): void {
    const [startLine = ''] = new TextDecoder().decode(head).split('\r\n', 1);
    this.refused.push({ flow, startLine });
    this.#heard(`refused ${fault} ${startLine}`);
  }

  flowLost(flow: FlowId, code: TransportFailure, message: string): void {
    this.lost.push({ flow, code, message });
    this.#heard(`lost ${code}`);
  }

  turnedAway(remote: Address, code: TransportFailure, message: string): void {
    this.turned.push({ remote, code, message });
    this.#heard(`turned away ${code}`);
  }

  warning(message: string): void {
    this.warnings.push(message);
    this.#heard('warning');
  }

  /** The flow that answered `openId`. */
  flow(openId: number | undefined): FlowId | undefined {
    return this.opened.findLast((one) => one.openId === openId)?.flow;
  }

  /** Resolves with what `look` gives as soon as it gives something; looks again after each report. */
  until<T>(look: () => T | undefined): Promise<T> {
    return new Promise((resolve, reject) => {
      const deadline = AbortSignal.timeout(5_000);
      const check = (): void => {
        const found = look();
        if (found === undefined) return;
        this.#checks.delete(check);
        resolve(found);
      };
      deadline.addEventListener('abort', () => {
        if (this.#checks.delete(check)) reject(new Error(`waited in vain; heard: ${this.log.join(', ') || 'nothing'}`));
      });
      this.#checks.add(check);
      check();
    });
  }

  /** Resolves when `line` has been heard `times` times in all. */
  heard(line: string, times = 1): Promise<true> {
    return this.until(() => (this.log.filter((one) => one === line).length >= times ? true : undefined));
  }

  #heard(line: string): void {
    this.log.push(line);
    this.react();
    for (const check of this.#checks) check();
  }
}

export function bytesOf(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

/** Fails the test that has no value where it needs one. */
export function given<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('no value');
  return value;
}
