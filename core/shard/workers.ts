import { randomBytes } from 'node:crypto';
import { url as inspectorUrl } from 'node:inspector';
import { inspect } from 'node:util';
import { MessageChannel, type MessagePort } from 'node:worker_threads';
import { Piscina } from 'piscina';
import type { Address, Failure } from '../contract.ts';
import type { Command } from '../engine/command.ts';
import { type EngineCounters, noCounts } from '../engine/counters.ts';
import type { DialogRecord } from '../engine/dialog-record.ts';
import { asSipError, SipError, UsageError } from '../errors.ts';
import type { Link } from './neighbours.ts';
import { type ShardNews, unpackNews } from './news.ts';
import { ownerByPort } from './record-owner.ts';
import { createRing } from './ring.ts';
import type { Shards, ShardsUser } from './shards.ts';
import { Slots, slotKeySize } from './slots.ts';
import { Stream } from './stream.ts';
import type { TransportDescription } from './transport-description.ts';
import { Vitals } from './vitals.ts';
import { silentRoundsMax, Watchdog, watchMs } from './watchdog.ts';
import type { ShardPlan } from './worker-shard.ts';

/** What shards in threads of their own are made of. `T` is what each is told beside its plan: plain data. */
export interface WorkersOptions<T> {
  readonly count: number;
  readonly transports: readonly TransportDescription[];
  /** Each shard takes the ports behind those of the one before; else all share one of each transport. */
  readonly perShardPorts: boolean;
  /** The module that each worker runs: its exports are tasks, as `WorkerTasks` has them. */
  readonly module: URL;
  /** As of now: each life is told anew. */
  readonly told: () => T;
}

/** Where a shard is reached, or why it is not. */
type Started = readonly Address[] | Failure;

/** The tasks of a worker's module. Piscina carries them: they are the control plane alone. */
export interface WorkerTasks<T> {
  /** Opens the sockets; gives where the shard is reached, or why it is not. An Error would lose its code on its way. */
  start(task: { readonly plan: ShardPlan; readonly told: T }): Promise<Started>;
  /** Another shard is there, or was replaced. */
  connect(task: { readonly shard: number; readonly link: Link }): void;
  disconnect(task: { readonly shard: number }): void;
  stop(): Promise<void>;
  /** Never ends: it is rejected when the worker dies. */
  live(): Promise<never>;
}

/** A worker that has not started by then does not any more: its thread has died before it could say so, or its module never ends. */
const startLimitMs = 30_000;
/** Who is begun anew waits so long for the one before. */
const turnLimitMs = 2_000;
/** A worker that does not stop by then is busy for ever. */
const stopLimitMs = 2_000;
/** A thread that has not ended by then is in a call of the system that nobody can end. */
const endLimitMs = 10_000;
/** A shard that dies is begun again at once, one that dies soon after that later, and later. */
const pauseMinMs = 1_000;
const pauseMaxMs = 30_000;
/** Who has lived for so long has not died of its beginning. */
const soundAfterMs = 30_000;

/**
 * Starts the shards of a stack, each in a worker of its own.
 *
 * One pool for each life of each shard, of one thread: which shard a task is for is then no question. Without `atomics: 'disabled'` a
 * worker would sleep between tasks, and its sockets and timers with it.
 *
 * @throws SipError when a socket cannot be opened; the shards that were started are stopped again.
 */
export async function startWorkers<T>(options: WorkersOptions<T>, user: ShardsUser): Promise<Shards> {
  const workers = new Workers(options, user);
  try {
    await workers.start();
  } catch (error) {
    await workers.destroy();
    throw asSipError(error);
  }
  return workers;
}

/** One shard, as the facade has it. */
interface Host {
  /** What its former lives had counted, and dropped. */
  readonly formerCounters: EngineCounters;
  formerShed: number;
  /** Undefined until the shard has been up. */
  vitals: Vitals | undefined;
  pool: Piscina | undefined;
  /** The thread has loaded its module. */
  isLoaded: Promise<unknown>;
  /** Undefined while the shard is not up. */
  stream: Stream<Command, ShardNews> | undefined;
  locals: readonly Address[];
  lives: number;
  beganAtMs: number;
  pauseMs: number;
}

class Workers<T> implements Shards {
  readonly #options: WorkersOptions<T>;
  readonly #user: ShardsUser;
  readonly #hosts: readonly Host[];
  /** Whose a Call-ID is; undefined for one shard. With ports of their own only dialogs that any shard could take are placed by it. */
  readonly #slotKey: Uint8Array | undefined;
  readonly #slots: Slots | undefined;
  /** Shards that died are begun again one after the other: who is up decides who shares a port. */
  #turn: Promise<unknown> = Promise.resolve();
  readonly #pauses = new Set<NodeJS.Timeout>();
  readonly #watchdog = new Watchdog();
  #watch: NodeJS.Timeout | undefined;
  #destroyed: Promise<void> | undefined;

  constructor(options: WorkersOptions<T>, user: ShardsUser) {
    this.#options = options;
    this.#user = user;
    this.#hosts = Array.from({ length: options.count }, () => ({
      formerCounters: noCounts(),
      formerShed: 0,
      vitals: undefined,
      pool: undefined,
      isLoaded: Promise.resolve(),
      stream: undefined,
      locals: [],
      lives: 0,
      beganAtMs: 0,
      pauseMs: 0,
    }));
    if (options.count === 1) return;
    this.#slotKey = new Uint8Array(randomBytes(slotKeySize));
    this.#slots = new Slots(this.#slotKey, options.count);
  }

  get count(): number {
    return this.#options.count;
  }

  /** Whether messages cross from one shard to another, since they share ports. */
  get #crosses(): boolean {
    return this.#slots !== undefined && !this.#options.perShardPorts;
  }

  get locals(): readonly Address[] {
    const hosts = this.#options.perShardPorts ? this.#hosts : this.#hosts.slice(0, 1);
    return hosts.flatMap(({ locals }) => locals);
  }

  get shed(): number {
    return this.#hosts.reduce((sum, { formerShed, vitals }) => sum + formerShed + (vitals?.shed ?? 0), 0);
  }

  get formerCounters(): readonly EngineCounters[] {
    return this.#hosts.map(({ formerCounters }) => ({ ...formerCounters }));
  }

  isUp(shard: number): boolean {
    return this.#hosts[shard]?.stream !== undefined;
  }

  localsOf(shard: number): readonly Address[] {
    return this.#host(shard).locals;
  }

  ownerOf(record: DialogRecord): number {
    if (this.#slots === undefined) return 0;
    const locals = this.#hosts.map((host) => host.locals);
    const byPort = this.#options.perShardPorts ? ownerByPort(record, locals) : undefined;
    return byPort ?? this.#slots.ownerOfText(record.callId);
  }

  command(shard: number, command: Command): void {
    const stream = this.#hosts[shard]?.stream;
    if (stream === undefined) throw new SipError('SIP_SHARD_LOST', `Shard ${shard} is being started anew.`);
    stream.write(command);
  }

  async start(): Promise<void> {
    // The first one finds out whether a port is free, and which.
    await this.#begin(0);
    const rest = [...this.#hosts.keys()].slice(1).map((shard) => this.#begin(shard));
    const failed = (await Promise.allSettled(rest)).find(({ status }) => status === 'rejected');
    if (failed?.status === 'rejected') throw failed.reason;
    this.#watch = setInterval(() => this.#look(), watchMs).unref();
  }

  destroy(): Promise<void> {
    this.#destroyed ??= this.#stop();
    return this.#destroyed;
  }

  async #stop(): Promise<void> {
    clearInterval(this.#watch);
    for (const timer of this.#pauses) clearTimeout(timer);
    await Promise.all(this.#hosts.map((host) => this.#end(host)));
    await this.#turn; // threads that died may hold their ports until then
  }

  async #end(host: Host): Promise<void> {
    const { pool, stream, isLoaded } = host;
    host.pool = undefined;
    host.stream = undefined;
    if (pool === undefined) return;
    if (stream !== undefined) {
      await within(
        stopLimitMs,
        pool.run(undefined, { name: 'stop' }).catch(() => undefined),
      );
    }
    stream?.close();
    // Some versions of Node abort when a worker is ended that still loads.
    await within(startLimitMs, isLoaded);
    await pool.destroy();
  }

  /** A life of a shard begins, in a new worker. */
  async #begin(shard: number): Promise<void> {
    const host = this.#host(shard);
    const vitals = new Vitals();
    const pool = new Piscina({
      filename: this.#options.module.href,
      minThreads: 0, // or a thread that dies is replaced, by one that nobody wants
      maxThreads: 1,
      idleTimeout: Number.POSITIVE_INFINITY,
      concurrentTasksPerWorker: 1024,
      atomics: 'disabled',
      recordTiming: false,
    });
    pool.on('error', (error: Error) => this.#user.warning(`Shard ${shard}: ${error.message}`));
    host.pool = pool;
    host.beganAtMs = performance.now();
    const life = lifeIn(pool);
    host.isLoaded = Promise.race([new Promise((resolve) => pool.once('workerCreate', resolve)), life]);
    const { port1, port2 } = new MessageChannel();
    const stream = new Stream<Command, ShardNews>(port1, {
      received: (news, done) => this.#hear(shard, news, done),
      unpack: unpackNews,
    });
    try {
      const plan = this.#planOf(shard, port2, vitals);
      const starting = pool.run({ plan, told: this.#options.told() }, { name: 'start', transferList: [port2] });
      starting.catch(() => undefined); // as the life
      const died = life.then((cause) => Promise.reject(new SipError('SIP_SHARD_LOST', `its worker died: ${cause}`)));
      const started = (await within(startLimitMs, Promise.race([died, starting]))) as Started | undefined;
      if (started === undefined) throw new SipError('SIP_SHARD_LOST', 'its worker has not started');
      if ('code' in started) throw errorOf(started);
      if (host.pool !== pool) throw new SipError('SIP_CLOSED', 'The stack was closed.');
      host.locals = started;
    } catch (error) {
      stream.close();
      host.pool = undefined;
      await pool.destroy();
      throw error;
    }
    host.stream = stream;
    host.vitals = vitals;
    host.lives++;
    this.#connect(shard);
    void life.then((cause) => this.#lost(shard, stream, cause));
  }

  #planOf(shard: number, port: MessagePort, vitals: Vitals): ShardPlan {
    const { lives } = this.#host(shard);
    return {
      shard,
      shards: this.count,
      life: lives,
      transports: this.#transportsOf(shard),
      shared: this.#sharedBy(shard),
      slotKey: this.#crosses ? this.#slotKey : undefined,
      port,
      vitals: vitals.memory,
    };
  }

  /** Ways between a shard that has just begun and all that are up. */
  #connect(shard: number): void {
    if (!this.#crosses) return;
    for (const neighbour of this.#hosts.keys()) {
      if (neighbour === shard || !this.isUp(neighbour)) continue;
      const [there, back] = [createRing(), createRing()];
      const { port1, port2 } = new MessageChannel();
      this.#tell(shard, 'connect', { shard: neighbour, link: { out: there, in: back, bell: port1 } }, [port1]);
      this.#tell(neighbour, 'connect', { shard, link: { out: back, in: there, bell: port2 } }, [port2]);
    }
  }

  #transportsOf(shard: number): TransportDescription[] {
    const { transports, perShardPorts } = this.#options;
    const host = this.#host(shard);
    return transports.map((transport, index) => {
      const known = host.locals[index]?.port;
      const own = perShardPorts && transport.port !== 0 ? transport.port + shard : transport.port;
      return { ...transport, port: known ?? own };
    });
  }

  /** The ports are known once a shard has been up. The first shard accepts connections, also when it is begun again. */
  #sharedBy(shard: number): ShardPlan['shared'] {
    const known = this.#hosts.find(({ locals }) => locals.length > 0);
    if (!this.#crosses || known === undefined) return undefined;
    const held = this.#hosts.some((host, other) => other !== shard && host.stream !== undefined);
    return known.locals.map(({ port }) => ({ port, held, listens: shard === 0 }));
  }

  #hear(shard: number, news: readonly ShardNews[], done: () => void): void {
    const events = news.filter((each) => each.kind !== 'warning');
    for (const each of news) if (each.kind === 'warning') this.#user.warning(each.message);
    this.#user.heard(shard, events, done);
  }

  /** One that waits in a debugger is not busy. */
  #look(): void {
    if (inspectorUrl() !== undefined) return;
    for (const [shard, { stream, vitals }] of this.#hosts.entries()) {
      if (stream === undefined || vitals === undefined || !this.#watchdog.isSilent(shard, vitals.beats)) continue;
      this.#lost(shard, stream, `its thread has not turned for ${(silentRoundsMax * watchMs) / 1000} s`);
    }
  }

  #lost(shard: number, stream: Stream<Command, ShardNews>, reason: string): void {
    const host = this.#host(shard);
    if (this.#destroyed !== undefined || host.stream !== stream) return;
    stream.drain(); // what it has said it has done
    host.stream = undefined;
    stream.close();
    const dialogs = host.vitals?.dialogs ?? 0;
    this.#bury(shard);
    for (const neighbour of this.#hosts.keys()) this.#tell(neighbour, 'disconnect', { shard });
    this.#user.lost(shard, reason, dialogs);
    const pool = host.pool;
    host.pool = undefined;
    host.pauseMs = performance.now() - host.beganAtMs > soundAfterMs ? 0 : this.#longer(host);
    const ended = pool?.destroy();
    this.#turn = this.#turn.then(() => ended && within(endLimitMs, ended));
    this.#beginLater(shard);
  }

  /** What a life had counted is not lost with it. */
  #bury(shard: number): void {
    const host = this.#host(shard);
    host.vitals?.addTo(host.formerCounters);
    host.formerShed += host.vitals?.shed ?? 0;
    host.vitals = undefined;
    this.#watchdog.forget(shard);
  }

  /** The first death is taken for bad luck. */
  #longer({ pauseMs, lives }: Host): number {
    return lives <= 1 ? 0 : Math.min(pauseMaxMs, Math.max(pauseMinMs, 2 * pauseMs));
  }

  #beginLater(shard: number): void {
    const timer = setTimeout(() => {
      this.#pauses.delete(timer);
      this.#turn = this.#turn.then(() => within(turnLimitMs, this.#beginAgain(shard)));
    }, this.#host(shard).pauseMs);
    this.#pauses.add(timer);
  }

  async #beginAgain(shard: number): Promise<void> {
    if (this.#destroyed !== undefined) return;
    const host = this.#host(shard);
    try {
      await this.#begin(shard);
    } catch (error) {
      if (this.#destroyed !== undefined) return;
      host.pauseMs = Math.min(pauseMaxMs, Math.max(pauseMinMs, 2 * host.pauseMs));
      const reason = error instanceof Error ? error.message : String(error);
      this.#user.warning(`Shard ${shard} could not be started anew: ${reason}`);
      this.#beginLater(shard);
      return;
    }
    if (this.#destroyed === undefined) this.#user.begunAnew(shard);
  }

  #tell(shard: number, name: 'connect' | 'disconnect', task: object, transferList: MessagePort[] = []): void {
    if (!this.#crosses || !this.isUp(shard)) return;
    this.#host(shard)
      .pool?.run(task, { name, transferList })
      .catch(() => undefined); // it is dying, too
  }

  #host(shard: number): Host {
    const host = this.#hosts[shard];
    if (host === undefined) throw new RangeError(`there is no shard ${shard}`);
    return host;
  }
}

/** What a promise gives, or undefined when it takes too long. */
async function within<V>(ms: number, promise: Promise<V>): Promise<V | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), ms);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

/**
 * Ends when the thread of a pool has ended; gives what it died of. Whatever that was: a thread may throw `null`, or be ended before it has
 * taken its first task.
 */
async function lifeIn(pool: Piscina): Promise<string> {
  const ended = new Promise<never>((_, reject) => {
    pool.once('workerDestroy', () => setImmediate(reject, new Error('its thread has ended')));
  });
  try {
    return inspect(await Promise.race([pool.run(undefined, { name: 'live' }), ended]));
  } catch (error) {
    return error instanceof Error ? error.message : inspect(error);
  }
}

function errorOf({ code, message }: Failure): SipError {
  return code === 'SIP_USAGE' ? new UsageError(message) : new SipError(code, message);
}
