import { type DigestAlgorithm, type DigestQop, digestAlgorithm } from './digest.ts';
import { parseDigestParams } from './digest-params.ts';
import type { HeaderId } from './header.ts';
import { valueText } from './header-text.ts';
import type { Message } from './message.ts';

/** A Digest challenge: what a server wants proof of. @see RFC 7616 §3.3 */
export interface Challenge {
  readonly realm: string;
  readonly nonce: string;
  readonly opaque: string | undefined;
  readonly algorithm: DigestAlgorithm;
  /** As it was spelled: credentials repeat it, where there was one. */
  readonly algorithmName: string | undefined;
  /** The one that we take of those offered. */
  readonly qop: DigestQop | undefined;
  /** The nonce of the credentials was too old, and nothing else wrong with them. */
  readonly stale: boolean;
}

/** Whether a response asks for credentials. @see RFC 3261 §22.2, §22.3 */
export function isChallenge(response: Message): boolean {
  return response.status === 401 || response.status === 407;
}

/** The challenges of one header field that we understand, in their order: the most wanted first. @see RFC 8760 §2.3, §2.4 */
export function challengesOf(
  response: Message,
  header: typeof HeaderId.WwwAuthenticate | typeof HeaderId.ProxyAuthenticate,
): Challenge[] {
  const challenges: Challenge[] = [];
  for (let line = response.first(header); line >= 0; line = response.next(line)) {
    const challenge = parseChallenge(valueText(response.bytes, response.valueStart(line), response.valueEnd(line)));
    if (challenge !== undefined) challenges.push(challenge);
  }
  return challenges;
}

/** Undefined where it is malformed, of another scheme, or asks for what we do not have: such a challenge is ignored. */
export function parseChallenge(value: string): Challenge | undefined {
  const params = parseDigestParams(value);
  const realm = params?.get('realm');
  const nonce = params?.get('nonce');
  const algorithmName = params?.get('algorithm');
  const algorithm = digestAlgorithm(algorithmName);
  if (params === undefined || realm === undefined || nonce === undefined || algorithm === undefined) return undefined;
  const offered = params.get('qop');
  const qop = offered === undefined ? undefined : takenOf(offered);
  // A session's key needs the cnonce, and that is sent with a qop only (RFC 3261 §22.4, 8).
  const lacksQop = offered === undefined ? algorithm.endsWith('-sess') : qop === undefined;
  if (lacksQop) return undefined;
  const stale = params.get('stale')?.toLowerCase() === 'true';
  return { realm, nonce, opaque: params.get('opaque'), algorithm, algorithmName, qop, stale };
}

function takenOf(offered: string): DigestQop | undefined {
  const options = offered.split(',').map((option) => option.trim().toLowerCase());
  if (options.includes('auth')) return 'auth';
  return options.includes('auth-int') ? 'auth-int' : undefined;
}
