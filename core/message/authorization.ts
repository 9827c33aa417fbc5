import { parseDigestParams, quotedString } from './digest-params.ts';
import type { HeaderId } from './header.ts';
import { valueText } from './header-text.ts';
import type { Message } from './message.ts';

/** Digest credentials as a request carries them. Texts are without quotes and escapes. @see RFC 7616 §3.4 */
export interface Authorization {
  readonly username: string;
  readonly realm: string;
  readonly nonce: string;
  readonly uri: string;
  readonly response: string;
  readonly algorithm: string | undefined;
  readonly opaque: string | undefined;
  readonly qop: string | undefined;
  /** Eight hexadecimal digits; '' where there is none. */
  readonly nc: string;
  readonly cnonce: string;
}

/** The value of Authorization or Proxy-Authorization. Which parameters are quoted is RFC 7616 §3.4's to say. */
export function authorizationText(authorization: Authorization): string {
  const { username, realm, nonce, uri, response, algorithm, opaque, qop, nc, cnonce } = authorization;
  const quoted = { username, realm, nonce, uri, response, ...(opaque !== undefined && { opaque }) };
  const params = Object.entries(quoted).map(([name, value]) => `${name}=${quotedString(value)}`);
  if (algorithm !== undefined) params.push(`algorithm=${algorithm}`);
  if (qop !== undefined) params.push(`qop=${qop}`, `nc=${nc}`, `cnonce=${quotedString(cnonce)}`);
  return `Digest ${params.join(', ')}`;
}

/** Undefined where it is malformed, incomplete, or of another scheme. */
export function parseAuthorization(value: string): Authorization | undefined {
  const params = parseDigestParams(value);
  const [username, realm, nonce, uri, response] = ['username', 'realm', 'nonce', 'uri', 'response'].map((name) =>
    params?.get(name),
  );
  if (username === undefined || realm === undefined || nonce === undefined) return undefined;
  if (uri === undefined || response === undefined) return undefined;
  const nc = params?.get('nc') ?? '';
  if (nc !== '' && !/^[0-9a-f]{8}$/i.test(nc)) return undefined;
  const [algorithm, opaque, qop] = ['algorithm', 'opaque', 'qop'].map((name) => params?.get(name));
  return { username, realm, nonce, uri, response, algorithm, opaque, qop, nc, cnonce: params?.get('cnonce') ?? '' };
}

/** The credentials that a request carries for a realm: the first of them. */
export function authorizationFor(
  request: Message,
  header: typeof HeaderId.Authorization | typeof HeaderId.ProxyAuthorization,
  realm: string,
): Authorization | undefined {
  for (let line = request.first(header); line >= 0; line = request.next(line)) {
    const value = valueText(request.bytes, request.valueStart(line), request.valueEnd(line));
    const authorization = parseAuthorization(value);
    if (authorization?.realm === realm) return authorization;
  }
  return undefined;
}
