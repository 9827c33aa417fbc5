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

/** Payload of the channel `sipmend:shard-lost`. */
export interface ShardLostMessage {
  readonly shard: number;
  /** What its thread died of. */
  readonly reason: string;
}

/** Payload of the channel `sipmend:warning`. */
export interface WarningMessage {
  readonly message: string;
}

const routeStatusChannel = channel('sipmend:route-status');
const dialogEndedChannel = channel('sipmend:dialog-ended');
const shardLostChannel = channel('sipmend:shard-lost');
const warningChannel = channel('sipmend:warning');

/** Publishes on `sipmend:route-status`. Subscribers run at once, before the program's own handler. */
export function publishRouteStatus(message: RouteStatusMessage): void {
  if (routeStatusChannel.hasSubscribers) routeStatusChannel.publish(message);
}

/** Publishes on `sipmend:dialog-ended`. */
export function publishDialogEnded(message: DialogEndedMessage): void {
  if (dialogEndedChannel.hasSubscribers) dialogEndedChannel.publish(message);
}

/** Publishes on `sipmend:shard-lost`: a shard's thread has died, and is started anew. */
export function publishShardLost(message: ShardLostMessage): void {
  if (shardLostChannel.hasSubscribers) shardLostChannel.publish(message);
}

/** Publishes on `sipmend:warning`: something that an operator should know; nothing has failed. */
export function publishWarning(message: WarningMessage): void {
  if (warningChannel.hasSubscribers) warningChannel.publish(message);
}
