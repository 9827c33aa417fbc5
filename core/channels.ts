import { channel } from 'node:diagnostics_channel';
import type { DialogData, DialogEnd, EndReason } from './engine/event.ts';
import type { RouteStatus } from './recovery/route-health.ts';

/** Payload of the channel `sipmend:route-status`. */
export interface RouteStatusMessage {
  readonly dialog: DialogData;
  readonly routeStatus: RouteStatus;
}

/** Payload of the channel `sipmend:dialog-ended`. */
export interface DialogEndedMessage {
  readonly dialog: DialogData;
  readonly by: 'local' | 'remote';
  readonly reason: EndReason;
  readonly end: DialogEnd;
}

const routeStatusChannel = channel('sipmend:route-status');
const dialogEndedChannel = channel('sipmend:dialog-ended');

/** Publishes on `sipmend:route-status`. Subscribers run at once, before the program's own handler. */
export function publishRouteStatus(message: RouteStatusMessage): void {
  if (routeStatusChannel.hasSubscribers) routeStatusChannel.publish(message);
}

/** Publishes on `sipmend:dialog-ended`. */
export function publishDialogEnded(message: DialogEndedMessage): void {
  if (dialogEndedChannel.hasSubscribers) dialogEndedChannel.publish(message);
}
