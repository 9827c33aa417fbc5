/** Requests that refresh the remote target of an INVITE dialog. @see RFC 5057 §5.4 */
export function isTargetRefresh(method: string): boolean {
  return method === 'INVITE' || method === 'UPDATE';
}
