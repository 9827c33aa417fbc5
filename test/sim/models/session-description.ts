import type { Header } from './message.ts';

/** A session description, opaque but for its number. */
export function describe(session: number): string {
  return `v=0\r\ns=${session}\r\n`;
}

export const sdpType: Header = ['Content-Type', 'application/sdp'];
