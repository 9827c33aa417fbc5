import type { TransportKind } from '../../route-death/network.ts';
import { numberSize } from './layout.ts';

/** Where the far end itself is said to be: nobody is there, so that whatever does not go by a hop is lost. */
const elsewhere = '192.0.2.1:5060';

/** The URI that a dialog of this number is called by. */
export function targetOf(dialog: number, transport: TransportKind): string {
  return `sip:u${digitsOf(dialog)}@${elsewhere}${parameterOf(transport)}`;
}

/** The far end's Contact. */
export function contactOf(transport: TransportKind): string {
  return `<sip:uas@${elsewhere}${parameterOf(transport)}>`;
}

export function hopUri(port: number, transport: TransportKind): string {
  return `sip:127.0.0.1:${port}${parameterOf(transport)}`;
}

/** Value of the Record-Route of a hop. */
export function recordRouteOf(port: number, transport: TransportKind): string {
  return `<${hopUri(port, transport)};lr>`;
}

export function digitsOf(dialog: number): string {
  return String(dialog).padStart(numberSize, '0');
}

function parameterOf(transport: TransportKind): string {
  return transport === 'tcp' ? ';transport=tcp' : '';
}
