import type { Hash } from '../contract.ts';

/** A name and a password of ours, for whoever asks for them by a challenge. */
export interface Credentials {
  /** Left out: for every realm that no other credentials name. */
  readonly realm?: string | undefined;
  readonly username: string;
  readonly password: string;
}

/** What we can prove who we are with. @see RFC 3261 §22.2 */
export class Keyring {
  readonly hash: Hash;
  /** A cnonce that nobody foresees. */
  readonly token: () => string;
  readonly #credentials: readonly Credentials[];

  constructor(credentials: readonly Credentials[], hash: Hash, token: () => string) {
    this.#credentials = credentials;
    this.hash = hash;
    this.token = token;
  }

  get isEmpty(): boolean {
    return this.#credentials.length === 0;
  }

  /** Realms are compared letter by letter. @see RFC 3261 §22.1 */
  find(realm: string): Credentials | undefined {
    const named = this.#credentials.find((credentials) => credentials.realm === realm);
    return named ?? this.#credentials.find((credentials) => credentials.realm === undefined);
  }
}
