import type { DialogRecord } from '../../core/index.ts';
import { hosts } from './battlefield.ts';

/** Where a forger would like to have a route lead. */
export const evil = `${hosts.attackers[0]}:6666`;

export const healing = [`Record-Route: <sip:${evil};lr>`, 'Supported: ms-dialog-route-set-update'];

export interface Forged {
  readonly cseq: number;
  /** In place of the dialog's own tags. */
  readonly tag?: string;
  readonly contact?: string;
  readonly lines?: readonly string[];
}

/** A request in the name of the peer of this dialog. */
export function forgedRequest(dialog: DialogRecord, method: string, forged: Forged): string {
  const { cseq, tag, contact = dialog.remoteTarget, lines = [] } = forged;
  return [
    `${method} sip:$T SIP/2.0`,
    'Via: SIP/2.0/UDP $H:$P;rport;branch=z9hG4bK-forged-$N',
    'Max-Forwards: 70',
    `From: ${nameAddr(dialog.remoteUri)};tag=${dialog.remoteTag}`,
    `To: ${nameAddr(dialog.localUri)};tag=${tag ?? dialog.localTag}`,
    `Call-ID: ${dialog.callId}`,
    `CSeq: ${cseq} ${method}`,
    `Contact: <${contact}>`,
    ...lines,
    'Content-Length: 0',
    '',
    '',
  ].join('\r\n');
}

/** A response in the name of the peer of this dialog, to a request whose branch the forger has to guess. */
export function forgedResponse(dialog: DialogRecord, status: number, method: string, lines: readonly string[]): string {
  return [
    `SIP/2.0 ${status} Forged`,
    'Via: SIP/2.0/UDP $T;rport;branch=z9hG4bK0000$N',
    `From: ${nameAddr(dialog.localUri)};tag=${dialog.localTag}`,
    `To: ${nameAddr(dialog.remoteUri)};tag=${dialog.remoteTag}`,
    `Call-ID: ${dialog.callId}`,
    `CSeq: ${dialog.localSequenceNumber} ${method}`,
    `Contact: <sip:${evil}>`,
    ...lines,
    'Content-Length: 0',
    '',
    '',
  ].join('\r\n');
}

function nameAddr(uri: string): string {
  return uri.includes('<') ? uri : `<${uri}>`;
}
