import { type NamesOf, needFunction, needGroup, needOptions, needSignal, shown } from './checks.ts';
import type { Content } from './engine/command.ts';
import type { ResponseData } from './engine/event.ts';
import { UsageError } from './errors.ts';
import type { Dialog } from './handles.ts';
import { isHeaderValue } from './message/header.ts';
import { parseUriText } from './message/uri.ts';
import { contentNames, contentOf, type MessageContent, sdpType } from './message-content.ts';

/** A call of ours. */
export interface InviteOptions extends MessageContent {
  /** From: a URI, or a name-addr such as `"Alice" <sip:alice@example.com>`. Default: the stack's own address. */
  readonly from?: string;
  /**
   * Gives the call up: by CANCEL while it rings, by BYE if it is answered meanwhile. The promise rejects with `SIP_ABORTED`: when that
   * is done, with shards at once.
   */
  readonly signal?: AbortSignal;
  /**
   * Hears of each provisional response but 100. `dialog` is the early dialog of the branch that rings (a proxy may have forked the
   * call), where there is one: INFO, UPDATE and BYE may be sent inside it. It becomes the call's dialog if that branch answers.
   *
   * @see RFC 3261 §12.1
   */
  readonly onProvisional?: (response: ResponseData, dialog?: Dialog) => void;
  /**
   * Takes the dialogs of further branches that answer within 32 s of the first (a proxy may have forked the call). Without it they
   * are ended by BYE.
   *
   * @see RFC 3261 §13.2.2.4
   */
  readonly onFork?: (dialog: Dialog) => void;
  /** The group of dialogs that it belongs to; see `Dialog.relate`. */
  readonly group?: string;
  /**
   * Answers an offer of the far end, for a call that goes without one (no `body`): what it gives is the body of the ACK, or of the
   * PRACK. Without it, or when it throws, such an offer is refused and the call ended: the promise rejects with a 488, or with
   * `SIP_ABORTED`. It has 31 s.
   *
   * @see RFC 3261 §13.2.1, RFC 3262 §5
   */
  readonly answerOffer?: (offer: Uint8Array, response: ResponseData) => MessageContent | Promise<MessageContent>;
  /**
   * Seconds that the call is good for, sent as Expires: it is cancelled when nobody has answered by then, and rejects with the
   * response to that, mostly a 487. Default: it is sent without, and cancelled after 1,800. @see RFC 3261 §13.2.1, §20.19
   */
  readonly expiresS?: number;
}

const inviteNames: NamesOf<InviteOptions> = {
  ...contentNames,
  from: true,
  signal: true,
  onProvisional: true,
  onFork: true,
  group: true,
  answerOffer: true,
  expiresS: true,
};

/** @see RFC 3261 §20.19 */
const expiresMaxS = 86_400;

/** What a call carries, once its options are found to be sound. */
export interface SoundCall {
  readonly content: Content;
  /** A name-addr; undefined for the stack's own address. */
  readonly from: string | undefined;
}

/** Checks what `invite` is given. @throws UsageError that names what is wrong. */
export function checkInvite(target: string, options: InviteOptions): SoundCall {
  if (typeof target !== 'string' || parseUriText(target) === undefined || /[\s<>]/.test(target))
    throw new UsageError(`${shown(target)} is no SIP URI.`);
  needOptions('invite()', options, inviteNames);
  needSignal('signal', options.signal);
  needFunction('onProvisional', options.onProvisional);
  needFunction('onFork', options.onFork);
  needFunction('answerOffer', options.answerOffer);
  if (options.group !== undefined) needGroup('group', options.group);
  const content = contentOf(options, sdpType);
  const from = options.from === undefined ? undefined : nameAddr(options.from);
  const { answerOffer, expiresS } = options;
  if (expiresS !== undefined && !(Number.isInteger(expiresS) && expiresS >= 1 && expiresS <= expiresMaxS))
    throw new UsageError(`expiresS is a whole number from 1 to ${expiresMaxS}, not ${shown(expiresS)}.`);
  if (answerOffer !== undefined && content.body !== undefined)
    throw new UsageError('A call with a body makes an offer of its own: answerOffer is for one without.');
  return { content, from };
}

/** A name-addr without parameters of its own, for the tag is the stack's. */
function nameAddr(from: string): string {
  if (typeof from !== 'string') throw new UsageError(`from is a URI or name-addr, not ${shown(from)}.`);
  if (!isHeaderValue(from)) throw new UsageError('from has a line break or NUL in it.');
  const [, uri] = /^(?:"(?:[^"\\]|\\.)*"|[^"<>;,\\]*)\s*<([^<>]+)>$/.exec(from) ?? [undefined, from];
  if (uri === undefined || parseUriText(uri) === undefined)
    throw new UsageError(`from: '${from}' is no URI or name-addr.`);
  return uri === from ? `<${from}>` : from;
}
