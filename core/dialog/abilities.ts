import { prepared } from '../message/write.ts';
import type { DialogTable } from './table.ts';

/** The option tag of Session Dialog Resiliency, as Microsoft's and Polycom's clients write it. @see [MS-SIPRE] §3.7.5.1 */
export const resilienceTag = 'ms-dialog-route-set-update';

export const allowHeader = 'Allow: INVITE, ACK, CANCEL, BYE, PRACK, UPDATE, OPTIONS, INFO, MESSAGE\r\n';

/** What an INVITE and its 2xx say besides, where the program allows dialogs to be replaced. @see RFC 3891 §6.2 */
export const replacesHeader = 'Supported: replaces\r\n';

/** The option tag is offered where routes are healed. */
type Offering = Pick<DialogTable, 'resilient'>;

/** Lines that most messages carry, as octets, since nothing else in them is as long: with the option tag, and without. */
interface Lines {
  readonly resilient: Uint8Array;
  readonly plain: Uint8Array;
}

const requestLines = linesOf('Supported: timer');
const refreshLines = linesOf(`${allowHeader}Supported: timer`);
const callLines = linesOf(`${allowHeader}Supported: timer, 100rel`);

/** What every request but ACK and CANCEL says that we support. @see RFC 4028 §7.1 */
export function requestAbilities({ resilient }: Offering): Uint8Array {
  return resilient ? requestLines.resilient : requestLines.plain;
}

/** The same in an INVITE or UPDATE, with what methods we take. @see RFC 3261 §13.2.1, RFC 3311 §5.1 */
export function refreshAbilities({ resilient }: Offering): Uint8Array {
  return resilient ? refreshLines.resilient : refreshLines.plain;
}

/** The same where provisional responses may be sent reliably: in an INVITE that begins a call, in what answers one, and in every 2xx. @see RFC 3262 §4 */
export function callAbilities({ resilient }: Offering): Uint8Array {
  return resilient ? callLines.resilient : callLines.plain;
}

function linesOf(lines: string): Lines {
  return { resilient: prepared(`${lines}, ${resilienceTag}\r\n`), plain: prepared(`${lines}\r\n`) };
}
