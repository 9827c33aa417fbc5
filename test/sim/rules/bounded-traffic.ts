import type { FlowId } from '../../../core/contract.ts';
import type { Happening, Rule, RuleMaker } from '../happening.ts';
import type { Place } from '../plan.ts';
import { isProbe, read } from '../reading.ts';

/** What a dialog may cause in a minute by itself: the heals that the schedule begins with, and a refresh or two, each sent 11 times in 32 s. */
const attemptsPerMinute = 8;
const copies = 11;
/** What one wish of a user may cause: three tries and two heals, an ACK for each, a BYE. */
const requestsPerWish = 8;
const windowMs = 60_000;
/** After so long no transaction of before an outage is left. */
const transactionMs = 33_000;

type Step = Extract<Happening, { kind: 'step' }>;

interface Count {
  sent: number;
  /** Requests that came: each may be answered again and again. */
  received: number;
  wishes: number;
  dialogsMost: number;
}

/**
 * Recovery traffic is bounded: in a minute an end sends its probes, what its users and its peers have asked for, and a few attempts a
 * dialog; and while no hop lives, nothing but probes and what users want. A hop that an end has not listed is not asked whether it lives:
 * a dialog on one may begin a refresh of its session, as RFC 4028 has it, before anybody can know.
 */
export const boundedTraffic: RuleMaker = {
  name: 'bounded-traffic',
  make({ plan, nowMs, addresses }, violate): Rule {
    const living: Record<Place, Set<string>> = { near: new Set(), far: new Set() };
    const counts: Record<Place, Count> = { near: fresh(0), far: fresh(0) };
    let minuteAtMs = 0;
    let outageAtMs = Number.POSITIVE_INFINITY;
    const unlisted = new Unlisted(addresses.hops.slice(0, plan.cast.hops.length));
    const inOutage: Record<Place, { requests: number; wishes: number }> = {
      near: { requests: 0, wishes: 0 },
      far: { requests: 0, wishes: 0 },
    };

    function closeMinute(): void {
      for (const place of ['near', 'far'] as const) {
        const end = plan.cast[place];
        const { sent, received, wishes, dialogsMost } = counts[place];
        counts[place] = fresh(living[place].size);
        if (end.kind === 'model') continue;
        const probes = (1.2 * plan.cast.hops.length * windowMs) / end.probeIntervalMs + 60;
        const causes = wishes * requestsPerWish + dialogsMost * attemptsPerMinute + received;
        const bound = Math.floor(probes + causes * copies);
        if (sent > bound) violate(`${place} sends ${sent} messages in a minute, ${bound} at most`);
      }
      minuteAtMs = nowMs();
    }

    function step(happening: Step): void {
      const { place, inputs, outputs } = happening;
      const count = counts[place];
      unlisted.see(happening);
      for (const input of inputs) if (input.kind === 'message' && !isResponse(input.bytes)) count.received++;
      for (const output of outputs) {
        if (output.kind !== 'send') continue;
        count.sent++;
        if (isResponse(output.bytes) || isProbe(output.bytes)) continue;
        if (!unlisted.isRefresh(happening, output.flow, output.bytes)) inOutage[place].requests++;
      }
    }

    function endOutage(): void {
      for (const place of ['near', 'far'] as const) {
        const { requests, wishes } = inOutage[place];
        const bound = wishes * requestsPerWish * copies;
        const end = plan.cast[place];
        // Without recovery session refreshes are tried on, as RFC 4028 has it.
        const recovers = end.kind === 'ours' && end.mode !== 'none';
        if (recovers && nowMs() > outageAtMs && requests > bound)
          violate(`${place} sends ${requests} requests while no hop lives, ${bound} at most`);
      }
      outageAtMs = Number.POSITIVE_INFINITY;
    }

    return {
      see(happening): void {
        if (nowMs() - minuteAtMs >= windowMs) closeMinute();
        switch (happening.kind) {
          case 'step':
            // What is in the air when it begins may still be repeated for a while.
            if (nowMs() < outageAtMs) for (const each of [inOutage.near, inOutage.far]) each.requests = 0;
            step(happening);
            break;
          case 'asked':
            counts[happening.place].wishes++;
            inOutage[happening.place].wishes++;
            break;
          case 'established':
            living[happening.place].add(happening.dialog);
            counts[happening.place].dialogsMost = Math.max(
              counts[happening.place].dialogsMost,
              living[happening.place].size,
            );
            break;
          case 'ended':
            inOutage[happening.place].wishes++; // its BYE
            living[happening.place].delete(happening.dialog);
            break;
          case 'died':
            living[happening.place].clear();
            break;
          case 'fault':
            // What else had killed a hop may bring it back in the midst of an outage.
            if (happening.over && (happening.fault.kind === 'hop-dies' || happening.fault.kind === 'both-break'))
              outageAtMs = Number.POSITIVE_INFINITY;
            if (happening.fault.kind !== 'outage') break;
            if (happening.over) endOutage();
            else {
              outageAtMs = nowMs() + transactionMs;
              unlisted.begin();
              inOutage.near.wishes = 0;
              inOutage.far.wishes = 0;
            }
            break;
        }
      },
    };
  },
};

/** What goes by hops that an end has not listed. */
class Unlisted {
  readonly #listed: readonly string[];
  readonly #remoteOf = new Map<string, string>();
  /** By place and Call-ID: dialogs that are told to recover, and the branch of the one refresh in an outage of each other. */
  readonly #recovering = new Set<string>();
  readonly #refreshes = new Map<string, string>();

  constructor(listed: readonly string[]) {
    this.#listed = listed;
  }

  see({ place, life, inputs, outputs }: Step): void {
    for (const input of inputs)
      if (input.kind === 'flow-open')
        this.#remoteOf.set(`${place} ${life} ${input.flow}`, `${input.remote.host}:${input.remote.port}`);
    for (const output of outputs) {
      if (output.kind !== 'event' || output.event.kind !== 'route-status') continue;
      const { dialog, routeStatus } = output.event;
      const key = `${place} ${dialog.callId}`;
      if (routeStatus.status === 'recovering') this.#recovering.add(key);
      else this.#recovering.delete(key);
      this.#refreshes.delete(key);
    }
  }

  /** Of an outage. */
  begin(): void {
    this.#refreshes.clear();
  }

  /** Whether that is the one refresh of a dialog on such a hop in an outage, or a copy of it. */
  isRefresh({ place, life }: Step, flow: FlowId, bytes: Uint8Array): boolean {
    const remote = this.#remoteOf.get(`${place} ${life} ${flow}`);
    if (remote === undefined || this.#listed.includes(remote)) return false;
    const message = read(bytes);
    if (message === undefined || message.toTag === '' || (message.method !== 'UPDATE' && message.method !== 'INVITE'))
      return false;
    const key = `${place} ${message.callId}`;
    if (this.#recovering.has(key)) return false;
    const branch = this.#refreshes.get(key) ?? message.topVia;
    this.#refreshes.set(key, branch);
    return branch === message.topVia;
  }
}

function fresh(dialogs: number): Count {
  return { sent: 0, received: 0, wishes: 0, dialogsMost: dialogs };
}

function isResponse(bytes: Uint8Array): boolean {
  return bytes[0] === 0x53 && bytes[1] === 0x49 && bytes[2] === 0x50; // "SIP"
}
