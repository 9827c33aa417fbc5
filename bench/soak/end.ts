import { createStack, type Dialog, type EndReason, type IncomingCall, type Stack } from '../../core/index.ts';
import { nowMs } from '../route-death/clock.ts';
import { inLanes } from '../route-death/lanes.ts';
import type { Endpoint } from '../route-death/messages.ts';
import { listening, uriOf } from '../route-death/network.ts';
import { atOnce, sessionDescription, transactionsOf } from '../route-death/scenario.ts';
import { healTimesOf } from '../storm/samples.ts';
import { Departures } from './departures.ts';
import { Dice } from './dice.ts';
import { Leak } from './leak.ts';
import type { EndSettings, Listed, News, State, Stumble } from './messages.ts';
import { Tally } from './tally.ts';

const arrivalTickMs = 50;
/** So many dialogs tell by which hop all go, to a few per cent. */
const soundingCount = 200;
/** The user part of a call that the far end hangs up says after how many milliseconds. */
const farUser = 'far-';
const farUserPattern = /^sip:far-(\d+)@/;

/** A program with its stack: calls, or is called, hangs up, and keeps book. Half of the calls are hung up by either end. */
export class End {
  readonly tally = new Tally();
  readonly #settings: EndSettings;
  readonly #dice: Dice;
  readonly #leak: Leak;
  /** By their ids: an INVITE that came by both edges makes two dialogs of one Call-ID, until the caller ends one. */
  readonly #live = new Map<Dialog['id'], Dialog>();
  readonly #departures = new Departures<Dialog>((dialog) => this.#hangUp(dialog));
  readonly #failures = new Map<string, number>();
  #stack: Stack | undefined;
  #arrivals: NodeJS.Timeout | undefined;
  #calls = 0;
  #callsFailed = 0;
  #pending = 0;
  #began: string[] = [];
  #asked: string[] = [];
  #ended: [callId: string, by: 'local' | 'remote', reason: EndReason][] = [];

  constructor(settings: EndSettings) {
    this.#settings = settings;
    this.#dice = new Dice(settings.seed);
    this.#leak = new Leak(settings.leakBytesPerCall);
    this.#departures.hold();
  }

  get stack(): Stack {
    if (this.#stack === undefined) throw new Error('the stack is not open');
    return this.#stack;
  }

  get open(): number {
    return this.#live.size;
  }

  /** Calls begun or taken so far. */
  get calls(): number {
    return this.#calls;
  }

  /** Opens the stack; gives where it is reached. */
  async start(): Promise<Endpoint> {
    const { transport, shards, dialogs } = this.#settings;
    this.#stack = await createStack({
      transports: [listening(transport)],
      shards,
      limits: { dialogs: 2 * dialogs + 1_000, transactions: transactionsOf(dialogs) },
      application: {
        onCall: (call) => this.#take(call),
        onRouteStatus: (dialog, { status }) => {
          if (!this.#live.has(dialog.id)) return;
          if (status === 'healthy') this.tally.healed(dialog, nowMs());
          else this.tally.broke(dialog);
        },
        onEnded: (dialog, by, reason) => {
          if (!this.#live.delete(dialog.id)) {
            // Such as the first of two dialogs of one INVITE, which nobody acknowledges.
            this.#note(`a dialog that never was in use ended: ${by}, ${reason}`);
            return;
          }
          this.tally.ended(dialog);
          this.#ended.push([dialog.callId, by, reason]);
        },
        onWarning: (message) => this.#note(`warning: ${message}`),
      },
    });
    const [local] = this.#stack.locals;
    if (local === undefined) throw new Error('the stack has no address');
    return local;
  }

  /** Sets up so many calls; gives how many there are then. */
  async fill(target: Endpoint, count: number, signal: AbortSignal): Promise<number> {
    const { lifetimeMs } = this.#settings;
    await inLanes(count, atOnce, signal, () => this.#call(target, this.#dice.residual(lifetimeMs)));
    return this.#live.size;
  }

  /** Calls come, where there is a target, and go. */
  flow(target: Endpoint | undefined): void {
    this.#departures.release();
    if (target === undefined) return;
    const { callsPerSecond, lifetimeMs } = this.#settings;
    const startMs = performance.now();
    let begun = 0;
    this.#arrivals = setInterval(() => {
      const due = ((performance.now() - startMs) / 1000) * callsPerSecond;
      for (; begun < due; begun++) void this.#call(target, this.#dice.lifetime(lifetimeMs));
    }, arrivalTickMs);
  }

  halt(): void {
    clearInterval(this.#arrivals);
    this.#departures.hold();
  }

  /** How many dialogs of a sample each hop carries. */
  async sound(): Promise<Map<string, number>> {
    const carried = new Map<string, number>();
    const dialogs = [...this.#live.values()];
    const step = Math.max(1, Math.floor(dialogs.length / soundingCount));
    for (let index = Math.floor(this.#dice.next() * step); index < dialogs.length; index += step) {
      const { hop } = await (dialogs[index] as Dialog).export().catch(() => ({ hop: undefined }));
      if (hop !== undefined) carried.set(hop, (carried.get(hop) ?? 0) + 1);
    }
    return carried;
  }

  /** An INFO on each dialog; gives how many were sent again after a heal, and how long those took that were answered. */
  async stumble(signal: AbortSignal): Promise<Stumble> {
    const before = await this.stack.counts();
    const times: number[] = [];
    await this.verify(signal, (ms) => times.push(ms));
    const { healedRequests } = await this.stack.counts();
    return {
      healed: healedRequests - before.healedRequests,
      answerMs: healTimesOf(Float64Array.from(times).sort()),
    };
  }

  /** An INFO on each dialog; gives the Call-IDs of those that live and did not answer. */
  async verify(signal: AbortSignal, answered: (ms: number) => void = () => undefined): Promise<string[]> {
    const asked = [...this.#live.values()];
    const unanswered = new Set(asked);
    await inLanes(asked.length, atOnce, signal, async (index) => {
      const dialog = asked[index] as Dialog;
      const startMs = performance.now();
      try {
        await dialog.request('INFO', { signal });
        unanswered.delete(dialog);
        answered(performance.now() - startMs);
      } catch (error) {
        if (this.#live.has(dialog.id)) this.#note(`INFO: ${messageOf(error)}`);
      }
    });
    return [...unanswered].filter(({ id }) => this.#live.has(id)).map(({ callId }) => callId);
  }

  /** Every dialog by what both ends call it. */
  async list(signal: AbortSignal): Promise<Listed[]> {
    const dialogs = [...this.#live.values()];
    const listed: Listed[] = [];
    await inLanes(dialogs.length, atOnce, signal, async (index) => {
      try {
        const { callId, localTag, remoteTag, role } = await (dialogs[index] as Dialog).export();
        listed.push([
          callId,
          ...(role === 'uac' ? ([localTag, remoteTag] as const) : ([remoteTag, localTag] as const)),
        ]);
      } catch (error) {
        this.#note(`export: ${messageOf(error)}`);
      }
    });
    return listed;
  }

  async state(): Promise<State> {
    const { dialogs, owedByes } = await this.stack.counts();
    return {
      known: this.#live.size,
      held: dialogs,
      owedByes,
      pending: this.#pending,
      callsFailed: this.#callsFailed,
      failures: [...this.#failures],
    };
  }

  /** What has happened since this was last asked. */
  news(): News {
    const { recovering, hit } = this.tally;
    const news = { began: this.#began, asked: this.#asked, ended: this.#ended, open: this.#live.size, recovering, hit };
    this.#began = [];
    this.#asked = [];
    this.#ended = [];
    return news;
  }

  async #call(target: Endpoint, lifetimeMs: number): Promise<void> {
    const isOurs = this.#dice.next() < 0.5;
    const user = isOurs ? 'far' : `${farUser}${Math.round(lifetimeMs)}`;
    const uri = uriOf(this.#settings.transport, target, user);
    this.#calls++;
    this.#pending++;
    this.#leak.grow();
    try {
      const dialog = await this.stack.invite(uri, { body: sessionDescription });
      this.#begin(dialog);
      if (isOurs) this.#departures.add(dialog, lifetimeMs);
    } catch (error) {
      this.#callsFailed++;
      this.#note(`INVITE: ${messageOf(error)}`);
    } finally {
      this.#pending--;
    }
  }

  #take(call: IncomingCall): void {
    this.#calls++;
    this.#pending++;
    const [, lifetime] = farUserPattern.exec(call.requestUri) ?? [];
    call
      .answer({ body: sessionDescription })
      .then(
        (dialog) => {
          this.#begin(dialog);
          if (lifetime !== undefined) this.#departures.add(dialog, Number(lifetime));
        },
        (error) => {
          this.#callsFailed++;
          this.#note(`answer: ${messageOf(error)}`);
        },
      )
      .finally(() => {
        this.#pending--;
      });
  }

  #begin(dialog: Dialog): void {
    this.#live.set(dialog.id, dialog);
    this.#began.push(dialog.callId);
  }

  #hangUp(dialog: Dialog): void {
    if (!this.#live.has(dialog.id)) return;
    this.#asked.push(dialog.callId);
    dialog.bye().catch((error: unknown) => this.#note(`BYE: ${messageOf(error)}`));
  }

  #note(failure: string): void {
    this.#failures.set(failure, (this.#failures.get(failure) ?? 0) + 1);
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
