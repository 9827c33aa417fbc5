/** The public surface of sipmend. */

export type { Application } from './application.ts';
export type { DialogEndedMessage, RouteStatusMessage, ShardLostMessage, WarningMessage } from './channels.ts';
export type { Address, MemoryUse, RandomSource } from './contract.ts';
export type { CreateEdgeOptions } from './create-edge.ts';
export { createEdge, EdgeHost } from './create-edge.ts';
export { createStack } from './create-stack.ts';
export type { Credentials } from './dialog/keyring.ts';
export type { DialogId } from './dialog/table.ts';
export { dialogSchema } from './dialog-schema.ts';
export type { EdgeCounters, EdgeRefusalCounter } from './edge/counters.ts';
export type { EdgeEvent } from './edge/event.ts';
export type { ChallengeOptions } from './engine/challenger.ts';
export type { Header } from './engine/command.ts';
export type { ConnectionCounters, EngineCounters, RefusalCounter } from './engine/counters.ts';
export type { DialogRecord } from './engine/dialog-record.ts';
export type {
  DialogData,
  DialogEnd,
  EndReason,
  EngineCounts,
  EngineMemory,
  ResponseData,
  ResponseOrigin,
} from './engine/event.ts';
export type { RefusalReport } from './engine/refusals.ts';
export type { TrustRule } from './engine/trust.ts';
export type { SipErrorCode } from './errors.ts';
export { SipError, UsageError } from './errors.ts';
export type { RequestOptions, RingOptions } from './handles.ts';
export { Dialog, FailureResponseError, IncomingCall, IncomingRequest } from './handles.ts';
export type { InviteOptions } from './invite-options.ts';
export type { MessageContent } from './message-content.ts';
export type { BreakCause, RecoveryMode } from './recovery/classify.ts';
export type { RouteStatus } from './recovery/route-health.ts';
export type { RouteSetPolicy } from './recovery/route-set-policy.ts';
export type { ApplicationModule, ShardStack } from './shard-worker.ts';
export type { CloseReport, StackCounters } from './stack.ts';
export { Stack } from './stack.ts';
export type { HopDescription, StackOptions } from './stack-options.ts';
