import type { Worker } from 'node:worker_threads';
import { createStack, type Dialog, FailureResponseError, type Stack } from '../../core/index.ts';
import { nowMs } from '../route-death/clock.ts';
import { inLanes } from '../route-death/lanes.ts';
import { listening, uriOf } from '../route-death/network.ts';
import { sessionDescription } from '../route-death/scenario.ts';
import { type Traffic, trafficOf } from '../route-death/traffic.ts';
import { DialogNumbers, shardOf } from './dialog-numbers.ts';
import { targetOf } from './far-end/address-book.ts';
import type { CallerProgress, CallerSettings, Revival } from './messages.ts';
import { Round } from './round.ts';
import { transactionsOf } from './scenario.ts';
import { spreadOptions } from './shards.ts';

/** A shard dies when one in so many dialogs is healed. */
const killedAtShare = 10;
const neverAborted = new AbortController().signal;

/** The stack's clock, `performance.now`, behind the machine's. The first look at either takes long. */
const [clockLagMs] = [0, 1, 2].map(() => nowMs() - performance.now()).sort((a, b) => b - a) as [number];

/** The program with the stack that is measured: it calls, hears of its dialogs, and asks them. */
export class Caller {
  /** What failed, and how often. */
  readonly failures = new Map<string, number>();
  readonly round: Round;
  readonly #settings: CallerSettings;
  readonly #numbers = new DialogNumbers();
  readonly #dialogs: (Dialog | undefined)[] = [];
  readonly #onHealed: (atMs: number) => void;
  readonly #workers: Worker[] = [];
  #established = 0;
  #killShard: number | undefined;
  #revival: Promise<Revival> | undefined;
  #stack: Stack | undefined;

  /** `onHealed` hears of the last heal of a storm. */
  constructor(settings: CallerSettings, onHealed: (atMs: number) => void) {
    this.#settings = settings;
    this.#onHealed = onHealed;
    this.round = new Round(settings.dialogs);
    process.on('worker', (worker) => this.#workers.push(worker));
  }

  get progress(): CallerProgress {
    const { recovering, healed, verified } = this.round;
    return { established: this.#established, recovering, healed, verified };
  }

  /** What the stack has sent so far. */
  async traffic(): Promise<Traffic> {
    return trafficOf(this.#settings.transport, await this.stack.counters());
  }

  get stack(): Stack {
    if (this.#stack === undefined) throw new Error('the caller is not open');
    return this.#stack;
  }

  /** Opens the stack; gives the URI that it is reached by. */
  async open(): Promise<string> {
    const { dialogs, passive, transport } = this.#settings;
    this.#stack = await createStack({
      ...spreadOptions(this.#settings),
      transports: [listening(transport)],
      recovery: { passive },
      limits: { dialogs, transactions: transactionsOf(dialogs) },
      application: {
        onRouteStatus: ({ id }, { status, sinceMs }) => {
          const atMs = machineMs();
          const dialog = this.#numbers.of(id);
          if (dialog === -1) return;
          if (status === 'recovering') {
            this.round.marked(dialog, sinceMs + clockLagMs, atMs);
            return;
          }
          this.round.recovered(dialog, atMs);
          if (this.round.healed >= this.#dialogs.length / killedAtShare) this.#kill();
          if (this.round.isHealed) this.#onHealed(atMs);
        },
        onEnded: ({ id }, _by, reason) => {
          if (reason === 'shard-lost' && this.#revival !== undefined) this.#dialogLost(this.#numbers.of(id));
          else this.#note(`a dialog ended: ${reason}`);
        },
        onWarning: (message) => {
          if (this.#revival === undefined) this.#note(`warning: ${message}`);
        },
      },
    });
    const [local] = this.#stack.locals;
    if (local === undefined) throw new Error('the caller has no address');
    return uriOf(transport, local);
  }

  /** Sets up calls until there are so many; gives how many there are. Those that fail are noted. */
  async establish(upTo: number, signal: AbortSignal): Promise<number> {
    const { transport, window } = this.#settings;
    const from = this.#dialogs.length;
    for (let dialog = from; dialog < upTo; dialog++) this.#dialogs.push(undefined);
    await inLanes(upTo - from, window, signal, async (index) => {
      const number = from + index;
      const target = targetOf(number, transport);
      const dialog = await this.#noting(
        'INVITE',
        signal,
        this.stack.invite(target, { body: sessionDescription, signal }),
      );
      if (dialog === undefined) return;
      this.#numbers.set(dialog.id, number);
      this.#dialogs[number] = dialog;
      this.#established++;
    });
    return this.#established;
  }

  /** `killShard` dies when a tenth of all is healed. */
  begin(killShard: number | undefined): void {
    this.#killShard = killShard;
    this.round.begin(this.#dialogs.length);
  }

  /** What became of the shard that was killed. */
  async revival(): Promise<Revival | undefined> {
    return this.#revival;
  }

  /** An INFO on each dialog finds the break, and is to succeed nevertheless. */
  async stumble(signal: AbortSignal): Promise<number> {
    const asked = this.#ask(signal, {
      asks: (number) => this.round.asked(number, machineMs()),
      agreed: (number) => {
        const atMs = machineMs();
        this.round.succeeded(number, atMs);
        if (this.round.isHealed) this.#onHealed(atMs);
      },
    });
    return asked;
  }

  /** An INFO on each dialog is to be refused with a 430: the route is broken, and not ours to mend. */
  async provoke(signal: AbortSignal): Promise<number> {
    let refused = 0;
    await inLanes(this.#dialogs.length, this.#settings.window, signal, async (number) => {
      const dialog = this.#dialogs[number];
      if (dialog === undefined) return;
      try {
        await dialog.request('INFO', { signal });
        this.#note('INFO: answered although the route should be broken');
      } catch (error) {
        if (error instanceof FailureResponseError && error.response.status === 430) refused++;
        else if (!signal.aborted) this.#note(`INFO: ${messageOf(error)}`);
      }
    });
    return refused;
  }

  /** An INFO on each dialog proves that it works. */
  verify(signal: AbortSignal): Promise<number> {
    return this.#ask(signal, { agreed: (number) => this.round.proved(number) });
  }

  #kill(): void {
    if (this.#killShard === undefined || this.#revival !== undefined) return;
    this.#revival = this.#killAndCall(this.#killShard);
  }

  /** Calls by the shards that are there until the one that died has taken a call. */
  async #killAndCall(shard: number): Promise<Revival> {
    await this.#workers[shard]?.terminate();
    const diedAtMs = machineMs();
    for (;;) {
      const number = this.#dialogs.indexOf(undefined);
      const target = targetOf(Math.max(0, number), this.#settings.transport);
      const invited = number === -1 ? undefined : this.stack.invite(target, { body: sessionDescription });
      const called = await this.#noting('INVITE', neverAborted, Promise.resolve(invited));
      if (called !== undefined && shardOf(called.id) === shard) {
        return { shard, dialogs: this.round.gone, servesAfterMs: machineMs() - diedAtMs };
      }
      await called?.bye();
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }

  #dialogLost(number: number): void {
    if (number === -1) return;
    this.#dialogs[number] = undefined;
    this.round.lost(number);
    if (this.round.isHealed) this.#onHealed(machineMs());
  }

  async #ask(
    signal: AbortSignal,
    hear: { readonly asks?: (number: number) => void; readonly agreed: (number: number) => void },
  ): Promise<number> {
    let agreed = 0;
    await inLanes(this.#dialogs.length, this.#settings.window, signal, async (number) => {
      const dialog = this.#dialogs[number];
      if (dialog === undefined) return;
      hear.asks?.(number);
      if ((await this.#noting('INFO', signal, dialog.request('INFO', { signal }))) === undefined) return;
      agreed++;
      hear.agreed(number);
    });
    return agreed;
  }

  async #noting<T>(what: string, signal: AbortSignal, outcome: Promise<T>): Promise<T | undefined> {
    try {
      return await outcome;
    } catch (error) {
      if (!signal.aborted) this.#note(`${what}: ${messageOf(error)}`);
      return undefined;
    }
  }

  #note(failure: string): void {
    this.failures.set(failure, (this.failures.get(failure) ?? 0) + 1);
  }
}

function machineMs(): number {
  return performance.now() + clockLagMs;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
