import { createStack, type Stack } from '../../core/index.ts';
import type { Called, Calls } from '../far-end/caller.ts';
import { atConstantRate } from '../far-end/pace.ts';
import { listening, uriOf } from '../route-death/network.ts';
import { sessionDescription } from '../route-death/scenario.ts';
import { spreadOptions } from '../storm/shards.ts';
import { application } from './answering.ts';
import type { StackSettings } from './messages.ts';

/** A finished transaction stays for 32 s, and a call has two on each side. */
const transactionKeptS = 34;
const transactionsMax = 2 ** 20 - 1;

/** The program with the stack that is measured: it calls, and answers who calls. */
export class StackEnd {
  /** What failed, and how often. */
  readonly failures = new Map<string, number>();
  readonly #stack: Stack;
  readonly #settings: StackSettings;

  private constructor(stack: Stack, settings: StackSettings) {
    this.#stack = stack;
    this.#settings = settings;
  }

  static async open(settings: StackSettings): Promise<StackEnd> {
    const { transport, callsPerSecond, held, shards } = settings;
    const lasting = transactionKeptS * callsPerSecond;
    const stack = await createStack({
      ...spreadOptions(settings),
      transports: [listening(transport)],
      limits: {
        dialogs: Math.max(131_072, 2 * held + lasting),
        transactions: Math.min(transactionsMax, Math.max(262_144, 2 * held + 2 * lasting)),
      },
      application: shards === 0 ? application : new URL('./answering.js', import.meta.url),
    });
    return new StackEnd(stack, settings);
  }

  get port(): number {
    const [local] = this.#stack.locals;
    if (local === undefined) throw new Error('the stack has no address');
    return local.port;
  }

  get stack(): Stack {
    return this.#stack;
  }

  /** Calls at a constant rate, and waits until each call has ended or failed. */
  async call({ port, count, perSecond, hold }: Calls): Promise<Called> {
    const setUpMs = new Float64Array(count);
    let answered = 0;
    let ended = 0;
    let over = 0;
    let lastMs = 0;
    let onOver = (): void => undefined;
    const target = (index: number): string =>
      uriOf(this.#settings.transport, { host: '127.0.0.1', port }, `u${String(index).padStart(8, '0')}`);
    const call = async (index: number): Promise<void> => {
      const begunMs = performance.now();
      let what = 'INVITE';
      try {
        const dialog = await this.#stack.invite(target(index), { body: sessionDescription });
        setUpMs[answered++] = performance.now() - begunMs;
        what = 'BYE';
        if (!hold) await dialog.bye();
        ended++;
      } catch (error) {
        const failure = `${what}: ${error instanceof Error ? error.message : error}`;
        this.failures.set(failure, (this.failures.get(failure) ?? 0) + 1);
      }
      lastMs = performance.now();
      over++;
      if (over === count) onOver();
    };
    const startMs = performance.now();
    const paced = await atConstantRate(count, perSecond, (index) => void call(index));
    if (over < count) {
      await new Promise<void>((resolve) => {
        onOver = resolve;
      });
    }
    return { begun: count, ended, paced, setUpMs: setUpMs.slice(0, answered), tookMs: lastMs - startMs };
  }
}
