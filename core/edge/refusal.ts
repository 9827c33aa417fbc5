import type { EdgeCounters } from './counters.ts';

/** Why an edge refuses a request: the status, and what the reason phrase tells whoever looks for the cause. */
export interface EdgeRefusal {
  readonly status: number;
  readonly phrase: string;
}

export type RefusalName =
  | 'route'
  | 'maxForwards'
  | 'stranger'
  | 'side'
  | 'name'
  | 'ourselves'
  | 'transport'
  | 'scheme'
  | 'extension'
  | 'unreachable'
  | 'loop'
  | 'hops'
  | 'datagram';

/** What does not depend on the state of a dialog. @see RFC 3261 §16.3 */
export const refusals: Readonly<Record<RefusalName, EdgeRefusal>> = {
  route: { status: 400, phrase: 'Malformed Route' },
  maxForwards: { status: 400, phrase: 'Malformed Max-Forwards' },
  stranger: { status: 403, phrase: 'Not a Client of This Edge' },
  side: { status: 403, phrase: 'Not a Side of This Dialog' },
  name: { status: 404, phrase: 'Names Are Not Looked Up Here' },
  ourselves: { status: 404, phrase: 'Nobody Here and No Default Target' },
  transport: { status: 404, phrase: 'No Such Transport Here' },
  scheme: { status: 416, phrase: 'Unsupported URI Scheme' },
  extension: { status: 420, phrase: 'Bad Extension' },
  unreachable: { status: 480, phrase: 'Destination Cannot Be Reached' },
  loop: { status: 482, phrase: 'Loop Detected' },
  hops: { status: 483, phrase: 'Too Many Hops' },
  datagram: { status: 513, phrase: 'Message Too Large for UDP' },
};

/** What is lost of a dialog, and who can repair it. */
export interface DialogLoss {
  /** The header line that tells it to who offers the option tag, beside status 430. */
  readonly action: string;
  readonly counter: keyof EdgeCounters;
  /** The phrase of the 481 that all others get. */
  readonly phrase: string;
}

const name = 'P-Dialog-Recovery-Action';

/** @see [MS-SIPRE] §3.7.5.1 */
export const losses: Readonly<Record<'path' | 'destination' | 'registration', DialogLoss>> = {
  /** Our own half of the path: the sender heals the dialog. */
  path: {
    action: `${name}: Dialog-Route-Set-Update\r\n`,
    counter: 'askedDialogUpdate',
    phrase: 'Dialog State Lost Here',
  },
  /** The flow of the destination: only that can heal. */
  destination: {
    action: `${name}: Wait-For-Session-Update\r\n`,
    counter: 'askedToWait',
    phrase: 'Destination Cannot Be Reached',
  },
  /** The registration of the sender, which registers again and then heals. */
  registration: {
    action: `${name}: Registration-Route-Set-Update, Dialog-Route-Set-Update\r\n`,
    counter: 'askedRegistrationUpdate',
    phrase: 'Registration Lost',
  },
};
