import type { FlowId } from '../../../core/contract.ts';
import type { Rule, RuleMaker } from '../happening.ts';
import { hostPortOf } from '../host-port.ts';
import type { Message } from '../models/message.ts';
import { isProbe, read } from '../reading.ts';

/**
 * No stranger gets a request of ours, or into one: none is sent there, and none names its address in Route. The Request-URI names it only where a
 * stranger knew the dialog's tags: a Contact needs no more (RFC 3261 §12.2.2), and a call that is to replace the dialog goes where that
 * leads (RFC 3891). An end that trusts tags takes its routes by them as well. A call that a stranger has begun is between it and us.
 */
export const noStranger: RuleMaker = {
  name: 'no-stranger',
  make({ plan, addresses, spoiled }, violate): Rule {
    const strangers = new Set(addresses.strangers);
    const hosts = addresses.strangers.map((address) => address.slice(0, address.lastIndexOf(':') + 1));
    const flows = new Set<string>();
    /** Calls that strangers have begun, and our tags in their dialogs. */
    const begun = new Set<string>();
    const ownTags = new Set<string>();
    /** Calls that are to replace a dialog whose target may be the stranger's. */
    const heirs = new Set<string>();

    const trustsTags = [plan.cast.near, plan.cast.far].some(
      (end) => end.kind === 'ours' && end.trust === 'dialog-tags',
    );

    function see(place: string, flow: FlowId, bytes: Uint8Array): void {
      const isToStranger = flows.size > 0 && flows.has(`${place} ${flow}`);
      if (bytes[0] === 0x53 && bytes[1] === 0x49) {
        if (isToStranger) answered(bytes);
        return;
      }
      if (isProbe(bytes)) {
        // A hop that an end was drawn to is asked whether it lives.
        if (isToStranger && !(trustsTags && spoiled.size > 0)) violate(`${place} asks a stranger whether it lives`);
        return;
      }
      const message = read(bytes);
      if (message === undefined || ownTags.has(message.fromTag)) return;
      if (message.has('replaces') && isLost(message.header('replaces').split(';')[0] ?? '')) heirs.add(message.callId);
      const isSpoiled = isLost(message.callId);
      if (isToStranger && !(isSpoiled && trustsTags)) violate(`${place} sends a request to a stranger`, message.callId);
      const named = isSpoiled ? (trustsTags ? [] : message.route) : [message.requestUri, ...message.route];
      for (const uri of named) {
        if (hosts.some((host) => hostPortOf(uri).startsWith(host)))
          violate(`${place} sends ${message.method} by way of a stranger: ${uri}`, message.callId);
      }
    }

    function isLost(callId: string): boolean {
      return spoiled.has(callId) || heirs.has(callId);
    }

    function heard(bytes: Uint8Array): void {
      const message = read(bytes);
      if (message?.isRequest && message.method === 'INVITE' && message.toTag === '') begun.add(callOf(message));
    }

    function answered(bytes: Uint8Array): void {
      const message = read(bytes);
      if (message !== undefined && message.status < 300 && begun.has(callOf(message))) ownTags.add(message.toTag);
    }

    return {
      see(happening): void {
        if (happening.kind !== 'step') return;
        const { place, inputs, outputs } = happening;
        for (const input of inputs) {
          if (input.kind === 'message' && flows.size > 0 && flows.has(`${place} ${input.flow}`)) heard(input.bytes);
          if (input.kind !== 'flow-open') continue;
          const isStranger = strangers.has(`${input.remote.host}:${input.remote.port}`);
          if (isStranger) flows.add(`${place} ${input.flow}`);
          else flows.delete(`${place} ${input.flow}`);
        }
        for (const output of outputs) if (output.kind === 'send') see(place, output.flow, output.bytes);
      },
    };
  },
};

function callOf({ callId, fromTag, cseq, method }: Message): string {
  return `${callId} ${fromTag} ${cseq} ${method}`;
}
