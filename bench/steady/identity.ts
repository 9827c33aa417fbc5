import type { DialogRecord } from '../../core/index.ts';
import type { Endpoint } from '../route-death/messages.ts';
import { sessionDescription } from '../route-death/scenario.ts';
import { firstDueS, intervalS, isOurs, refreshS } from './scenario.ts';

/* What dialogs are called: both ends know it, so that none has to be set up. */

const digitCount = 8;
const callIdPattern = /\r\nCall-ID: steady-(\d{8})@/;

export function callIdOf(dialog: number): string {
  return `steady-${digitsOf(dialog)}@127.0.0.1`;
}

/** The dialog's number by a message as text; -1 where it is of none. */
export function dialogOf(message: string): number {
  const [, digits] = callIdPattern.exec(message) ?? [];
  return digits === undefined ? -1 : Number(digits);
}

export function nearTag(dialog: number): string {
  return `n${digitsOf(dialog)}`;
}

export function farTag(dialog: number): string {
  return `f${digitsOf(dialog)}`;
}

export const nearUri = 'sip:near@127.0.0.1';

export function farUri(dialog: number): string {
  return `sip:u${digitsOf(dialog)}@127.0.0.1`;
}

/** A dialog that has been up for a while, for the stack to adopt: its first refresh of ours is due in `firstDueS`. */
export function recordOf(dialog: number, peer: Endpoint): DialogRecord {
  const ours = isOurs(dialog);
  return {
    version: 1,
    callId: callIdOf(dialog),
    localTag: nearTag(dialog),
    remoteTag: farTag(dialog),
    role: 'uac',
    localUri: nearUri,
    remoteUri: farUri(dialog),
    localSequenceNumber: 1,
    remoteTarget: `sip:u${digitsOf(dialog)}@${peer.host}:${peer.port}`,
    localSession: sessionDescription,
    hop: `sip:${peer.host}:${peer.port}`,
    peer: { resilient: true },
    sessionTimer: {
      intervalS,
      refresher: ours ? 'local' : 'remote',
      remainingS: ours ? refreshS + firstDueS(dialog) : intervalS,
    },
  };
}

function digitsOf(dialog: number): string {
  return String(dialog).padStart(digitCount, '0');
}
