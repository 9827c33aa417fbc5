import { systemCode } from './bind.ts';
import type { TransportFailure } from './contract.ts';

/**
 * Whose fault it is that a datagram could not be sent or read: `message` when only that one is lost (it is too large, or the
 * machine is short of memory), `flow` when the next one would fail as well.
 */
export function sendFault(error: Error): 'message' | 'flow' {
  switch (systemCode(error)) {
    case 'EMSGSIZE':
    case 'ENOBUFS':
    case 'ENOMEM':
    case 'EAGAIN':
    case 'EINTR':
      return 'message';
    default:
      return 'flow';
  }
}

/** How a flow that ended by `error` is reported. Windows says ECONNRESET where others say ECONNREFUSED. */
export function flowFailure(error: Error): TransportFailure {
  const code = systemCode(error);
  return code === 'ECONNREFUSED' || code === 'ECONNRESET' ? 'SIP_FLOW_REFUSED' : 'SIP_FLOW_LOST';
}
