import { randomBytes } from 'node:crypto';
import { MessageChannel } from 'node:worker_threads';
import { Piscina } from 'piscina';
import type { Address, Failure } from '../contract.ts';
import type { Command } from '../engine/command.ts';
import { asSipError, SipError, UsageError } from '../errors.ts';
import type { Link } from './neighbours.ts';
import { createRing } from './ring.ts';
import type { Shards, ShardsUser } from './shards.ts';
import { Slots, slotKeySize } from './slots.ts';
import { Stream } from './stream.ts';
import type { TransportDescription } from './transport-description.ts';
import type { ShardNews, ShardPlan } from './worker-shard.ts';

/** What shards in threads of their own are made of. `T` is what each is told beside its plan: plain data. */
export interface WorkersOptions<T> {
  readonly count: number;
  readonly transports: readonly TransportDescription[];
  /** Each shard takes the ports behind those of the one before; else all share one of each transport. */
  readonly perShardPorts: boolean;
  /** The module that each worker runs: its exports are tasks, as `WorkerTasks` has them. */
  readonly module: URL;
  readonly told: T;
}

/** The tasks of a worker's module. Piscina carries them: they are the control plane alone. */
export interface WorkerTasks<T> {
  /** Opens the sockets; gives where the shard is reached, or why it is not. An Error would lose its code on its way. */
  start(task: { readonly plan: ShardPlan; readonly told: T }): Promise<readonly Address[] | Failure>;
  /** Another shard is there, or was replaced. */
  connect(task: { readonly shard: number; readonly link: Link }): void;
  disconnect(task: { readonly shard: number }): void;
  stop(): Promise<void>;
  /** Never ends: it is rejected when the worker dies. */
  live(): Promise<never>;
}

/** A worker that could not be started again is tried again so much later. */
const againAfterMs = 1000;

/**
 * Starts the shards of a stack, each in a worker of its own.
 *
 * One pool for each, of one thread: which shard a task is for is then no question, and a thread that dies is replaced by the pool. Without
 * `atomics: 'disabled'` a worker would sleep between tasks, and its sockets and timers with it.
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
  readonly pool: Piscina;
  readonly shed: SharedArrayBuffer;
  /** Undefined while the shard is not up. */
  stream: Stream<Command, ShardNews> | undefined;
  locals: readonly Address[];
}

class Workers<T> implements Shards {
  readonly #options: WorkersOptions<T>;
  readonly #user: ShardsUser;
  readonly #hosts: Host[] = [];
  readonly #slotKey: Uint8Array | undefined;
  readonly #slots: Slots | undefined;
  #destroyed: Promise<void> | undefined;

  constructor(options: WorkersOptions<T>, user: ShardsUser) {
    this.#options = options;
    this.#user = user;
    if (options.perShardPorts || options.count === 1) return;
    this.#slotKey = new Uint8Array(randomBytes(slotKeySize));
    this.#slots = new Slots(this.#slotKey, options.count);
  }

  get count(): number {
    return this.#options.count;
  }

  get locals(): readonly Address[] {
    const hosts = this.#options.perShardPorts ? this.#hosts : this.#hosts.slice(0, 1);
    return hosts.flatMap(({ locals }) => locals);
  }

  get shed(): number {
    return this.#hosts.reduce((sum, { shed }) => sum + Atomics.load(new Int32Array(shed), 0), 0);
  }

  isUp(shard: number): boolean {
    return this.#hosts[shard]?.stream !== undefined;
  }

  ownerOf(callId: string): number {
    const bytes = new TextEncoder().encode(callId);
    return this.#slots?.ownerOf(bytes, 0, bytes.length) ?? 0;
  }

  command(shard: number, command: Command): void {
    const stream = this.#hosts[shard]?.stream;
    if (stream === undefined) throw new SipError('SIP_SHARD_LOST', `Shard ${shard} is being started anew.`);
    stream.write(command);
  }

  async start(): Promise<void> {
    for (let shard = 0; shard < this.count; shard++) {
      const pool = new Piscina({
        filename: this.#options.module.href,
        minThreads: 1,
        maxThreads: 1,
        idleTimeout: Number.POSITIVE_INFINITY,
        concurrentTasksPerWorker: 1024,
        atomics: 'disabled',
        recordTiming: false,
      });
      pool.on('error', (error: Error) => this.#user.warning(`Shard ${shard}: ${error.message}`));
      const shed = new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT);
      this.#hosts.push({ pool, shed, stream: undefined, locals: [] });
    }
    // One after the other: the first one finds out whether a port is free, and which.
    for (const shard of this.#hosts.keys()) await this.#begin(shard);
  }

  destroy(): Promise<void> {
    this.#destroyed ??= this.#stop();
    return this.#destroyed;
  }

  async #stop(): Promise<void> {
    await Promise.all(
      this.#hosts.map(async (host) => {
        if (host.stream !== undefined) await host.pool.run(undefined, { name: 'stop' }).catch(() => undefined);
        host.stream?.close();
        host.stream = undefined;
        await host.pool.destroy();
      }),
    );
  }

  /** Has the pool's worker run a shard; what dies later is begun again. */
  async #begin(shard: number): Promise<void> {
    const host = this.#host(shard);
    const life = host.pool.run(undefined, { name: 'live' });
    life.catch(() => undefined);
    const { port1, port2 } = new MessageChannel();
    const links = this.#linksOf(shard);
    const plan: ShardPlan = {
      shard,
      shards: this.count,
      transports: this.#transportsOf(shard),
      shared: this.#sharedBy(shard),
      slotKey: this.#slotKey,
      links: links.map(({ neighbour, own }) => [neighbour, own]),
      port: port2,
      shed: host.shed,
    };
    const stream = new Stream<Command, ShardNews>(port1, {
      received: (news, done) => this.#hear(shard, news, done),
    });
    try {
      const transferList = [port2, ...links.map(({ own }) => own.bell)];
      const started: readonly Address[] | Failure = await host.pool.run(
        { plan, told: this.#options.told },
        { name: 'start', transferList },
      );
      if ('code' in started) throw errorOf(started);
      host.locals = started;
    } catch (error) {
      stream.close();
      throw error;
    }
    host.stream = stream;
    for (const { neighbour, other } of links) this.#tell(neighbour, 'connect', { shard, link: other }, [other.bell]);
    life.catch((error: Error) => this.#lost(shard, stream, error));
  }

  /** Ways to all that are up. */
  #linksOf(shard: number): { readonly neighbour: number; readonly own: Link; readonly other: Link }[] {
    if (this.#slots === undefined) return [];
    const others = [...this.#hosts.keys()].filter((neighbour) => neighbour !== shard && this.isUp(neighbour));
    return others.map((neighbour) => {
      const [there, back] = [createRing(), createRing()];
      const { port1, port2 } = new MessageChannel();
      return {
        neighbour,
        own: { out: there, in: back, bell: port1 },
        other: { out: back, in: there, bell: port2 },
      };
    });
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

  /** The ports that others hold. The first shard accepts connections, also when it is begun again. */
  #sharedBy(shard: number): ShardPlan['shared'] {
    const holder = this.#hosts.find((host, other) => other !== shard && host.stream !== undefined);
    if (this.#slots === undefined || holder === undefined) return undefined;
    return holder.locals.map(({ port }) => ({ port, listens: shard === 0 }));
  }

  #hear(shard: number, news: readonly ShardNews[], done: () => void): void {
    const events = news.filter((each) => each.kind !== 'warning');
    for (const each of news) if (each.kind === 'warning') this.#user.warning(each.message);
    this.#user.heard(shard, events, done);
  }

  #lost(shard: number, stream: Stream<Command, ShardNews>, error: Error): void {
    const host = this.#host(shard);
    if (this.#destroyed !== undefined || host.stream !== stream) return;
    host.stream = undefined;
    stream.close();
    for (const neighbour of this.#hosts.keys()) this.#tell(neighbour, 'disconnect', { shard });
    this.#user.lost(shard, error.message);
    void this.#beginAgain(shard);
  }

  async #beginAgain(shard: number): Promise<void> {
    while (this.#destroyed === undefined) {
      try {
        await this.#begin(shard);
        this.#user.begunAnew(shard);
        return;
      } catch (error) {
        if (this.#destroyed !== undefined) return;
        const reason = error instanceof Error ? error.message : String(error);
        this.#user.warning(`Shard ${shard} could not be started anew: ${reason}`);
        await new Promise((resolve) => setTimeout(resolve, againAfterMs));
      }
    }
  }

  #tell(shard: number, name: 'connect' | 'disconnect', task: object, transferList: Link['bell'][] = []): void {
    if (this.#slots === undefined || !this.isUp(shard)) return;
    this.#host(shard)
      .pool.run(task, { name, transferList })
      .catch(() => undefined); // it is dying, too
  }

  #host(shard: number): Host {
    const host = this.#hosts[shard];
    if (host === undefined) throw new RangeError(`there is no shard ${shard}`);
    return host;
  }
}

function errorOf({ code, message }: Failure): SipError {
  return code === 'SIP_USAGE' ? new UsageError(message) : new SipError(code, message);
}
