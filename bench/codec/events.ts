import type { DialogId } from '../../core/dialog/table.ts';
import type { DialogData, EngineEvent } from '../../core/engine/event.ts';
import type { RouteStatus } from '../../core/recovery/route-health.ts';

/** What a storm tells the program: each dialog breaks, is healed, and has a request of its own answered. */
export function eventsOf(dialogs: number): EngineEvent[] {
  return Array.from({ length: dialogs }, (_, index) => {
    const dialog: DialogData = {
      id: (2 ** 48 + 2 ** 24 + index) as DialogId,
      callId: `k2v9q0a7l3m5n8p1r4s6t${index.toString(32)}`,
    };
    const routeStatus: RouteStatus = {
      status: 'recovering',
      sinceMs: 81_724.918 + index / 50,
      cause: 'flow-lost',
      causeStatus: undefined,
      attempt: 0,
      nextAttemptAtMs: undefined,
      generation: 0,
      healedBy: undefined,
      peerRouteRefreshed: undefined,
      peerSupportsRecovery: true,
      replaced: false,
    };
    const healthy: RouteStatus = {
      ...routeStatus,
      status: 'healthy',
      generation: 1,
      healedBy: 'local',
      peerRouteRefreshed: true,
    };
    const response = { status: 200, reason: 'OK', headers: [], body: new Uint8Array(0) };
    const events: EngineEvent[] = [
      { kind: 'route-status', dialog, routeStatus },
      { kind: 'route-status', dialog, routeStatus: healthy },
      { kind: 'result', id: index + 1, failure: undefined, value: { response } },
    ];
    return events;
  }).flat();
}
