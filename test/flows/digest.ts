import { createHash } from 'node:crypto';

/** What the program of Alice knows, for every realm. */
export const secret = { username: 'alice', password: 'secret' } as const;

/** The value of a Proxy-Authenticate. @see RFC 3261 §22.4 */
export function challenge(realm: string, nonce: string): string {
  return `Digest realm="${realm}", nonce="${nonce}", qop="auth", opaque="", stale=FALSE, algorithm=MD5`;
}

/** The value of a Proxy-Authorization that answers such a challenge. @see RFC 2617 §3.2.2.1 */
export function credentials(realm: string, nonce: string, method: string, uri: string): string {
  const { username, password } = secret;
  const [count, cnonce] = ['00000001', 'f10e5'];
  const digest = md5(
    `${md5(`${username}:${realm}:${password}`)}:${nonce}:${count}:${cnonce}:auth:${md5(`${method}:${uri}`)}`,
  );
  return (
    `Digest username="${username}", realm="${realm}", nonce="${nonce}", uri="${uri}", response="${digest}", ` +
    `opaque="", qop=auth, nc=${count}, cnonce="${cnonce}", algorithm=MD5`
  );
}

function md5(text: string): string {
  return createHash('md5').update(text).digest('hex');
}
