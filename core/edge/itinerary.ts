import type { Message } from '../message/message.ts';
import { clearSpan, emptySpan, type Span, setSpan } from '../message/span.ts';
import { parseUri, UriView } from '../message/uri.ts';
import { UriList } from '../message/uri-list.ts';
import { emptyAddress, setIp, setPort, setProtocol } from './address-octets.ts';
import type { Locals } from './local.ts';

/**
 * Where a request wants to go next: `resolved` to an address, to `ourselves`, to a `name`, which we do not look up, or by a
 * `transport` that we do not have; `scheme` is a URI that we do not understand, `malformed` a Route that breaks the grammar.
 */
export type Destination = 'resolved' | 'ourselves' | 'name' | 'transport' | 'scheme' | 'malformed';

/**
 * Reads the way of one request: what of its Route is for us, and where it goes then. Reused: valid until the next `read`.
 *
 * All Route values at the top that name us are taken together: where a dialog changes its transport with us there are two.
 * Names are not looked up. A `tel` URI is understood as far as Routes lead; `sips` would need TLS at each hop.
 *
 * @see RFC 3261 §16.4, §16.6 (6, 7); RFC 5658 §5
 */
export class Itinerary {
  /** A Route value of the request, or a strict router's Request-URI, named us. */
  throughUs: boolean = false;
  /** The user part of that URI: our token. Empty when there is none. */
  readonly token: Span = emptySpan();
  /** The Request-URI, put back in its place if a strict router sent the request. */
  readonly requestUri: Span = emptySpan();
  /** The Request-URI names us by maddr, which goes on without it, and without port and transport. */
  maddr: boolean = false;
  readonly routes: UriList = new UriList();
  /** The Route values that are left: [first, end). */
  first: number = 0;
  end: number = 0;
  /** Where the request goes, when that is resolved. */
  readonly next: Uint8Array = emptyAddress();
  readonly #locals: Locals;
  readonly #uri: UriView = new UriView();

  constructor(locals: Locals) {
    this.#locals = locals;
  }

  /** True when Route values are left over: the Request-URI is somebody else's business. */
  get routed(): boolean {
    return this.first < this.end;
  }

  read(request: Message): Destination {
    const { bytes, requestUri, requestUriParts } = request;
    const { routes } = this;
    this.throughUs = false;
    this.maddr = false;
    clearSpan(this.token);
    setSpan(this.requestUri, requestUri.start, requestUri.end);
    if (request.routes(routes) === 'malformed') return 'malformed';
    this.first = 0;
    this.end = routes.count;
    const { user, lr, scheme } = requestUriParts;
    if (scheme === 'other' || scheme === 'sips') return 'scheme';
    if (this.end > 0 && lr && user.end > user.start && this.#resolve(requestUriParts) === 'ourselves') {
      this.throughUs = true;
      setSpan(this.token, user.start, user.end);
      this.end--;
      setSpan(this.requestUri, routes.uriStart(this.end), routes.uriEnd(this.end));
      if (routes.secure(this.end)) return 'scheme';
    }
    while (this.first < this.end) {
      const destination = this.#follow(bytes, routes.uriStart(this.first), routes.uriEnd(this.first));
      if (destination !== 'ourselves') return destination;
      if (!this.throughUs) setSpan(this.token, this.#uri.user.start, this.#uri.user.end);
      this.throughUs = true;
      this.first++;
    }
    if (this.end === routes.count) return this.#resolveTarget(requestUriParts);
    if (!parseUri(bytes, this.requestUri.start, this.requestUri.end, this.#uri)) return 'malformed';
    return this.#resolveTarget(this.#uri);
  }

  #follow(bytes: Uint8Array, start: number, end: number): Destination {
    return parseUri(bytes, start, end, this.#uri) ? this.#resolve(this.#uri) : 'malformed';
  }

  /** Resolves the Request-URI: with a maddr that is ours it is as if it had neither that, nor a port, nor a transport. */
  #resolveTarget(uri: UriView): Destination {
    const { host, maddr } = uri;
    const destination = this.#resolve(uri);
    if (destination !== 'ourselves' || maddr.end === maddr.start) return destination;
    this.maddr = true;
    return this.#locate(uri, this.#locals.usualProtocol, host, 0);
  }

  #resolve(uri: UriView): Destination {
    const { host, maddr, port, transport } = uri;
    if (uri.scheme !== 'sip') return 'scheme';
    const protocol = transport === '' ? this.#locals.usualProtocol : transport;
    return this.#locate(uri, protocol, maddr.end > maddr.start ? maddr : host, port);
  }

  /** Sets `next` to a place of `uri`; a port of 0 is the protocol's own. */
  #locate({ bytes }: UriView, protocol: string, host: Span, port: number): Destination {
    const { next } = this;
    const locals = this.#locals;
    if (!setProtocol(next, protocol) || !locals.speaks(next)) return 'transport';
    if (!setIp(next, bytes, host.start, host.end)) return 'name';
    if (port !== 0) setPort(next, port);
    if (locals.has(next)) return 'ourselves';
    return locals.toward(next) === undefined ? 'transport' : 'resolved';
  }
}
