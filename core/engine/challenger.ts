import type { Hash } from '../contract.ts';
import type { DialogId } from '../dialog/table.ts';
import { type Authorization, authorizationFor } from '../message/authorization.ts';
import { type DigestAlgorithm, digestAlgorithm, digestOf } from '../message/digest.ts';
import { quotedString } from '../message/digest-params.ts';
import { HeaderId } from '../message/header.ts';
import type { Message } from '../message/message.ts';
import { equalsSecret, Nonces } from './nonces.ts';

/** Whom we believe, and by what. */
export interface ChallengeOptions {
  /** Unique in the world, and fit to be shown: mostly a domain name. @see RFC 3261 §22.1 */
  readonly realm: string;
  /** Passwords by user name. */
  readonly users: Readonly<Record<string, string>>;
}

/**
 * What the credentials of a request are worth. `stale`: they are right, but their nonce may not be used, or not again. `none`: it has none
 * for us.
 */
export type Proof = 'proved' | 'stale' | 'wrong' | 'none';

/** What we ask for, the most wanted first. @see RFC 8760 §2.3 */
const offered: readonly DigestAlgorithm[] = ['SHA-256', 'MD5'];

const noBody = new Uint8Array(0);

/** The nonce that a dialog has last proved itself by, and its count. */
interface LastUse {
  readonly serial: number;
  readonly count: number;
}

/**
 * Asks peers inside dialogs for proof of who they are.
 *
 * A nonce serves one dialog. What a dialog remembers is the last use that was right: each further one must have a later nonce, or the
 * same with a higher count, so that nothing is believed twice.
 *
 * @see RFC 3261 §22.2, §22.4; RFC 7616 §5.5
 */
export class Challenger {
  readonly #realm: string;
  readonly #passwords: ReadonlyMap<string, string>;
  readonly #hash: Hash;
  readonly #nonces: Nonces;
  readonly #nowMs: () => number;
  /** Of the dialogs that have ever proved themselves. */
  readonly #lastUses = new Map<DialogId, LastUse>();

  constructor(options: ChallengeOptions, hash: Hash, nonceKey: string, nowMs: () => number) {
    this.#realm = options.realm;
    this.#passwords = new Map(Object.entries(options.users));
    this.#hash = hash;
    this.#nonces = new Nonces(hash, nonceKey);
    this.#nowMs = nowMs;
  }

  /** Looks at the credentials of a request; a use that is right is used up. */
  check(request: Message, dialog: DialogId): Proof {
    const given = authorizationFor(request, HeaderId.Authorization, this.#realm);
    if (given === undefined) return 'none';
    if (!this.#isRight(given, request)) return 'wrong';
    const nonce = this.#nonces.read(given.nonce, dialog, this.#nowMs());
    if (nonce === undefined || nonce.isExpired) return 'stale';
    const { serial } = nonce;
    const count = Number.parseInt(given.nc, 16);
    const last = this.#lastUses.get(dialog) ?? { serial: 0, count: 0 };
    if (serial < last.serial || (serial === last.serial && count <= last.count)) return 'stale';
    this.#lastUses.set(dialog, { serial, count });
    return 'proved';
  }

  /** The header lines of a 401. */
  lines(dialog: DialogId, isStale: boolean): string {
    const nonce = this.#nonces.make(dialog, this.#nowMs());
    const shared = `Digest realm=${quotedString(this.#realm)}, nonce="${nonce}", qop="auth"`;
    const stale = isStale ? ', stale=TRUE' : '';
    return offered.map((algorithm) => `WWW-Authenticate: ${shared}, algorithm=${algorithm}${stale}\r\n`).join('');
  }

  dialogEnded(dialog: DialogId): void {
    this.#lastUses.delete(dialog);
  }

  /** Without a qop there would be no count, and so no end to replays: who was offered one sends it (RFC 3261 §22.4, 8). */
  #isRight(given: Authorization, request: Message): boolean {
    const algorithm = digestAlgorithm(given.algorithm);
    const uri = request.text(request.requestUri);
    if (algorithm === undefined || !offered.includes(algorithm)) return false;
    if (given.qop?.toLowerCase() !== 'auth' || given.nc === '' || given.cnonce === '' || given.uri !== uri)
      return false;
    const { username, nonce, nc, cnonce, response } = given;
    const password = this.#passwords.get(username);
    const digest = digestOf(this.#hash, {
      algorithm,
      username,
      realm: this.#realm,
      password: password ?? '',
      nonce,
      qop: 'auth',
      nc,
      cnonce,
      method: request.method,
      uri,
      body: noBody,
    });
    return equalsSecret(response.toLowerCase(), digest) && password !== undefined;
  }
}
