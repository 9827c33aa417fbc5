import { type Authorization, authorizationFor, authorizationText } from '../message/authorization.ts';
import { type Challenge, challengesOf } from '../message/challenge.ts';
import { digestOf } from '../message/digest.ts';
import { HeaderId, headerName } from '../message/header.ts';
import type { Message } from '../message/message.ts';
import type { Credentials, Keyring } from './keyring.ts';

/** A call remembers so many realms: a peer may invent new ones without end, and credentials may be for any. */
const realmsMax = 8;

/** A challenge with a longer realm, nonce or opaque is not answered: it would be kept for the call and sent with each request. */
const textSizeMax = 1024;

/** INVITEs whose credentials are kept for their ACKs: the last, and the one before, whose ACK a heal may send again. */
const invitesMax = 2;

const noBody = new Uint8Array(0);

/** Which header field answers which. @see RFC 3261 §22.2, §22.3 */
const kinds = [
  { challenge: HeaderId.WwwAuthenticate, answer: HeaderId.Authorization },
  { challenge: HeaderId.ProxyAuthenticate, answer: HeaderId.ProxyAuthorization },
] as const;

type AnswerHeader = (typeof kinds)[number]['answer'];

/** A realm that has challenged the call. */
interface ProtectionSpace {
  readonly header: AnswerHeader;
  readonly credentials: Credentials;
  readonly challenge: Challenge;
  /** One for all requests by its nonce: the key of a session is made of both (RFC 7616 §3.4.2). */
  readonly cnonce: string;
  /** Requests that were sent by its nonce. */
  count: number;
}

/** What is to be proved: that we are who sends this. */
export interface Claim {
  readonly method: string;
  readonly uri: string;
  readonly sequence: number;
}

/**
 * What one call proves with who it is: the realms that have challenged it, and the credentials that each later request carries
 * for them.
 *
 * @see RFC 3261 §22.2, §22.3; RFC 7616 §3.6
 */
export class Authorizations {
  readonly #keyring: Keyring;
  readonly #spaces: ProtectionSpace[] = [];
  readonly #invites: { readonly sequence: number; readonly lines: string }[] = [];

  constructor(keyring: Keyring) {
    this.#keyring = keyring;
  }

  /** Whether anybody has challenged the call. */
  get isAsked(): boolean {
    return this.#spaces.length > 0;
  }

  /** For another dialog of the same call: with the same nonces, which are counted together. */
  copy(): Authorizations {
    const copy = new Authorizations(this.#keyring);
    copy.#spaces.push(...this.#spaces);
    copy.#invites.push(...this.#invites);
    return copy;
  }

  /**
   * Takes the challenges of a response to `request`; false when none of them can be answered, so that sending it again is no use.
   *
   * What was refused is not offered again: credentials by a nonce that the request was the first to use are wrong, unless
   * the challenge calls the nonce stale.
   *
   * @param isRepeated Whether `request` was itself the answer to a challenge.
   * @see RFC 3261 §22.1; RFC 8760 §2.4
   */
  learn(response: Message, request: Message, isRepeated: boolean): boolean {
    let learned = false;
    for (const { challenge: header, answer } of kinds) {
      const realms = new Set<string>();
      for (const challenge of challengesOf(response, header)) {
        if (realms.has(challenge.realm) || realms.size === realmsMax) continue;
        realms.add(challenge.realm); // the topmost that we understand of each realm
        const credentials = this.#keyring.find(challenge.realm);
        const sent = authorizationFor(request, answer, challenge.realm);
        if (credentials === undefined || !isSmall(challenge) || wasRefused(challenge, sent, isRepeated)) continue;
        this.#remember({ header: answer, credentials, challenge, cnonce: this.#keyring.token(), count: 0 });
        learned = true;
      }
    }
    return learned;
  }

  /**
   * The header lines that a request carries, each ended by CRLF. The ACK of a 2xx has those of its INVITE.
   *
   * Without `body` it is not known yet: realms that want it covered are then left out, and will ask.
   *
   * @see RFC 3261 §22.1
   */
  lines({ method, uri, sequence }: Claim, body?: Uint8Array): string {
    if (method === 'ACK') return this.#invites.findLast((invite) => invite.sequence === sequence)?.lines ?? '';
    let lines = '';
    for (const space of this.#spaces) {
      if (space.challenge.qop === 'auth-int' && body === undefined) continue;
      const authorization = this.#authorize(space, method, uri, body ?? noBody);
      lines += `${headerName(space.header)}: ${authorizationText(authorization)}\r\n`;
    }
    if (method === 'INVITE') {
      this.#invites.push({ sequence, lines });
      if (this.#invites.length > invitesMax) this.#invites.shift();
    }
    return lines;
  }

  #authorize(space: ProtectionSpace, method: string, uri: string, body: Uint8Array): Authorization {
    const { credentials, challenge, cnonce } = space;
    const { username, password } = credentials;
    const { realm, nonce, opaque, algorithm, algorithmName, qop } = challenge;
    const nc = (++space.count).toString(16).padStart(8, '0');
    const input = { algorithm, username, realm, password, nonce, qop, nc, cnonce, method, uri, body };
    const response = digestOf(this.#keyring.hash, input);
    return { username, realm, nonce, uri, response, algorithm: algorithmName, opaque, qop, nc, cnonce };
  }

  #remember(space: ProtectionSpace): void {
    const spaces = this.#spaces;
    const { header, challenge } = space;
    const known = spaces.findIndex((each) => each.header === header && each.challenge.realm === challenge.realm);
    if (known !== -1) spaces[known] = space;
    else if (spaces.push(space) > realmsMax) spaces.shift();
  }
}

function isSmall({ realm, nonce, opaque }: Challenge): boolean {
  return realm.length + nonce.length + (opaque?.length ?? 0) <= textSizeMax;
}

function wasRefused(challenge: Challenge, sent: Authorization | undefined, isRepeated: boolean): boolean {
  if (sent === undefined) return false;
  if (sent.nonce === challenge.nonce) return true;
  if (challenge.stale) return false;
  return sent.nc === '' ? isRepeated : sent.nc === '00000001';
}
