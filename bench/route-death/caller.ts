import { createStack, type Dialog, FailureResponseError, type Stack } from '../../core/index.ts';
import { nowMs } from './clock.ts';
import { inLanes } from './lanes.ts';
import type { Ledger } from './ledger.ts';
import type { Endpoint } from './messages.ts';
import { listening } from './network.ts';
import { atOnce, type Scenario, sessionDescription, transactionsOf } from './scenario.ts';
import { type Traffic, trafficOf } from './traffic.ts';

/** The end that calls, in the main process; it writes the ledger as things happen. */
export class Caller {
  /** What failed, and how often. */
  readonly failures = new Map<string, number>();
  readonly #scenario: Scenario;
  readonly #ledger: Ledger;
  readonly #dialogs: Dialog[] = [];
  readonly #indexOf = new Map<string, number>();
  #stack: Stack | undefined;

  constructor(scenario: Scenario, ledger: Ledger) {
    this.#scenario = scenario;
    this.#ledger = ledger;
  }

  /** Opens the stack; gives where it is reached. */
  async open(onWarning: (message: string) => void): Promise<Endpoint> {
    const { dialogs, mode, fault, transport, shards } = this.#scenario;
    this.#stack = await createStack({
      transports: [listening(transport)],
      shards,
      recovery: { mode, passive: fault === 'far-end' },
      limits: { dialogs, transactions: transactionsOf(dialogs) },
      application: {
        onRouteStatus: ({ callId }, { status }) => {
          const atMs = nowMs();
          const dialog = this.#indexOf.get(callId);
          if (dialog === undefined) return;
          if (status === 'recovering') this.#ledger.detected(dialog, atMs);
          else this.#ledger.recovered(dialog, atMs);
        },
        onRequest: (request) => {
          request.respond(request.method === 'INFO' ? 200 : 488);
          if (this.#scenario.farEnd === 'sipp') this.farEndInformed(request.dialog.callId);
        },
        onWarning,
      },
    });
    const [local] = this.#stack.locals;
    if (local === undefined) throw new Error('the caller has no address');
    return local;
  }

  /** What it has sent so far. */
  async traffic(): Promise<Traffic> {
    return trafficOf(this.#scenario.transport, await this.#opened.counters());
  }

  setHops(hops: readonly string[]): void {
    this.#stack?.setHops(hops);
  }

  /** Sets up the calls; those that fail are noted. */
  async establish(target: string, signal: AbortSignal): Promise<void> {
    await inLanes(this.#scenario.dialogs, atOnce, signal, async () => {
      const invited = this.#opened.invite(target, { body: sessionDescription, signal });
      const dialog = await this.#noting('INVITE', signal, invited);
      if (dialog === undefined) return;
      this.#indexOf.set(dialog.callId, this.#dialogs.length);
      this.#dialogs.push(dialog);
      this.#ledger.established++;
    });
  }

  /** Sends an INFO on each dialog, which finds the break and is to succeed nevertheless. */
  async stumble(signal: AbortSignal): Promise<void> {
    const before = await this.#opened.counts();
    let answered = 0;
    await this.#inform(signal, {
      began: (dialog) => this.#ledger.began(dialog, nowMs()),
      answered: (dialog) => {
        this.#ledger.succeeded(dialog, nowMs());
        answered++;
      },
    });
    const { healedRequests } = await this.#opened.counts();
    this.#ledger.unbroken = answered - (healedRequests - before.healedRequests);
  }

  /** Sends an INFO on each dialog, which is to be refused with a 430: the route is broken, and not by us to mend. */
  async provoke(signal: AbortSignal): Promise<void> {
    await inLanes(this.#dialogs.length, atOnce, signal, async (index) => {
      const dialog = this.#dialogs[index] as Dialog;
      const refused = dialog.request('INFO', { signal }).then(
        () => Promise.reject(new Error('answered although the route should be broken')),
        (error: unknown) => {
          if (!(error instanceof FailureResponseError) || error.response.status !== 430) throw error;
        },
      );
      await this.#noting('INFO', signal, refused);
    });
  }

  /** Sends an INFO on each dialog to prove that it works. */
  verify(signal: AbortSignal): Promise<void> {
    return this.#inform(signal, { answered: (dialog) => this.#ledger.verifiedNear(dialog) });
  }

  farEndHealed(callId: string, atMs: number): void {
    const dialog = this.#indexOf.get(callId);
    if (dialog !== undefined) this.#ledger.healedByFarEnd(dialog, atMs);
  }

  /** The far end's own INFO was answered 200, as the far end says; SIPp cannot say, so there the answer that we give counts. */
  farEndInformed(callId: string): void {
    const dialog = this.#indexOf.get(callId);
    if (dialog !== undefined) this.#ledger.verifiedFar(dialog);
  }

  async destroy(): Promise<void> {
    await this.#stack?.destroy();
  }

  get #opened(): Stack {
    if (this.#stack === undefined) throw new Error('the caller is not open');
    return this.#stack;
  }

  async #inform(
    signal: AbortSignal,
    hear: { readonly began?: (dialog: number) => void; readonly answered: (dialog: number) => void },
  ): Promise<void> {
    await inLanes(this.#dialogs.length, atOnce, signal, async (index) => {
      const dialog = this.#dialogs[index] as Dialog;
      hear.began?.(index);
      if ((await this.#noting('INFO', signal, dialog.request('INFO', { signal }))) !== undefined) hear.answered(index);
    });
  }

  async #noting<T>(what: string, signal: AbortSignal, outcome: Promise<T>): Promise<T | undefined> {
    try {
      return await outcome;
    } catch (error) {
      if (signal.aborted) return undefined;
      const failure = `${what}: ${error instanceof Error ? error.message : error}`;
      this.failures.set(failure, (this.failures.get(failure) ?? 0) + 1);
      return undefined;
    }
  }
}
