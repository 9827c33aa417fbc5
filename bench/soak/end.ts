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
import type { EndSettings, News, State, Stumble } from './messages.ts';
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
  readonly #live = new Map<string, Dialog>();
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

  get callIds(): readonly string[] {
    return [...this.#live.keys()];
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
        onRouteStatus: ({ id, callId }, { status }) => {
          if (this.#live.get(callId)?.id !== id) return;
          if (status === 'healthy') this.tally.healed(callId, nowMs());
          else this.tally.broke(callId);
        },
        onEnded: ({ id, callId }, by, reason) => {
          // An INVITE that came by both edges may have made a second dialog, which nobody acknowledges.
          if (this.#live.get(callId)?.id !== id) {
            this.#note(`a dialog that never was in use ended: ${reason}`);
            return;
          }
          this.#live.delete(callId);
          this.tally.ended(callId);
          this.#ended.push([callId, by, reason]);
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
    await inLanes(count, atOnce, signal, () => this.#call(target));
    return this.#live.size;
  }

  /** Calls come, where there is a target, and go. */
  flow(target: Endpoint | undefined): void {
    this.#departures.release();
    if (target === undefined) return;
    const startMs = performance.now();
    let begun = 0;
    this.#arrivals = setInterval(() => {
      const due = ((performance.now() - startMs) / 1000) * this.#settings.callsPerSecond;
      for (; begun < due; begun++) void this.#call(target);
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
    const asked = [...this.#live];
    const unanswered = new Set(asked.map(([callId]) => callId));
    await inLanes(asked.length, atOnce, signal, async (index) => {
      const [callId, dialog] = asked[index] as [string, Dialog];
      const startMs = performance.now();
      try {
        await dialog.request('INFO', { signal });
        unanswered.delete(callId);
        answered(performance.now() - startMs);
      } catch (error) {
        if (this.#live.has(callId)) this.#note(`INFO: ${messageOf(error)}`);
      }
    });
    return [...unanswered].filter((callId) => this.#live.has(callId));
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

  async #call(target: Endpoint): Promise<void> {
    const lifetimeMs = Math.round(this.#dice.lifetime(this.#settings.lifetimeMs));
    const isOurs = this.#dice.next() < 0.5;
    const uri = uriOf(this.#settings.transport, target, isOurs ? 'far' : `${farUser}${lifetimeMs}`);
    this.#calls++;
    this.#pending++;
    this.#leak.grow();
    try {
      const dialog = await this.stack.invite(uri, { body: sessionDescription });
      this.#live.set(dialog.callId, dialog);
      this.#began.push(dialog.callId);
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
          if (this.#live.has(dialog.callId)) {
            this.#note('a call became two dialogs');
            return;
          }
          this.#live.set(dialog.callId, dialog);
          this.#began.push(dialog.callId);
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

  #hangUp(dialog: Dialog): void {
    if (!this.#live.has(dialog.callId)) return;
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
