import type { FlowId } from '../../../core/contract.ts';
import type { Happening, Rule, RuleMaker } from '../happening.ts';
import type { Place } from '../plan.ts';
import { isProbe, read } from '../reading.ts';

/** What a dialog may cause in a minute by itself: the heals that the schedule begins with, and a refresh or two, each sent 11 times in 32 s. */
const attemptsPerMinute = 8;
const copies = 11;
/** A BYE that nobody answers is tried on (each for 32 s), when its dialog is long gone. */
const byesPerMinute = 3;
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
  /** Call-IDs. */
  readonly byes: Set<string>;
}

/**
 * Recovery traffic is bounded: in a minute an end sends its probes, what its users and its peers have asked for, and a few attempts a
 * dialog; and while no hop lives, nothing but probes and what users want. A hop by which no dialog goes, or that is not listed, is not asked
 * whether it lives: a session refresh (RFC 4028), a heal or an owed BYE may find it out.
 */
export const boundedTraffic: RuleMaker = {
  name: 'bounded-traffic',
  make({ plan, nowMs }, violate): Rule {
    const living: Record<Place, Set<string>> = { near: new Set(), far: new Set() };
    const counts: Record<Place, Count> = { near: fresh(0), far: fresh(0) };
    let minuteAtMs = 0;
    let outageAtMs = Number.POSITIVE_INFINITY;
    const unknown = new UnknownHops();
    const inOutage: Record<Place, { requests: number; wishes: number }> = {
      near: { requests: 0, wishes: 0 },
      far: { requests: 0, wishes: 0 },
    };

    function closeMinute(): void {
      for (const place of ['near', 'far'] as const) {
        const end = plan.cast[place];
        const { sent, received, wishes, dialogsMost, byes } = counts[place];
        counts[place] = fresh(living[place].size);
        if (end.kind === 'model') continue;
        const probes = (1.2 * plan.cast.hops.length * windowMs) / end.probeIntervalMs + 60;
        const causes =
          wishes * requestsPerWish + dialogsMost * attemptsPerMinute + byes.size * byesPerMinute + received;
        const bound = Math.floor(probes + causes * copies);
        if (sent > bound) violate(`${place} sends ${sent} messages in a minute, ${bound} at most`);
      }
      minuteAtMs = nowMs();
    }

    function step(happening: Step): void {
      const { place, inputs, outputs } = happening;
      const count = counts[place];
      unknown.see(happening);
      for (const input of inputs) if (input.kind === 'message' && !isResponse(input.bytes)) count.received++;
      for (const output of outputs) {
        if (output.kind !== 'send') continue;
        count.sent++;
        if (isResponse(output.bytes) || isProbe(output.bytes)) continue;
        const message = read(output.bytes);
        if (message?.method === 'BYE') count.byes.add(message.callId);
        if (!unknown.mayTake(happening, output.flow, output.bytes)) inOutage[place].requests++;
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
          case 'outcome':
            // The branches of a call that has failed are told by BYE.
            if (happening.asked.method === 'INVITE' && happening.error !== undefined)
              inOutage[happening.place].wishes++;
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
              unknown.begin();
              inOutage.near.wishes = 0;
              inOutage.far.wishes = 0;
            }
            break;
        }
      },
    };
  },
};

/** What goes, in an outage, by hops that an end knows nothing of: it has neither asked whether they live nor lost a flow to them. */
class UnknownHops {
  readonly #remoteOf = new Map<string, string>();
  /** By place and address: hops that were asked in the outage, or lost. */
  readonly #known = new Set<string>();
  /** The branch of the one request of each dialog by each hop. */
  readonly #requests = new Map<string, string>();

  /** Of an outage. */
  begin(): void {
    this.#known.clear();
    this.#requests.clear();
  }

  see({ place, life, inputs, outputs }: Step): void {
    for (const input of inputs) {
      if (input.kind === 'flow-open')
        this.#remoteOf.set(`${place} ${life} ${input.flow}`, `${input.remote.host}:${input.remote.port}`);
      if (input.kind === 'flow-lost')
        this.#known.add(`${place} ${this.#remoteOf.get(`${place} ${life} ${input.flow}`)}`);
    }
    for (const output of outputs) {
      if (output.kind === 'send' && isProbe(output.bytes) && !isResponse(output.bytes))
        this.#known.add(`${place} ${this.#remoteOf.get(`${place} ${life} ${output.flow}`)}`);
    }
  }

  /** Whether that is the one session refresh, heal or owed BYE of a dialog by such a hop, or a copy of it. */
  mayTake({ place, life }: Step, flow: FlowId, bytes: Uint8Array): boolean {
    const remote = this.#remoteOf.get(`${place} ${life} ${flow}`);
    const message = read(bytes);
    if (message === undefined || remote === undefined || this.#known.has(`${place} ${remote}`)) return false;
    const { method, callId, toTag, topVia } = message;
    if (toTag === '' || !(method === 'UPDATE' || method === 'INVITE' || method === 'BYE')) return false;
    const key = `${place} ${callId} ${remote}`;
    const branch = this.#requests.get(key) ?? topVia;
    this.#requests.set(key, branch);
    return branch === topVia;
  }
}

function fresh(dialogs: number): Count {
  return { sent: 0, received: 0, wishes: 0, dialogsMost: dialogs, byes: new Set() };
}

function isResponse(bytes: Uint8Array): boolean {
  return bytes[0] === 0x53 && bytes[1] === 0x49 && bytes[2] === 0x50; // "SIP"
}
