/** Stable codes: part of the public API, listed with their remedy in the README. */
export type SipErrorCode =
  | 'SIP_USAGE'
  | 'SIP_FAILURE_RESPONSE'
  | 'SIP_DIALOG_ENDED'
  | 'SIP_ABORTED'
  | 'SIP_CLOSED'
  | 'SIP_OVERLOADED'
  | 'SIP_PORT_IN_USE'
  | 'SIP_BIND_FAILED'
  | 'SIP_FLOW_REFUSED'
  | 'SIP_FLOW_LOST'
  | 'SIP_FLOW_IDLE'
  | 'SIP_OPEN_FAILED';

/** Every error this library throws or rejects with. Match on `code`; the message is for people. */
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

  constructor(message: string) {
    super('SIP_USAGE', message);
  }
}
