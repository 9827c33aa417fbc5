/**
 * The answer that refuses every stream of an offer, for an ACK whose call is ended at once: even such an offer must be answered.
 * Undefined where the offer is no session description.
 *
 * @see RFC 3261 §13.2.2.4, RFC 3264 §6
 */
export function refuseOffer(offer: Uint8Array): Uint8Array | undefined {
  const lines = new TextDecoder().decode(offer).split(/\r\n|\n|\r/);
  if (lines[0] !== 'v=0') return undefined;
  const times = lines.filter((line) => line.startsWith('t='));
  const streams = lines.filter((line) => line.startsWith('m=')).map((line) => line.replace(/^(m=\S+) \S+/, '$1 0'));
  const session = ['v=0', 'o=- 0 0 IN IP4 0.0.0.0', 's=-', 'c=IN IP4 0.0.0.0'];
  return new TextEncoder().encode([...session, ...(times.length > 0 ? times : ['t=0 0']), ...streams, ''].join('\r\n'));
}
