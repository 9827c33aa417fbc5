import type { Application } from './application.ts';
import {
  needClock,
  needFlag,
  needFunction,
  needLine,
  needList,
  needObject,
  needText,
  needTransports,
  positive,
  refuseUnknown,
  shown,
  whole,
} from './checks.ts';
import type { Hash, RandomSource } from './contract.ts';
import type { Credentials } from './dialog/keyring.ts';
import type { ChallengeOptions } from './engine/challenger.ts';
import type { TrustRule } from './engine/trust.ts';
import { UsageError } from './errors.ts';
import { addressOfText } from './message/numeric-address.ts';
import { parseUriText } from './message/uri.ts';
import type { RecoveryMode } from './recovery/classify.ts';
import type { ListedHop } from './recovery/hops.ts';
import type { RecoveryWishes } from './recovery/policy.ts';
import type { RouteSetPolicy } from './recovery/route-set-policy.ts';
import type { Clock, Transport } from './shard/inline.ts';
import { coresForShards, systemClock, systemHash, systemRandom } from './shard/system.ts';

/** A next hop that may carry our dialogs. */
export interface HopDescription {
  /** `sip:` with a numeric host, a port, and the transport as a parameter where it is not UDP. */
  readonly uri: string;
  /** Share of the dialogs, relative to the other hops. Default 1. */
  readonly weight?: number;
}

/** What a stack is made of. Only `transports` has no default. */
export interface StackOptions {
  /** Where the stack listens: `udp({ host, port })`, or a memory network's. */
  readonly transports: readonly Transport[];
  /** The next hops allowed, in the order of preference for ties. Without any, calls go straight to their targets. */
  readonly hops?: readonly (string | HopDescription)[];
  /**
   * What the program does about what happens. With shards it may also be the URL of a module that exports `application`, an `Application` or a
   * function that makes one for its shard's stack: it is loaded in each shard, and runs beside the dialogs there.
   */
  readonly application?: Application | URL;
  /**
   * Threads that the dialogs are spread over. 0, the default: none, all happens in the thread of the caller. `'auto'`: one for each core but
   * one. At most 32.
   */
  readonly shards?: number | 'auto';
  /**
   * Each shard has ports of its own: those given, and so many higher as its number is. Its dialogs name them in Via and Contact, so no message
   * has to cross to another shard. Default false: all shards are reached by one port.
   */
  readonly perShardPorts?: boolean;
  readonly recovery?: {
    /**
     * Default `maximum`: recover forever. `limited` holds requests while a route is broken, and ends the session after 6 failed heals or 3
     * minutes. `none` leaves dialogs to RFC 5057 and RFC 4028.
     */
    readonly mode?: RecoveryMode;
    /** Default `ms-sipre`; `rfc3261` never rewrites a route set, and is what goes with `none`. */
    readonly routeSet?: RouteSetPolicy;
    /**
     * Leaves breaks to the far end to mend, as UCMA 2.0 did, but where a server says that only we can. `dialog.heal()` still heals.
     * Default false.
     */
    readonly passive?: boolean;
    /**
     * A hop that carries dialogs is asked by OPTIONS so often whether it lives, and so is a dead one whether it is back. It is dead
     * when three in a row bring nothing from it: the silence of a hop is known after four of these intervals at most, and a hop
     * that takes longer than two of them to answer is taken for dead. Sooner where a request has waited 3.5 s in vain; at once
     * where the connection is lost or the port refused. Default 375 (1.5 s), from 100 to 60,000.
     */
    readonly probeIntervalMs?: number;
    /**
     * With an empty route set a request goes to the hop that last worked. `true`: straight to the remote target instead, where
     * that is numeric and the hop is none of the list. Calls that were set up without a hop go straight to their peer anyway.
     */
    readonly allowDirect?: boolean;
    /**
     * Route of a heal, as URIs of loose routers. Default `none`: the hop alone decides where it goes ([MS-SIPRE] §4.6), and one that
     * refuses that gets a Route that names it.
     */
    readonly healingRoute?: 'none' | readonly string[];
    /** Whose refreshes may rewrite our route sets. Default `hops`; `dialog-tags` is for networks that nobody else reaches. */
    readonly trust?: TrustRule;
    /**
     * Asks for proof, by a 401, of whoever else sends a refresh that would rewrite a route set. Left out, such a refresh is answered
     * without touching the route set.
     */
    readonly challenge?: ChallengeOptions;
    /** A break that lasts for so long is given up and its session ended, with the reason `recovery-failed`. Default: none, in `limited` 3 minutes. */
    readonly deadlineMs?: number;
    /**
     * Default `doubling`: a failed heal is tried again after 2, 4, 8, 16, 32, 60, 60 … s. `ms-sipre` differs where a server answers that only the far end
     * can mend the route: not sooner than the session interval after. @see [MS-SIPRE] §3.7.5.3.4
     */
    readonly schedule?: 'doubling' | 'ms-sipre';
    /** With `doubling`, after such answers, the delay goes on doubling up to this. Default 60,000, at most a day. */
    readonly waitCapMs?: number;
    /** A session without media, as `dialog.reportMedia` tells, is ended when its route has been broken for so long. Default 900,000. */
    readonly mediaTimeoutMs?: number;
    /**
     * Puts a new dialog in the place of one that cannot be healed, and lets peers do so: INVITE with Replaces, the ladder's last rung.
     * The dialog keeps its handle and gets another Call-ID. Default false. @see RFC 3891
     */
    readonly replaces?: boolean;
  };
  /**
   * What challenges are answered with: 401 and 407, of any proxy and of the far end. Those of the challenge's realm, else those
   * without a realm, which whoever asks is given a digest of. @see RFC 3261 §22
   */
  readonly credentials?: readonly Credentials[];
  readonly sessionTimer?: {
    /** Seconds asked for, at least 90; 0 asks for none, but grants what the peer asks for. Default 1,800. @see RFC 4028 §4 */
    readonly intervalS?: number;
  };
  /** Base values of SIP's timers in milliseconds. @see RFC 3261 §17.1.1.1 */
  readonly timers?: { readonly t1Ms?: number; readonly t2Ms?: number; readonly t4Ms?: number };
  readonly limits?: {
    /** Dialogs at once; one more is refused with 503. Their columns are reserved at once, and committed when used. */
    readonly dialogs?: number;
    /** Client transactions at once, and as many server transactions. */
    readonly transactions?: number;
  };
  /** Time and turns: a `VirtualClock` in tests. */
  readonly clock?: Clock;
  /** Fills arrays with random octets: a seeded source in tests. */
  readonly random?: RandomSource;
}

/** Options with every default filled in. */
export interface ResolvedOptions {
  readonly transports: readonly Transport[];
  readonly hops: readonly ListedHop[];
  /** Empty where it runs in the shards. */
  readonly application: Application;
  /** 0: all happens in this thread. */
  readonly shardCount: number;
  readonly perShardPorts: boolean;
  readonly mode: RecoveryMode;
  readonly policy: RouteSetPolicy;
  readonly recovery: RecoveryWishes;
  readonly takesCalls: boolean;
  readonly reportsRefusals: boolean;
  readonly trust: TrustRule;
  readonly challenge: ChallengeOptions | undefined;
  readonly credentials: readonly Credentials[];
  readonly sessionIntervalS: number;
  readonly timers: { readonly t1Ms?: number; readonly t2Ms?: number; readonly t4Ms?: number };
  readonly dialogCapacity: number;
  readonly transactionCapacity: number;
  readonly clock: Clock;
  readonly random: RandomSource;
  readonly hash: Hash;
}

/** A flow id has five bits for the shard. */
const shardMax = 32;
/** What recovery takes from peers as well. */
const healingRouteMax = 30;
/** 30 days: no session that is still broken then is anybody's. */
const deadlineMaxMs = 2_592_000_000;
/** With two timers for each, and for each transaction, these fit on a wheel, which holds 16 million. */
const dialogCapacityMax = 2 ** 22;
const transactionCapacityMax = 2 ** 20 - 1;

/** Checks options and fills in the defaults. @throws UsageError that names the option. */
export function resolveOptions(options: StackOptions): ResolvedOptions {
  needObject('createStack()', options);
  for (const name of ['application', 'recovery', 'sessionTimer', 'timers', 'limits'] as const) {
    if (options[name] !== undefined) needObject(name, options[name]);
  }
  const { recovery = {}, sessionTimer = {}, timers = {}, limits = {} } = options;
  refuseUnknown('', options, [
    'transports',
    'hops',
    'application',
    'shards',
    'perShardPorts',
    'recovery',
    'credentials',
    'sessionTimer',
    'timers',
    'limits',
    'clock',
    'random',
  ]);
  refuseUnknown('recovery.', recovery, recoveryNames);
  refuseUnknown('sessionTimer.', sessionTimer, ['intervalS']);
  refuseUnknown('timers.', timers, ['t1Ms', 't2Ms', 't4Ms']);
  refuseUnknown('limits.', limits, ['dialogs', 'transactions']);
  const shardCount = resolveShards(options);
  const application = options.application instanceof URL ? {} : (options.application ?? {});
  const isInShards = options.application instanceof URL;
  refuseUnknown('application.', application, handlerNames);
  const { transports } = options;
  needTransports(transports);
  needClock(options.clock);
  needFunction('random', options.random);
  for (const [name, handler] of Object.entries(application)) needFunction(`application.${name}`, handler);
  const { mode = 'maximum', routeSet = 'ms-sipre', trust = 'hops' } = recovery;
  if (mode !== 'none' && mode !== 'limited' && mode !== 'maximum')
    throw new UsageError("recovery.mode is 'none', 'limited' or 'maximum'.");
  if (routeSet !== 'ms-sipre' && routeSet !== 'rfc3261')
    throw new UsageError("recovery.routeSet is 'ms-sipre' or 'rfc3261'.");
  if (trust !== 'hops' && trust !== 'dialog-tags') throw new UsageError("recovery.trust is 'hops' or 'dialog-tags'.");
  const { intervalS = 1800 } = sessionTimer;
  if (intervalS !== 0) whole('sessionTimer.intervalS', intervalS, 90, 2 ** 31 - 1);
  for (const [name, value] of Object.entries(timers))
    if (value !== undefined) positive(`timers.${name}`, value, 1, 60_000);
  return {
    transports: options.transports,
    hops: resolveHops(options.hops ?? [], protocolsOf(transports)),
    application,
    shardCount,
    perShardPorts: options.perShardPorts ?? false,
    mode,
    policy: mode === 'none' ? 'rfc3261' : routeSet,
    recovery: resolveRecovery(recovery, application.refreshRegistration !== undefined),
    takesCalls: isInShards || application.onCall !== undefined,
    reportsRefusals: application.onRefused !== undefined,
    trust,
    challenge: recovery.challenge === undefined ? undefined : resolveChallenge(recovery.challenge),
    credentials: resolveCredentials(options.credentials ?? []),
    sessionIntervalS: intervalS,
    timers,
    dialogCapacity: whole('limits.dialogs', limits.dialogs ?? 131_072, 1, dialogCapacityMax),
    transactionCapacity: whole('limits.transactions', limits.transactions ?? 262_144, 1, transactionCapacityMax),
    clock: options.clock ?? systemClock,
    random: options.random ?? systemRandom,
    hash: systemHash,
  };
}

/** @throws UsageError where shards are asked for and something cannot go there */
function resolveShards({ shards = 0, perShardPorts = false, application, clock, random }: StackOptions): number {
  needFlag('perShardPorts', perShardPorts);
  const count = shards === 'auto' ? coresForShards() : whole('shards', shards, 0, shardMax);
  if (count === 0) {
    if (application instanceof URL) throw new UsageError('application: a module is run by shards, and there are none.');
    if (perShardPorts) throw new UsageError('perShardPorts: there are no shards.');
  } else if (clock !== undefined || random !== undefined) {
    throw new UsageError(`${clock === undefined ? 'random' : 'clock'}: shards have those of the system.`);
  }
  return count;
}

const recoveryNames: readonly (keyof NonNullable<StackOptions['recovery']>)[] = [
  'mode',
  'routeSet',
  'passive',
  'probeIntervalMs',
  'deadlineMs',
  'schedule',
  'waitCapMs',
  'mediaTimeoutMs',
  'allowDirect',
  'healingRoute',
  'replaces',
  'trust',
  'challenge',
];

function resolveRecovery(
  recovery: NonNullable<StackOptions['recovery']>,
  refreshesRegistration: boolean,
): RecoveryWishes {
  const { passive = false, deadlineMs, schedule = 'doubling', waitCapMs = 60_000 } = recovery;
  const { allowDirect = false, healingRoute = 'none', mediaTimeoutMs, replaces = false } = recovery;
  const { probeIntervalMs } = recovery;
  needFlag('recovery.replaces', replaces);
  needFlag('recovery.allowDirect', allowDirect);
  needFlag('recovery.passive', passive);
  if (schedule !== 'doubling' && schedule !== 'ms-sipre')
    throw new UsageError("recovery.schedule is 'doubling' or 'ms-sipre'.");
  return {
    passive,
    probeIntervalMs:
      probeIntervalMs === undefined ? undefined : positive('recovery.probeIntervalMs', probeIntervalMs, 100, 60_000),
    schedule,
    waitCapMs: positive('recovery.waitCapMs', waitCapMs, 60_000, 86_400_000),
    deadlineMs: wish('recovery.deadlineMs', deadlineMs),
    mediaTimeoutMs: wish('recovery.mediaTimeoutMs', mediaTimeoutMs),
    refreshesRegistration,
    allowDirect,
    healingRoute: healingRoute === 'none' ? '' : routeOf(healingRoute),
    replaces,
  };
}

function wish(name: string, ms: number | undefined): number | undefined {
  return ms === undefined ? undefined : positive(name, ms, 1, deadlineMaxMs);
}

/** What a stack with these transports speaks. */
export function protocolsOf(transports: readonly { readonly protocol: string }[]): readonly string[] {
  return transports.map(({ protocol }) => protocol);
}

/** Reads a list of hops, which are reached by one of these protocols. @throws UsageError that names the hop. */
export function resolveHops(hops: readonly (string | HopDescription)[], protocols: readonly string[]): ListedHop[] {
  const listed = needList('hops', hops).map((hop) => {
    if (typeof hop !== 'string') {
      needObject('hops: each entry', hop);
      refuseUnknown('hops: ', hop, ['uri', 'weight']);
    }
    const { uri, weight = 1 } = typeof hop === 'string' ? { uri: hop } : hop;
    needText('hops: the uri of each entry', uri);
    if (parseUriText(uri) === undefined) throw new UsageError(`hops: '${uri}' is no SIP URI.`);
    const address = addressOfText(uri);
    if (address === undefined)
      throw new UsageError(`hops: '${uri}' needs the scheme sip and a numeric host: names are not looked up.`);
    if (!protocols.includes(address.protocol))
      throw new UsageError(`hops: '${uri}' is reached by ${address.protocol}, for which there is no transport.`);
    return { address, weight: positive(`hops: weight of ${uri}`, weight, 1, 1000) };
  });
  const keys = listed.map(({ address }) => `${address.protocol} ${address.host} ${address.port}`);
  const twice = keys.find((key, index) => keys.indexOf(key) !== index);
  if (twice !== undefined) throw new UsageError(`hops: ${twice} is listed twice.`);
  return listed;
}

function resolveChallenge(challenge: ChallengeOptions): ChallengeOptions {
  needObject('recovery.challenge', challenge);
  refuseUnknown('recovery.challenge.', challenge, ['realm', 'users']);
  const { realm, users } = challenge;
  needLine('recovery.challenge.realm', realm);
  needObject('recovery.challenge.users', users);
  for (const [name, password] of Object.entries(users)) {
    needText(`recovery.challenge.users: the password of ${name}`, password);
  }
  return { realm, users: { ...users } };
}

function resolveCredentials(list: readonly Credentials[]): Credentials[] {
  return needList('credentials', list).map((credentials, index) => {
    const name = `credentials[${index}]`;
    needObject(name, credentials);
    refuseUnknown(`${name}.`, credentials, ['realm', 'username', 'password']);
    const { realm, username, password } = credentials;
    if (realm !== undefined) needLine(`${name}.realm`, realm);
    needLine(`${name}.username`, username);
    needText(`${name}.password`, password);
    return { realm, username, password };
  });
}

/** The value of a Route header. */
function routeOf(uris: readonly string[]): string {
  if (!Array.isArray(uris) || uris.length === 0 || uris.length > healingRouteMax)
    throw new UsageError(`recovery.healingRoute is 'none' or a list of 1 to ${healingRouteMax} URIs.`);
  for (const uri of uris) {
    if (typeof uri !== 'string' || /[\s<>]/.test(uri) || parseUriText(uri)?.lr !== true)
      throw new UsageError(`recovery.healingRoute: ${shown(uri)} is no SIP URI of a loose router (;lr).`);
  }
  return uris.map((uri) => `<${uri}>`).join(', ');
}

const handlerNames: readonly (keyof Application)[] = [
  'onCall',
  'onRequest',
  'onRouteStatus',
  'onSessionChanged',
  'onEnded',
  'onRefused',
  'refreshRegistration',
  'relocateMedia',
  'onWarning',
];
