import type { Address } from '../../../core/contract.ts';
import { check } from '../target.ts';
import { type SentMessage, valuesOf } from '../world/sent-message.ts';
import { strangerHost } from './parties.ts';

/** What strangers must never get: a route of ours, or a message that is no answer to one of theirs. */
export class RouteWatch {
  /** Whether anybody is believed, so that nothing can be said of routes. */
  readonly #isOff: boolean;
  /** What those have said who may move routes. */
  readonly #trusted: string[];
  readonly #believed = new Set<string>();
  /** What strangers have said. */
  readonly #strange: string[] = [];
  /** Calls that a stranger has made, or answered as only who saw the INVITE can. */
  readonly #strangeCalls = new Set<string>();
  readonly #branches = new Set<string>();
  #isStrangerNamed = false;

  /** `uris` are those of who may be a route from the start. */
  constructor(options: { readonly isOff: boolean; readonly uris: readonly string[] }) {
    this.#isOff = options.isOff;
    this.#trusted = options.uris.map((uri) => `<${uri};lr>`);
  }

  heard(text: string, from: Address): void {
    if (from.host === strangerHost) {
      this.#strange.push(text);
    } else {
      this.#trusted.push(text);
      this.#isStrangerNamed ||= text.includes(strangerHost);
    }
  }

  /** A call has come in: what becomes of it is a stranger's business, if nobody else has said its Call-ID. */
  called(callId: string): void {
    const isSaid = (said: string): boolean => said.includes(callId);
    if (this.#strange.some(isSaid) && !this.#trusted.some(isSaid)) this.#strangeCalls.add(callId);
  }

  sent(message: SentMessage, to: Address): void {
    if (this.#isOff || this.#strangeCalls.has(message.callId)) return;
    if (to.host === strangerHost) this.#checkAnswer(message);
    if (message.isRequest) this.#checkRoutes(message);
  }

  #checkAnswer({ isRequest, branch, text }: SentMessage): void {
    if (this.#isStrangerNamed || (branch.startsWith('z9hG4bKprobe') && this.#strangeCalls.size > 0)) return;
    check(!isRequest, 'a stranger gets no request', () => text);
    if (this.#branches.has(branch)) return;
    check(
      this.#strange.some((said) => said.includes(branch)),
      'a stranger gets answers to its own requests alone',
      () => text,
    );
    this.#branches.add(branch);
  }

  #checkRoutes({ text }: SentMessage): void {
    for (const value of valuesOf(text, 'Route')) {
      for (const route of value.split(/(?<=>)\s*,\s*/)) {
        if (this.#believed.has(route)) continue;
        const uri = /<([^>]*)>/.exec(route)?.[1] ?? route;
        const isSaid = this.#trusted.some((said) => said.includes(uri));
        const isTarget = value.endsWith(route) && this.#isToStrictRouter(text);
        check(isSaid || isTarget, 'a route is what somebody has said who may', () => text);
        if (isSaid) this.#believed.add(route);
      }
    }
  }

  /** There the remote target stands behind the routes, which any refresh may bring. @see RFC 3261 §12.2.1.1 */
  #isToStrictRouter(text: string): boolean {
    const uri = text.split(' ', 2)[1] ?? '';
    const recorded = (said: string): string[] => said.match(/^record-route[ \t]*:.*/gim) ?? [];
    return this.#trusted.some((said) => recorded(said).some((line) => line.includes(`<${uri}>`)));
  }
}
