import type { Agent } from './agent.ts';
import type { Dialog } from './dialog.ts';
import type { ServerTransaction } from './server-transaction.ts';
import { t1Ms, t2Ms, t64Ms } from './timers.ts';
import type { ResponseParts } from './write.ts';
import { writeResponse } from './write.ts';

/**
 * A 2xx to an INVITE, sent until its ACK comes (RFC 3261 §13.3.1.4). `missed` hears that none came.
 */
export function accept(
  agent: Agent,
  server: ServerTransaction,
  dialog: Dialog,
  parts: ResponseParts,
  missed: () => void,
): void {
  const octets = writeResponse(server.request, 200, parts);
  const again = agent.timers.doubling(t1Ms, t2Ms, () => server.pass(200, octets));
  const cseq = server.request.cseq;
  const stop = (): void => {
    again.cancel();
    limit.cancel();
    dialog.leavers.delete(stop);
    dialog.unacknowledged.delete(cseq);
    if (dialog.unacknowledged.size === 0) for (const then of dialog.afterAck.splice(0)) then();
  };
  const limit = agent.timers.after(t64Ms, () => {
    stop();
    missed();
  });
  dialog.unacknowledged.set(cseq, { acknowledge: stop });
  dialog.leavers.add(stop);
  server.pass(200, octets);
}
