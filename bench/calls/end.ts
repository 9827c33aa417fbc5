import { Child } from '../child.ts';
import type { CallFigures, FarEndSettings, Look, Order, Report, StackSettings } from './messages.ts';

/** A process that calls or is called: our stack, or the raw far end. */
export class End {
  readonly port: number;
  readonly pid: number;
  readonly #child: Child<Order, Report>;
  readonly #signal: AbortSignal;

  private constructor(child: Child<Order, Report>, port: number, stop: AbortController) {
    this.#child = child;
    this.pid = child.pid;
    this.port = port;
    this.#signal = stop.signal;
    child.onDeath((how) => stop.abort(new Error(how)));
  }

  /** The stack's process; its death aborts `stop`. */
  static stack(settings: StackSettings, stop: AbortController): Promise<End> {
    return End.start('calls/stack-process', settings, stop);
  }

  /** The far end's process; its death aborts `stop`. */
  static farEnd(settings: FarEndSettings, stop: AbortController): Promise<End> {
    return End.start('calls/far-end-process', settings, stop);
  }

  /** A process of another entry file that takes the same orders, or some of them; its death aborts `stop`. */
  static async start(entry: string, settings: object, stop: AbortController): Promise<End> {
    const { child, ready } = await Child.start<Order, Report>(entry, settings, ['--expose-gc']);
    if (ready.report !== 'ready') throw new Error(`'${entry}' reports no start`);
    return new End(child, ready.port, stop);
  }

  async call(port: number, calls: number, callsPerSecond: number, hold = false): Promise<CallFigures> {
    const order: Order = { order: 'call', port, calls, callsPerSecond, hold };
    return (await this.#child.ask(order, 'called', this.#signal)).figures;
  }

  async look(collect = false): Promise<Look> {
    return (await this.#child.ask({ order: 'look', collect }, 'looked', this.#signal)).look;
  }

  async profile(isOn: boolean): Promise<void> {
    await this.#child.ask({ order: 'profile', isOn }, 'profiled', this.#signal);
  }

  end(): Promise<void> {
    return this.#child.end();
  }
}
