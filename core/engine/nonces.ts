import type { Hash } from '../contract.ts';

/** A nonce may be used for so long: an answer to a challenge takes seconds, and whoever is later is told that it was stale. */
const lifeMs = 120_000;

/** A nonce of ours, read. */
export interface Nonce {
  /** Counts the nonces that were made: a later one has a higher serial. */
  readonly serial: number;
  readonly isExpired: boolean;
}

/**
 * Nonces that need no memory: each says when it was made, and is signed for the one dialog that it was made for.
 *
 * `AGE-SERIAL-SIGNATURE`, the numbers in base 36. The key is made anew with each engine.
 *
 * @see RFC 7616 §3.3, §5.4
 */
export class Nonces {
  readonly #hash: Hash;
  readonly #key: string;
  #serial = 0;

  /** `key`: at least 128 random bits as text. */
  constructor(hash: Hash, key: string) {
    this.#hash = hash;
    this.#key = key;
  }

  /** One for whoever `subject` names. */
  make(subject: number, nowMs: number): string {
    const claims = `${Math.floor(nowMs).toString(36)}-${(++this.#serial).toString(36)}`;
    return `${claims}-${this.#sign(claims, subject)}`;
  }

  /** Undefined when it is none of ours, or was made for another subject. */
  read(nonce: string, subject: number, nowMs: number): Nonce | undefined {
    const [, claims, madeAt = '', serial = '', signature] = /^(([0-9a-z]+)-([0-9a-z]+))-([0-9a-f]+)$/.exec(nonce) ?? [];
    if (claims === undefined || signature === undefined) return undefined;
    if (!equalsSecret(signature, this.#sign(claims, subject))) return undefined;
    return { serial: Number.parseInt(serial, 36), isExpired: nowMs - Number.parseInt(madeAt, 36) > lifeMs };
  }

  #sign(claims: string, subject: number): string {
    return this.#hash('SHA-256', `${this.#key}:${claims}:${subject}`);
  }
}

/** Compares without telling by its time how much of it is right. */
export function equalsSecret(given: string, secret: string): boolean {
  let difference = given.length ^ secret.length;
  for (let i = 0; i < secret.length; i++) difference |= given.charCodeAt(i) ^ secret.charCodeAt(i);
  return difference === 0;
}
