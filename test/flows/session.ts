/** One audio stream of PCMU, described by that user; its media go to that host. @see RFC 4566 §5 */
export function session(user: string, host: string): string {
  const lines = ['v=0', `o=${user} 1 1 IN IP4 ${host}`, 's=-', `c=IN IP4 ${host}`, 't=0 0', 'm=audio 40000 RTP/AVP 0'];
  return `${lines.join('\r\n')}\r\n`;
}
