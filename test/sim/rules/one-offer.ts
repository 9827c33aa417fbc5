import type { Happening, Rule, RuleMaker } from '../happening.ts';
import type { Message } from '../models/message.ts';
import type { Place } from '../plan.ts';
import { branchOf, isProbe, read } from '../reading.ts';

type Step = Extract<Happening, { kind: 'step' }>;
type Outcome = Extract<Happening, { kind: 'outcome' }>;

/** An offer of ours whose answer has not come. */
interface Offer {
  readonly method: string;
  readonly cseq: number;
  readonly atMs: number;
  /** One of the peer's was answered meanwhile. */
  isCrossed: boolean;
}

/**
 * Of two offers that cross in a healthy dialog an end answers none while its own is answered: one of them is refused with 491.
 *
 * @see RFC 3261 §14.2, RFC 3311 §5.2
 */
export const oneOffer: RuleMaker = {
  name: 'one-offer',
  make(world, violate): Rule {
    const offers = new Map<string, Offer>();
    /** Offers of the peer's that are not answered yet. */
    const taken = new Set<string>();
    /** Those that came before: a retransmission gets the answer again that was given then (RFC 3261 §17.2.2). */
    const seen = new Set<string>();

    function heard(place: Place, message: Message): void {
      if (message.isRequest) {
        const key = `${place} ${transactionOf(message)}`;
        if (isOffer(message) && !seen.has(key)) taken.add(key);
        seen.add(key);
        return;
      }
      const key = `${place} ${message.callId} ${message.fromTag} ${message.toTag}`;
      const offer = offers.get(key);
      if (offer?.cseq !== message.cseq || message.status < 200 || !mayOffer(message)) return;
      offers.delete(key);
      if (offer.isCrossed && message.status < 300)
        violate(`${place} has answered an offer that crosses its own, which is answered as well`, message.callId);
    }

    function sent(place: Place, message: Message): void {
      if (message.isRequest) {
        const key = `${place} ${message.callId} ${message.fromTag} ${message.toTag}`;
        if (isOffer(message) && offers.get(key)?.cseq !== message.cseq)
          offers.set(key, { method: message.method, cseq: message.cseq, atMs: world.nowMs(), isCrossed: false });
        return;
      }
      if (message.status < 200 || !taken.delete(`${place} ${transactionOf(message)}`) || message.status >= 300) return;
      const offer = offers.get(`${place} ${message.callId} ${message.toTag} ${message.fromTag}`);
      if (offer !== undefined) offer.isCrossed = true;
    }

    /** What is under way while a route breaks or heals is given up, whatever still comes of it. */
    function forget(place: Place, callId: string): void {
      for (const key of offers.keys()) if (key.startsWith(`${place} ${callId} `)) offers.delete(key);
    }

    /** An offer whose request has failed is none any more, though the request may still get through (RFC 3261 §14.1, §17.1.4). */
    function failed({ place, asked, error, atMs }: Outcome): void {
      // One that was given up is still answered, and one that was refused at once never went.
      if (error === undefined || error === 'SIP_ABORTED' || asked.atMs >= atMs) return;
      for (const [key, offer] of offers) {
        const isIts = key.startsWith(`${place} ${asked.callId} `) && offer.method === asked.method;
        if (isIts && offer.atMs >= asked.atMs) offers.delete(key);
      }
    }

    function see({ place, inputs, outputs }: Step): void {
      for (const input of inputs) {
        const message = input.kind === 'message' && !isProbe(input.bytes) ? read(input.bytes) : undefined;
        if (message !== undefined && message.toTag !== '') heard(place, message);
      }
      for (const output of outputs) {
        const message = output.kind === 'send' && !isProbe(output.bytes) ? read(output.bytes) : undefined;
        if (message !== undefined && message.toTag !== '') sent(place, message);
        if (output.kind === 'event' && output.event.kind === 'route-status') forget(place, output.event.dialog.callId);
      }
    }

    return {
      see(happening): void {
        if (happening.kind === 'step') see(happening);
        else if (happening.kind === 'outcome') failed(happening);
        else if (happening.kind === 'died') offers.clear();
      },
    };
  },
};

function mayOffer({ method }: Message): boolean {
  return method === 'INVITE' || method === 'UPDATE';
}

function isOffer(message: Message): boolean {
  return mayOffer(message) && message.body !== '';
}

function transactionOf(message: Message): string {
  return `${message.method} ${message.cseq} ${branchOf(message)}`;
}
