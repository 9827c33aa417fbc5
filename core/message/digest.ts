import type { Hash, HashAlgorithm } from '../contract.ts';

/** An algorithm of Digest, in its usual spelling. @see RFC 8760 §2.7 */
export type DigestAlgorithm = HashAlgorithm | `${HashAlgorithm}-sess`;

/** How much of a request its digest covers: `auth` method and Request-URI, `auth-int` the body as well. */
export type DigestQop = 'auth' | 'auth-int';

const algorithms: readonly DigestAlgorithm[] = [
  'MD5',
  'MD5-sess',
  'SHA-256',
  'SHA-256-sess',
  'SHA-512-256',
  'SHA-512-256-sess',
];

/** The algorithm that a parameter names, in any case; MD5 where there is none, undefined for one that we do not have. */
export function digestAlgorithm(name: string | undefined): DigestAlgorithm | undefined {
  if (name === undefined) return 'MD5';
  return algorithms.find((algorithm) => algorithm.toLowerCase() === name.toLowerCase());
}

/** What goes into a digest. Texts are without quotes and escapes. */
export interface DigestInput {
  readonly algorithm: DigestAlgorithm;
  readonly username: string;
  readonly realm: string;
  readonly password: string;
  readonly nonce: string;
  /** Undefined: as RFC 2069 had it, without `nc` and `cnonce`. */
  readonly qop: DigestQop | undefined;
  /** Eight hexadecimal digits. */
  readonly nc: string;
  readonly cnonce: string;
  readonly method: string;
  readonly uri: string;
  /** For `auth-int` alone. */
  readonly body: Uint8Array;
}

/** The digest that proves knowledge of the password: the value of `response`. @see RFC 7616 §3.4.1, RFC 3261 §22.4 */
export function digestOf(hash: Hash, input: DigestInput): string {
  const { algorithm, username, realm, password, nonce, qop, nc, cnonce, method, uri, body } = input;
  const base = baseOf(algorithm);
  const secret = hash(base, `${username}:${realm}:${password}`);
  const a1 = base === algorithm ? secret : hash(base, `${secret}:${nonce}:${cnonce}`);
  const a2 = hash(base, qop === 'auth-int' ? `${method}:${uri}:${hash(base, body)}` : `${method}:${uri}`);
  return hash(base, qop === undefined ? `${a1}:${nonce}:${a2}` : `${a1}:${nonce}:${nc}:${cnonce}:${qop}:${a2}`);
}

function baseOf(algorithm: DigestAlgorithm): HashAlgorithm {
  return algorithm.replace(/-sess$/, '') as HashAlgorithm;
}
