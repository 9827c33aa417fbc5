import { HeaderId } from '../message/header.ts';
import type { Message } from '../message/message.ts';
import type { Span } from '../message/span.ts';
import type { OutgoingCall } from './outgoing-call.ts';

/**
 * Emergency calls, whose dialogs are healed before others: those to an emergency service by its URN (RFC 5031), with `Priority:
 * emergency` (RFC 3261 §20.26), or with a priority of the namespace `esnet` (RFC 7135). Anybody may claim to make one, and wins places in a
 * line by that, nothing else.
 */
const service = /^urn:service:sos(?:\.|$)/i;
const urgency = /^emergency$/i;
const resource = /^(?:.*,)?\s*esnet\.\d+\s*(?:,|$)/i;

/** Whether an INVITE that we have got asks for help. A call that was routed by its place has the URN in To alone. @see RFC 6881 §10 */
export function isEmergencyRequest(request: Message): boolean {
  return (
    namesService(request, request.requestUri) ||
    namesService(request, request.to.uri) ||
    urgency.test(request.headerText(HeaderId.Priority) ?? '') ||
    hasEsnet(request)
  );
}

/** Whether a call of ours does. */
export function isEmergencyCall({ target, content }: OutgoingCall): boolean {
  return (
    service.test(target) ||
    content.headers.some(({ name, value }) => {
      const field = name.toLowerCase();
      return (
        (field === 'priority' && urgency.test(value.trim())) || (field === 'resource-priority' && resource.test(value))
      );
    })
  );
}

/** Most URIs begin with another letter than a URN does: no string is made of those. */
function namesService(request: Message, uri: Span): boolean {
  const first = request.bytes[uri.start];
  return (first === 0x75 || first === 0x55) && service.test(request.text(uri));
}

function hasEsnet(request: Message): boolean {
  for (let line = request.first(HeaderId.ResourcePriority); line !== -1; line = request.next(line)) {
    const span = { start: request.valueStart(line), end: request.valueEnd(line) };
    if (resource.test(request.text(span))) return true;
  }
  return false;
}
