import type { MessagePort } from 'node:worker_threads';
import { systemClock } from '../../transport/clock.ts';
import type { SharedPort } from '../../transport/contract.ts';
import type { Address, Failure } from '../contract.ts';
import type { Command } from '../engine/command.ts';
import type { DialogRecord } from '../engine/dialog-record.ts';
import type { EngineEvent } from '../engine/event.ts';
import { asSipError, SipError, UsageError } from '../errors.ts';
import { Addressee } from './addressee.ts';
import { type EngineShardOptions, startEngine } from './engine-shard.ts';
import { Exchange } from './exchange.ts';
import type { InlineShard } from './inline.ts';
import type { Link } from './neighbours.ts';
import { packNews, type ShardNews } from './news.ts';
import { ownerByPort } from './record-owner.ts';
import { Slots } from './slots.ts';
import { Stream } from './stream.ts';
import { type TransportDescription, transportOf } from './transport-description.ts';
import { Vitals } from './vitals.ts';

/** What a worker is told of the shard that it is to run: plain data, ports and shared memory. */
export interface ShardPlan {
  readonly shard: number;
  readonly shards: number;
  readonly transports: readonly TransportDescription[];
  /** How often the shard was begun before. */
  readonly life: number;
  /** The port of each transport that several shards share; undefined for the first one, which finds it, and where each has its own. */
  readonly shared: readonly SharedPort[] | undefined;
  /** The key of the slots; undefined where each shard has ports of its own, and nothing crosses. */
  readonly slotKey: Uint8Array | undefined;
  /** Commands come by it, and events go. */
  readonly port: MessagePort;
  /** The memory of the life's `Vitals`. */
  readonly vitals: SharedArrayBuffer;
}

/** An application that runs in the thread of its shard. */
export interface BesideShard {
  /** The main thread gives a command, which the engine obeys next. */
  asked(command: Command): void;
  /** The events of a step, in their order; gives those that the main thread is to hear. */
  heard(events: readonly EngineEvent[]): readonly EngineEvent[];
  warning(message: string): void;
}

/** Well within a round of the watch. */
const beatMs = 250;

/** What a worker says when its shard could not be started. */
export function failureOf(error: unknown): Failure {
  const known = asSipError(error);
  if (known instanceof SipError) return { code: known.code, message: known.message };
  return { code: 'SIP_SHARD_LOST', message: error instanceof Error ? error.message : String(error) };
}

/** A shard as its worker has it: an engine beside its sockets, the stream to the facade, and the ways to the other shards. */
export class WorkerShard implements InlineShard<Command> {
  readonly #shard: InlineShard<Command>;
  readonly #stream: Stream<ShardNews, Command>;
  readonly #exchange: Exchange | undefined;
  readonly #plan: ShardPlan;
  readonly #slots: Slots | undefined;
  readonly #beating: NodeJS.Timeout;

  private constructor(
    plan: ShardPlan,
    parts: {
      readonly shard: InlineShard<Command>;
      readonly stream: Stream<ShardNews, Command>;
      readonly slots: Slots | undefined;
      readonly exchange: Exchange | undefined;
      readonly vitals: Vitals;
    },
  ) {
    const { shard, vitals } = parts;
    this.#plan = plan;
    this.#shard = shard;
    this.#stream = parts.stream;
    this.#slots = parts.slots;
    this.#exchange = parts.exchange;
    this.#beating = setInterval(() => {
      vitals.beat();
      vitals.noteShed(shard.shed); // a socket drops what the kernel does not take, and makes no step of it
    }, beatMs);
  }

  /**
   * Opens the sockets and begins. `beside` is an application in this thread.
   *
   * @throws TransportError when a socket cannot be opened
   */
  static async start(
    plan: ShardPlan,
    engine: EngineShardOptions['engine'],
    beside?: BesideShard,
  ): Promise<WorkerShard> {
    const slots = plan.slotKey === undefined ? undefined : new Slots(plan.slotKey, plan.shards);
    const exchange =
      slots &&
      new Exchange({
        own: plan.shard,
        addressee: new Addressee(slots, plan.shard, plan.shards),
        defer: (callback) => systemClock.defer(callback),
        later: (ms, callback) => void systemClock.wake(systemClock.nowMs() + ms, callback),
      });
    const vitals = new Vitals(plan.vitals);
    let shard: InlineShard<Command> | undefined;
    const stream = new Stream<ShardNews, Command>(plan.port, {
      received: (commands, done) => {
        for (const command of commands) {
          beside?.asked(command);
          shard?.command(command);
        }
        done();
      },
      replaces: (news) => (news.kind === 'route-status' ? news.dialog.id : undefined),
      pack: packNews,
    });
    shard = await startEngine({
      transports: plan.transports.map(transportOf),
      clock: systemClock,
      shard: plan.shard,
      shared: plan.shared,
      passage: exchange,
      engine: {
        ...engine,
        life: plan.life,
        windowShare: plan.shards,
        ownsCallId: slots && ((bytes, start, end) => slots.ownerOf(bytes, start, end) === plan.shard),
        callIdOf: slots && ((token) => slots.callIdFor(plan.shard, token)),
      },
      onCounted: (counters, dialogs) => {
        vitals.beat(); // a step may be long, and so may what comes behind it
        vitals.noteCounters(counters);
        vitals.noteDialogs(dialogs);
        vitals.noteShed(shard?.shed ?? 0);
      },
      onEvents: (events) => stream.writeAll(beside === undefined ? events : beside.heard(events)),
      onWarning: (message) => {
        if (beside === undefined) stream.write({ kind: 'warning', message });
        else beside.warning(message);
      },
    });
    return new WorkerShard(plan, { shard, stream, slots, exchange, vitals });
  }

  /** @throws UsageError where a dialog that is handed over is another shard's */
  needOwn(record: DialogRecord): void {
    const { shard, shards } = this.#plan;
    if (shards === 1) return;
    if (this.#slots === undefined) {
      if (ownerByPort(record, [this.locals]) === undefined && record.routeStatus !== 'recovering')
        throw new UsageError(
          "/localAddress: is no port of this shard, and the peer is told of it only with 'recovering'.",
        );
    } else if (this.#slots.ownerOfText(record.callId) !== shard) {
      throw new UsageError('/callId: is of another shard: the stack of the main thread takes the dialog there.');
    }
  }

  get locals(): readonly Address[] {
    return this.#shard.locals;
  }

  get shed(): number {
    return this.#shard.shed;
  }

  command(command: Command): void {
    this.#shard.command(command);
  }

  /** Another shard is there, perhaps in the place of one that is gone. */
  connect(shard: number, link: Link): void {
    this.#exchange?.neighbours.connect(shard, link);
  }

  /** Another shard is gone, with the streams that it had. */
  neighbourLost(shard: number): void {
    this.#exchange?.shardLost(shard);
  }

  async destroy(): Promise<void> {
    clearInterval(this.#beating);
    await this.#shard.destroy();
    this.#exchange?.neighbours.close();
    this.#stream.close();
  }
}
