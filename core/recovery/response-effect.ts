/** How much of a dialog a failure response ends. @see RFC 5057 §5.1 */
export type ResponseEffect = 'transaction' | 'usage' | 'dialog';

/** What ends the dialog, whichever request in it is refused so. @see RFC 5057 §5.1, table 1 */
const endsDialog: ReadonlySet<number> = new Set([404, 410, 416, 482, 483, 484, 485, 502, 604]);

/**
 * What ends the usage that the request belongs to. 408 stands for no answer; 489 speaks of subscriptions, and elsewhere counts as an
 * unknown 4xx.
 */
const endsUsage: ReadonlySet<number> = new Set([408, 480, 481]);

/** What speaks of a method: it ends a usage that cannot do without that. */
const refusesMethod: ReadonlySet<number> = new Set([405, 501]);

/** Requests that belong to the INVITE usage. OPTIONS, MESSAGE and unknown methods belong to none. @see RFC 5057 §5.3 */
const inviteUsage: ReadonlySet<string> = new Set(['INVITE', 'UPDATE', 'PRACK', 'INFO', 'BYE']);

/**
 * What a final response of failure ends, where nothing is healed. Give 408 for a request that found no answer.
 *
 * @see RFC 5057 §5.1, §5.2, §5.3
 */
export function responseEffect(method: string, status: number): ResponseEffect {
  if (endsDialog.has(status)) return 'dialog';
  if (endsUsage.has(status)) return inviteUsage.has(method) ? 'usage' : 'transaction';
  return refusesMethod.has(status) && method === 'INVITE' ? 'usage' : 'transaction';
}
