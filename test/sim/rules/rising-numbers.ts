import type { Rule, RuleMaker } from '../happening.ts';
import type { Message } from '../models/message.ts';
import { isProbe, read } from '../reading.ts';

/** The last request of one end of a dialog. */
interface Last {
  number: number;
  method: string;
}

/**
 * In a dialog CSeq only grows, whoever sends and however often a process begins anew. A number comes again with the same request
 * alone: repeated, or sent by another hop, after later ones only when its hop has refused it (RFC 3261 §12.2.1.1, RFC 3263 §4.3).
 */
export const risingNumbers: RuleMaker = {
  name: 'rising-numbers',
  make(_world, violate): Rule {
    const lasts = new Map<string, Last>();

    function sent(place: string, message: Message): void {
      const { method, cseq, toTag, callId } = message;
      if (toTag === '' || method === 'ACK' || method === 'CANCEL') return;
      const key = `${place} ${callId} ${message.fromTag} ${toTag}`;
      const branch = message.topVia;
      const last = lasts.get(key);
      if (last === undefined) {
        lasts.set(key, { number: cseq, method });
        seen.add(`${key} ${cseq} ${branch}`);
        return;
      }
      if (cseq > last.number) Object.assign(last, { number: cseq, method });
      else if (cseq === last.number && method !== last.method)
        violate(`${place} sends ${last.method} and ${method} both with number ${cseq}`, callId);
      else if (cseq < last.number && !seen.has(`${key} ${cseq} ${branch}`) && !refused.has(`${key} ${cseq} ${method}`))
        violate(`${place} sends ${method} with number ${cseq} after ${last.number}`, callId);
      seen.add(`${key} ${cseq} ${branch}`);
    }
    /** Transactions that were sent: their retransmissions may come after later requests. */
    const seen = new Set<string>();
    /** Requests that a 503 has come to. */
    const refused = new Set<string>();

    return {
      see(happening): void {
        if (happening.kind !== 'step') return;
        for (const input of happening.inputs) {
          const message = input.kind === 'message' && !isProbe(input.bytes) ? read(input.bytes) : undefined;
          if (message?.status !== 503) continue;
          const { callId, fromTag, toTag, cseq, method } = message;
          refused.add(`${happening.place} ${callId} ${fromTag} ${toTag} ${cseq} ${method}`);
        }
        for (const output of happening.outputs) {
          if (output.kind !== 'send' || isProbe(output.bytes)) continue;
          const message = read(output.bytes);
          if (message === undefined) violate(`${happening.place} sends what is no message`);
          else if (message.isRequest) sent(happening.place, message);
        }
      },
    };
  },
};
