import { placeAt } from '../addresses.ts';
import type { Happening, Rule, RuleMaker } from '../happening.ts';
import type { Fault, Place } from '../plan.ts';
import { read } from '../reading.ts';

/** What ends a dialog that heals (RFC 5057 §5.1), or denies that there is one: 603 where it is to be replaced (RFC 3891 §3). */
const fatalStatuses: ReadonlySet<number> = new Set([404, 410, 416, 481, 482, 483, 484, 485, 603, 604]);

/** How long a message may be under way, its transaction included. */
const transactionMs = 35_000;

type Ended = Extract<Happening, { kind: 'ended' }>;

interface Living {
  readonly callId: string;
  readonly sinceMs: number;
}

/** A dialog ends by its users, by a genuine verdict, by its own give-up rule, or by its peer's: never for another reason. */
export const trueEndings: RuleMaker = {
  name: 'true-endings',
  make({ plan, nowMs }, violate): Rule {
    const { near, far } = plan.cast;
    const ends = { near, far };
    /** Dialogs that were ever told, those whose end was wished for, and those that are over, each as `place dialog`. */
    const established = new Set<string>();
    const wished = new Set<string>();
    const broken = new Set<string>();
    /** Call-IDs that a place has ended itself, or lost with its process. */
    const left: Record<Place, Set<string>> = { near: new Set(), far: new Set() };
    const living: Record<Place, Map<string, Living>> = { near: new Map(), far: new Map() };
    /** Between these a place has lost, by a restart, what its peer had, or began to have by a 2xx that was on its way. */
    const lost: Record<Place, { fromMs: number; toMs: number }> = {
      near: { fromMs: Number.POSITIVE_INFINITY, toMs: Number.NEGATIVE_INFINITY },
      far: { fromMs: Number.POSITIVE_INFINITY, toMs: Number.NEGATIVE_INFINITY },
    };
    const answered: { readonly fault: Fault & { kind: 'hop-answers' }; readonly untilMs: number }[] = [];
    let calmAtMs = Number.POSITIVE_INFINITY;

    function died(place: Place): void {
      for (const { callId } of living[place].values()) left[place].add(callId);
      living[place].clear();
      // Its next process numbers its dialogs anew.
      for (const keys of [established, wished, broken])
        for (const key of keys) if (key.startsWith(`${place} `)) keys.delete(key);
    }

    function ended({ place, dialog, callId, by, reason, atMs }: Ended): void {
      const key = `${place} ${dialog}`;
      const other = place === 'near' ? 'far' : 'near';
      const { fromMs, toMs } = lost[place];
      const isLost = ({ sinceMs }: Living): boolean => sinceMs >= fromMs && sinceMs <= toMs;
      const isSame = (peers: Living): boolean => peers.callId === callId && !isLost(peers);
      const peerHasIt = [...living[other].values()].some(isSame) && !left[other].has(callId);
      living[place].delete(dialog);
      if (by === 'local') left[place].add(callId);
      const end = ends[place];
      if (end.kind === 'model') return;
      const complain = (why: string): void => violate(`${place} ends ${dialog} (${by} ${reason}): ${why}`, callId);
      switch (reason) {
        case 'bye':
          if (by === 'local' && established.has(key) && !wished.has(key)) complain('nobody wanted it to');
          if (by === 'remote' && peerHasIt) complain('the peer still has it');
          break;
        case 'does-not-exist':
          if (peerHasIt && end.mode !== 'none' && !sawVerdict(atMs)) complain('the peer still has it');
          break;
        case 'session-expired':
          if (by === 'remote' && peerHasIt) complain('the peer still has it');
          if (ends.near.sessionIntervalS === 0 && ends.far.sessionIntervalS === 0)
            complain('there is no session timer');
          if (by === 'local' && broken.has(key)) complain('its timer pauses while the route is broken');
          break;
        case 'no-ack':
          if (atMs > calmAtMs + transactionMs) complain('ACKs get through in calm weather');
          break;
        case 'unreachable':
          if (end.mode !== 'none') complain('it recovers');
          break;
        case 'recovery-failed':
          if (end.mode !== 'limited' && end.deadlineMs === undefined) complain('it recovers for ever');
          else if (!broken.has(key)) complain('its route was not broken');
          break;
        case 'media-timeout':
          if (!broken.has(key)) complain('its route was not broken');
          break;
        default:
          complain('there is no such reason');
      }
    }

    function sent(place: Place, bytes: Uint8Array): void {
      const callId = isBye(bytes) ? read(bytes)?.callId : undefined;
      if (callId !== undefined) left[place].add(callId);
    }

    /** A hop spoke a verdict in the peer's name, which nobody can tell from the peer's. */
    function sawVerdict(atMs: number): boolean {
      return answered.some(({ untilMs }) => atMs <= untilMs + transactionMs) || forges(plan.faults);
    }

    return {
      see(happening): void {
        switch (happening.kind) {
          case 'step':
            // An end is told when its BYE has been answered; the peer hears of it before. Why it ends is judged when it is told.
            for (const output of happening.outputs) if (output.kind === 'send') sent(happening.place, output.bytes);
            break;
          case 'datagram': {
            // A model ends a branch that it does not want, of which nobody is told.
            const place = placeAt(happening.datagram.from);
            if (place === 'near' || place === 'far') sent(place, happening.datagram.bytes);
            break;
          }
          case 'asked':
            if (happening.asked.method === 'BYE' && happening.asked.dialog !== undefined)
              wished.add(`${happening.place} ${happening.asked.dialog}`);
            break;
          case 'established':
            established.add(`${happening.place} ${happening.dialog}`);
            living[happening.place].set(happening.dialog, { callId: happening.callId, sinceMs: nowMs() });
            break;
          case 'route-status': {
            const key = `${happening.place} ${happening.dialog}`;
            if (happening.status === 'recovering') broken.add(key);
            else broken.delete(key);
            // A dialog that was replaced has another Call-ID from now on.
            const had = living[happening.place].get(happening.dialog);
            if (had !== undefined) living[happening.place].set(happening.dialog, { ...had, callId: happening.callId });
            break;
          }
          case 'fault': {
            const { fault } = happening;
            if (fault.kind === 'hop-answers' && fatalStatuses.has(fault.status) && !happening.over)
              answered.push({ fault, untilMs: nowMs() + fault.forMs });
            if (fault.kind === 'restart' && !happening.over) {
              const fromMs = fault.kept ? nowMs() : Number.NEGATIVE_INFINITY;
              lost[fault.place] = { fromMs, toMs: nowMs() + fault.forMs + transactionMs };
            }
            break;
          }
          case 'ended':
            ended(happening);
            break;
          case 'died':
            died(happening.place);
            break;
          case 'calm':
            calmAtMs = nowMs();
            break;
        }
      },
    };
  },
};

function isBye(bytes: Uint8Array): boolean {
  return bytes[0] === 0x42 && bytes[1] === 0x59; // "BY"
}

function forges(faults: readonly Fault[]): boolean {
  return faults.some((fault) => fault.kind === 'forgery' && (fault.what === 'response' || fault.what === '430'));
}
