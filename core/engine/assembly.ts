import type { Address, FlowId, Outlet } from '../contract.ts';
import { Acks } from '../dialog/ack.ts';
import { Challenges } from '../dialog/challenges.ts';
import { Keyring } from '../dialog/keyring.ts';
import { SessionTimers, type SessionTimerUser } from '../dialog/session-timer.ts';
import { type DialogIndex, DialogTable } from '../dialog/table.ts';
import { sipUri } from '../message/sent-by.ts';
import { Writer } from '../message/write.ts';
import { Healer } from '../recovery/healer.ts';
import type { HealerUser } from '../recovery/healer-user.ts';
import type { Hop } from '../recovery/hop.ts';
import { Hops, type HopUser } from '../recovery/hops.ts';
import { recoveryPolicy } from '../recovery/policy.ts';
import { sipTimers } from '../time/sip-timers.ts';
import { Wheel } from '../time/wheel.ts';
import { probeBranch } from '../transaction/branch.ts';
import { ClientTransactions } from '../transaction/client.ts';
import { ServerTransactions } from '../transaction/server.ts';
import { Challenger } from './challenger.ts';
import { noCounts, type RefusalCounter } from './counters.ts';
import type { EngineEvent } from './event.ts';
import { HeldOctets } from './held-octets.ts';
import { owedByesMax } from './limits.ts';
import type { EngineOptions } from './options.ts';
import type { Parts } from './parts.ts';
import { RandomPool } from './random-pool.ts';
import { Refusals } from './refusals.ts';
import { Reporter } from './reporter.ts';
import { StatelessTags } from './stateless-tags.ts';
import { Trust } from './trust.ts';

/** What the parts are built into: where their outputs go, and who hears of what they cannot decide. */
export interface Surroundings {
  readonly outlet: Outlet;
  readonly emit: (event: EngineEvent) => void;
  /** Where a flow leads. */
  readonly remote: (flow: FlowId) => Address | undefined;
  readonly isOpen: (flow: FlowId) => boolean;
  /** Neither this nor `sessionExpired` comes while the dialog's route is broken. */
  readonly refreshDue: (dialog: DialogIndex) => void;
  readonly sessionExpired: (dialog: DialogIndex) => void;
  readonly healed: HealerUser['healed'];
  readonly healFailed: HealerUser['healFailed'];
  readonly healOvertaken: HealerUser['healOvertaken'];
  readonly brokeMeanwhile: HealerUser['brokeMeanwhile'];
  readonly givenUp: HealerUser['givenUp'];
  readonly endDialog: Parts['endDialog'];
  /** The verdict of the last rung. */
  readonly gone: (dialog: DialogIndex) => void;
  /** A hop is up again, or takes requests again. */
  readonly hopReturned: (hop: Hop) => void;
  readonly hopFree: () => void;
}

/** Builds the parts of an engine and connects them with each other. */
export function assemble(options: EngineOptions, around: Surroundings): Parts {
  const { mode, policy, locals, shard, random, dialogCapacity, transactionCapacity: capacity } = options;
  const { outlet, remote, endDialog } = around;
  const { send } = outlet;
  const pool = new RandomPool(random);
  const local = (protocol: string): Address => localOf(locals, protocol);
  const speaks = (protocol: string): boolean => locals.some((address) => address.protocol === protocol);
  const ownUri = (protocol: string | undefined): string => sipUri(local(protocol ?? ''));
  const token = (): string => pool.token();
  const fraction = (): number => pool.fraction();
  const callId = options.callIdOf === undefined ? token : (): string => options.callIdOf?.(pool.token()) ?? '';
  const recovery = recoveryPolicy(mode, options.recovery);
  const timers = sipTimers(options.timers);
  const writer = new Writer();
  const table = new DialogTable({
    capacity: dialogCapacity,
    owed: mode === 'none' ? 0 : Math.min(dialogCapacity, owedByesMax),
    hashSeed: pool.uint32(),
    resilient: mode !== 'none',
    shard,
    life: options.life ?? 0,
  });
  // A dialog waits for its refresh or its heal, with a limit beside; a transaction has two timers at most.
  const wheel = new Wheel({ nowMs: options.nowMs, capacity: 2 * table.rows + 4 * capacity });
  const reporter = new Reporter(table, around.emit);
  const clients = new ClientTransactions({ wheel, timers, shard, random, send, capacity });
  const counters = noCounts();
  const forgotten = (): void => void counters.forgottenAnswers++;
  const servers = new ServerTransactions({ wheel, timers, random, send, capacity, forgotten });
  const hops = new Hops({
    columns: table.columns,
    probing: mode !== 'none',
    probeIntervalMs: recovery.probeIntervalMs,
    allowDirect: recovery.allowDirect,
    healingRoute: recovery.healingRoute,
    wheel,
    writer,
    outlet,
    local,
    speaks,
    token,
    branch: () => probeBranch(shard, token()),
    user: hopUser(() => parts, around),
  });
  const sessions = new SessionTimers({
    table,
    wheel,
    intervalS: options.sessionIntervalS,
    user: sessionTimerUser(() => parts, around),
  });
  const acks = new Acks({
    table,
    clients,
    wheel,
    writer,
    outlet,
    repeatedForMs: timers.t1x64Ms,
    isOpen: around.isOpen,
    flowOf: (dialog) => hops.of(dialog)?.flow,
    onLost: (dialog) => {
      if (mode !== 'none' && healer.health.recovering[dialog] === 0) healer.quickHeal(dialog, 'timeout', 0, 'us');
    },
    onAnswered: (dialog, response) => healer.noteAnswer(dialog, response),
  });
  const challenges = new Challenges({
    table,
    clients,
    writer,
    keyring: new Keyring(options.credentials, options.hash, token),
  });
  const challenger = options.challenge && new Challenger(options.challenge, options.hash, token(), () => wheel.nowMs);
  const refusals = new Refusals<RefusalCounter>(
    counters,
    options.reportsRefusals ? (report) => around.emit({ kind: 'refused', report }) : undefined,
  );
  const trust = new Trust({
    rule: options.trust,
    challenger,
    hops,
    table,
    failed: (flow) => refusals.count('failedProofs', 'Wrong Credentials', remote(flow)),
  });
  const healer = new Healer({
    table,
    hops,
    transactions: clients,
    sessions,
    acks,
    challenges,
    wheel,
    writer,
    policy,
    recovery,
    healBudget: Math.floor(capacity / 2),
    windowShare: options.windowShare,
    token,
    callId,
    random: fraction,
    user: healerUser(() => parts, around),
  });
  const parts: Parts = {
    mode,
    policy,
    recovery,
    timers,
    table,
    wheel,
    writer,
    outlet,
    clients,
    servers,
    hops,
    sessions,
    acks,
    challenges,
    trust,
    healer,
    reporter,
    counters,
    refusals,
    heldOctets: new HeldOctets(),
    statelessTags: new StatelessTags(random),
    takesCalls: options.takesCalls,
    local,
    ownUri,
    remote,
    token,
    callId,
    ownsCallId: options.ownsCallId ?? ((): boolean => true),
    fraction,
    endDialog,
    epochMs: options.epochMs,
  };
  return parts;
}

function localOf(locals: readonly Address[], protocol: string): Address {
  const local = locals.find((address) => address.protocol === protocol) ?? locals[0];
  if (local === undefined) throw new RangeError('an engine needs a local address');
  return local;
}

function hopUser(parts: () => Parts, around: Surroundings): HopUser {
  return {
    hopLost: (hop, cause, flow) => {
      const { mode, clients, hops, healer } = parts();
      if (flow !== undefined) clients.failFlow(flow, cause === 'hop-silent' ? cause : 'flow-lost');
      if (mode === 'none') return;
      hops.eachDialog(hop, (dialog) => healer.breakRoute(dialog, cause, 0));
      healer.pump();
    },
    hopReturned: (hop) => {
      parts().healer.hopReturned(hop);
      around.hopReturned(hop);
    },
    hopFree: (hop) => {
      parts().healer.hopFree(hop);
      around.hopFree();
    },
    uses: (flow) => parts().clients.uses(flow) || parts().servers.uses(flow),
  };
}

/** Session timers are paused while a route is broken, but a late answer may have started the interval again. */
function sessionTimerUser(parts: () => Parts, around: Surroundings): SessionTimerUser {
  return {
    refreshDue: (dialog) => {
      if (parts().healer.health.recovering[dialog] === 0) around.refreshDue(dialog);
    },
    sessionExpired: (dialog) => {
      if (parts().healer.health.recovering[dialog] === 0) around.sessionExpired(dialog);
    },
  };
}

function healerUser(parts: () => Parts, around: Surroundings): HealerUser {
  return {
    statusChanged: (dialog) => {
      const { reporter, healer } = parts();
      reporter.emit({
        kind: 'route-status',
        dialog: reporter.dialog(dialog),
        routeStatus: healer.status(dialog),
      });
    },
    healed: around.healed,
    healFailed: around.healFailed,
    healOvertaken: around.healOvertaken,
    brokeMeanwhile: around.brokeMeanwhile,
    givenUp: around.givenUp,
    refreshRegistration: (refresh) => parts().reporter.emit({ kind: 'refresh-registration', refresh }),
    gone: around.gone,
    sessionChanged: (dialog, message) => parts().reporter.sessionChanged(dialog, message),
  };
}
