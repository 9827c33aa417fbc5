import { createHash } from 'node:crypto';
import { paramOf } from './address-value.ts';
import type { Header, Message } from './message.ts';

/** What an endpoint with the habit `challenges` wants to see. */
export const modelCredentials = { realm: 'model', username: 'sim', password: 'mended' } as const;

const noncesMax = 256;

/** Asks for digests and checks them (RFC 3261 §22, RFC 2617). */
export class Challenger {
  readonly #nonces = new Set<string>();

  /** A fresh challenge. */
  challenge(nonce: string): readonly Header[] {
    this.#nonces.add(nonce);
    for (const oldest of this.#nonces) {
      if (this.#nonces.size <= noncesMax) break;
      this.#nonces.delete(oldest);
    }
    const value = `Digest realm="${modelCredentials.realm}", nonce="${nonce}", algorithm=MD5, qop="auth"`;
    return [['WWW-Authenticate', value]];
  }

  hasProof(request: Message): boolean {
    return request.lines('authorization').some((line) => this.#isProof(line, request.method));
  }

  #isProof(line: string, method: string): boolean {
    if (!/^digest\s/i.test(line)) return false;
    const params = `;${line.slice('digest '.length).replace(/,/g, ';')}`;
    const value = (name: string): string => (paramOf(params, name) ?? '').replace(/^"|"$/g, '');
    const { realm, username, password } = modelCredentials;
    if (value('username') !== username || value('realm') !== realm || !this.#nonces.has(value('nonce'))) return false;
    const secret = md5(`${username}:${realm}:${password}`);
    const what = md5(`${method}:${value('uri')}`);
    const once = value('qop') === '' ? '' : `:${value('nc')}:${value('cnonce')}:${value('qop')}`;
    return value('response') === md5(`${secret}:${value('nonce')}${once}:${what}`);
  }
}

function md5(text: string): string {
  return createHash('md5').update(text).digest('hex');
}
