/** Stable codes: part of the public API, listed with their remedy in the README. */
export type SipErrorCode =
  | 'SIP_USAGE'
  | 'SIP_FAILURE_RESPONSE'
  | 'SIP_DIALOG_ENDED'
  | 'SIP_ABORTED'
  | 'SIP_CLOSED'
  | 'SIP_OVERLOADED'
  | 'SIP_QUEUE_FULL'
  | 'SIP_RECOVERY_FAILED'
  | 'SIP_SHARD_LOST'
  | 'SIP_PORT_IN_USE'
  | 'SIP_BIND_FAILED'
  | 'SIP_FLOW_REFUSED'
  | 'SIP_FLOW_LOST'
  | 'SIP_FLOW_IDLE'
  | 'SIP_FLOW_SLOW'
  | 'SIP_FLOW_CONGESTED'
  | 'SIP_FRAMING_LOST'
  | 'SIP_MESSAGE_TOO_LARGE'
  | 'SIP_OPEN_FAILED';

/** Every error that core throws or rejects with. Match on `code`; the message is for people. The transports' own is `TransportError`. */
export class SipError extends Error {
  override readonly name: string = 'SipError';
  readonly code: SipErrorCode;

  constructor(code: SipErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** The program called us wrongly: thrown at once, at the call. */
export class UsageError extends SipError {
  override readonly name = 'UsageError';
  /** Each thing that is wrong, where more than one may be: a sentence behind the JSON Pointer of its place. */
  readonly reasons: readonly string[];

  constructor(message: string, reasons: readonly string[] = [message]) {
    super('SIP_USAGE', message);
    this.reasons = reasons;
  }
}

/** What the ground floor threw, as a `SipError` of the same code; anything else as it is. */
export function asSipError(error: unknown): unknown {
  if (!(error instanceof Error) || !('code' in error) || !String(error.code).startsWith('SIP_')) return error;
  return error instanceof SipError ? error : new SipError(error.code as SipErrorCode, error.message, { cause: error });
}
