import type { Application } from './application.ts';
import { SipError, UsageError } from './errors.ts';
import { MainShare } from './main-share.ts';
import { OnlyShard } from './shard/in-thread.ts';
import { transportOf } from './shard/transport-description.ts';
import { failureOf, type ShardPlan, WorkerShard } from './shard/worker-shard.ts';
import type { WorkerTasks } from './shard/workers.ts';
import { Stack } from './stack.ts';
import { type ResolvedOptions, resolveOptions, type StackOptions } from './stack-options.ts';

/*
 * The module that a shard's worker runs; its exports are the tasks of its pool. Where the application runs beside its dialogs, a stack of
 * one shard stands here between the two, and the facade of the main thread hears only of what it has asked for itself.
 */

/** What a worker is told beside its plan. */
export interface ToldToShard {
  /** The program's options without what cannot leave its thread. */
  readonly options: Omit<StackOptions, 'transports' | 'application' | 'clock' | 'random'>;
  /** The module of an application that runs here, as a URL. */
  readonly application: string | undefined;
  /** What the application of the main thread does. */
  readonly takesCalls: boolean;
  readonly reportsRefusals: boolean;
  readonly refreshesRegistration: boolean;
}

/** What a module of an application exports: as `application`, the application, or a function that makes it for the shard's stack. */
export type ApplicationModule = {
  readonly application: Application | ((stack: ShardStack) => Application | Promise<Application>);
};

/** The stack of one shard, for the application inside it. What concerns all shards is the main thread's. */
export type ShardStack = Pick<
  Stack,
  'invite' | 'adopt' | 'heal' | 'counts' | 'counters' | 'memory' | 'locals' | 'hops' | 'shed'
>;

let shard: WorkerShard | undefined;

type Tasks = WorkerTasks<ToldToShard>;

export const start: Tasks['start'] = async ({ plan, told }) => {
  try {
    shard = told.application === undefined ? await startPlain(plan, told) : await startBeside(plan, told);
    return shard.locals;
  } catch (error) {
    return failureOf(error);
  }
};

export const connect: Tasks['connect'] = (task) => shard?.connect(task.shard, task.link);

export const disconnect: Tasks['disconnect'] = (task) => shard?.neighbourLost(task.shard);

export const stop: Tasks['stop'] = async () => shard?.destroy();

export const live: Tasks['live'] = () => new Promise<never>(() => {});

function startPlain(plan: ShardPlan, told: ToldToShard): Promise<WorkerShard> {
  const { takesCalls, reportsRefusals, refreshesRegistration } = told;
  const resolved = resolve(plan, told, {});
  const recovery = { ...resolved.recovery, refreshesRegistration };
  return WorkerShard.start(plan, { ...resolved, takesCalls, reportsRefusals, recovery });
}

async function startBeside(plan: ShardPlan, told: ToldToShard): Promise<WorkerShard> {
  let started: WorkerShard | undefined;
  let stack: Stack | undefined;
  const here = (): Stack => {
    if (stack === undefined) throw new SipError('SIP_CLOSED', 'The shard is not open yet.');
    return stack;
  };
  const application = await applicationOf(told.application ?? '', shardStackOf(here));
  const resolved = resolve(plan, told, application);
  stack = new Stack(resolved, true);
  const share = new MainShare();
  await stack.open(async (user) => {
    started = await WorkerShard.start(plan, resolved, {
      asked: (command) => {
        share.asked(command);
        if (command.name === 'hops') stack?.noteHops(command.hops);
      },
      heard: (events) => {
        const ours = events.filter((event) => !share.isAnswer(event));
        if (ours.length > 0) user.heard(0, ours, () => {});
        return share.of(events);
      },
      warning: (message) => user.warning(message),
    });
    const shard = started;
    return new OnlyShard(shard, (record) => shard.needOwn(record));
  });
  if (started === undefined) throw new SipError('SIP_CLOSED', 'The shard was not started.');
  return started;
}

async function applicationOf(module: string, stack: ShardStack): Promise<Application> {
  const loaded = await moduleOf(module);
  const { application = loaded.default?.application } = loaded;
  const given = typeof application === 'function' ? await made(module, () => application(stack)) : application;
  if (typeof given === 'object' && given !== null) return given;
  throw new UsageError(`application: ${module} exports no 'application', an object or a function that gives one.`);
}

async function made(module: string, make: () => Application | Promise<Application>): Promise<Application> {
  try {
    return await make();
  } catch (error) {
    throw new UsageError(`application: ${module} gives none: ${error instanceof Error ? error.message : error}`);
  }
}

/** Of a CommonJS module not every export has a name. */
async function moduleOf(module: string): Promise<Partial<ApplicationModule & { readonly default: ApplicationModule }>> {
  try {
    // biome-ignore lint/plugin: the module is the program's own, which no layer of ours reaches
    return (await import(module)) as Partial<ApplicationModule>;
  } catch (error) {
    throw new UsageError(`application: ${module} cannot be loaded: ${error instanceof Error ? error.message : error}`);
  }
}

function resolve(
  { shards, transports }: ShardPlan,
  { options }: ToldToShard,
  application: Application,
): ResolvedOptions {
  const { shards: _shards, perShardPorts: _perShardPorts, ...rest } = options;
  const resolved = resolveOptions({ ...rest, transports: transports.map(transportOf), application });
  const { dialogCapacity, transactionCapacity } = resolved;
  return {
    ...resolved,
    dialogCapacity: shareOf(dialogCapacity, shards),
    transactionCapacity: shareOf(transactionCapacity, shards),
  };
}

/** A tenth more than an equal share, since Call-IDs of others fall as they fall. */
function shareOf(capacity: number, shards: number): number {
  return shards === 1 ? capacity : Math.min(capacity, Math.ceil((1.1 * capacity) / shards) + 64);
}

function shardStackOf(stack: () => Stack): ShardStack {
  return {
    invite: (target, options) => stack().invite(target, options),
    adopt: (record) => stack().adopt(record),
    heal: () => stack().heal(),
    counts: () => stack().counts(),
    counters: () => stack().counters(),
    memory: () => stack().memory(),
    get locals() {
      return stack().locals;
    },
    get hops() {
      return stack().hops;
    },
    get shed() {
      return stack().shed;
    },
  };
}
