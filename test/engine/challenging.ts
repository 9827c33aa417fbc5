import { createHash } from 'node:crypto';
import type { RawPeer, Sip } from './raw-peer.ts';

/** What a raw peer asks for, and what it knows. */
export interface Challenging {
  readonly realm?: string;
  readonly password?: string;
  /** 407 of a proxy unless told otherwise. */
  readonly status?: 401 | 407;
  readonly algorithm?: 'MD5' | 'SHA-256';
  /** '' for a server of RFC 2069. */
  readonly qop?: string;
  readonly methods?: readonly string[];
}

/** A server that asks for credentials, written from RFC 2617 without a line of ours. */
export class ChallengingServer {
  readonly peer: RawPeer;
  readonly realm: string;
  readonly methods: readonly string[];
  readonly #password: string;
  readonly #status: 401 | 407;
  readonly #algorithm: 'MD5' | 'SHA-256';
  readonly #qop: string;
  readonly #counts = new Map<string, Set<string>>();
  nonce = 'nonce-1';
  /** Every request that it let pass. */
  readonly passed: Sip[] = [];

  constructor(peer: RawPeer, options: Challenging = {}) {
    this.peer = peer;
    this.realm = options.realm ?? 'biloxi.com';
    this.methods = options.methods ?? ['INVITE', 'UPDATE', 'INFO', 'BYE', 'MESSAGE'];
    this.#password = options.password ?? 'zanzibar';
    this.#status = options.status ?? 407;
    this.#algorithm = options.algorithm ?? 'MD5';
    this.#qop = options.qop ?? 'auth';
  }

  /** Challenges what does not prove itself; false when the request may pass. */
  readonly check = (request: Sip): boolean => {
    if (!this.methods.includes(request.method)) return false;
    const given = this.#given(request);
    if (given?.get('nonce') === this.nonce && this.#isRight(request, given)) {
      this.passed.push(request);
      return false;
    }
    this.challenge(request, given !== undefined && given.get('nonce') !== this.nonce);
    return true;
  };

  challenge(request: Sip, stale: boolean): void {
    this.peer.reply(request, this.#status, { headers: [this.line(stale)] });
  }

  line(stale = false): string {
    const name = this.#status === 407 ? 'Proxy-Authenticate' : 'WWW-Authenticate';
    const qop = this.#qop === '' ? '' : `, qop="${this.#qop}"`;
    const algorithm = this.#algorithm === 'MD5' ? '' : `, algorithm=${this.#algorithm}`;
    const flag = stale ? ', stale=TRUE' : '';
    return `${name}: Digest realm="${this.realm}", nonce="${this.nonce}"${qop}${algorithm}, opaque="op-${this.realm}"${flag}`;
  }

  #given(request: Sip): Map<string, string> | undefined {
    const name = this.#status === 407 ? 'Proxy-Authorization' : 'Authorization';
    const values = request.all(name).map((value) => {
      const pairs = [...value.matchAll(/([a-z]+)=(?:"([^"]*)"|([^,\s]*))/g)];
      return new Map(pairs.map(([, key = '', quoted, token = '']) => [key, quoted ?? token]));
    });
    return values.find((params) => params.get('realm') === this.realm);
  }

  #isRight(request: Sip, given: ReadonlyMap<string, string>): boolean {
    const h = (text: string): string =>
      createHash(this.#algorithm === 'MD5' ? 'md5' : 'sha256')
        .update(text)
        .digest('hex');
    const get = (name: string): string => given.get(name) ?? '';
    const a1 = h(`${get('username')}:${this.realm}:${this.#password}`);
    const body = get('qop') === 'auth-int' ? `:${h(request.body)}` : '';
    const a2 = h(`${request.method}:${get('uri')}${body}`);
    const middle = this.#qop === '' ? '' : `${get('nc')}:${get('cnonce')}:${get('qop')}:`;
    if (get('uri') !== request.requestUri || get('opaque') !== `op-${this.realm}`) return false;
    const counts = this.#counts.get(this.nonce) ?? new Set();
    this.#counts.set(this.nonce, counts);
    if (this.#qop !== '' && counts.has(get('nc'))) return false; // a replay
    counts.add(get('nc'));
    return get('response') === h(`${a1}:${this.nonce}:${middle}${a2}`);
  }
}
