import type { Address } from '../../../core/contract.ts';
import { isTargetRefresh } from '../../../core/message/target-refresh.ts';
import { check } from '../target.ts';
import { type SentMessage, valuesOf } from '../world/sent-message.ts';
import { type Party, strangerHost } from './parties.ts';

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
  /** Calls that go straight to their peer and whose target a stranger has refreshed, as whoever knows the tags may (RFC 3261 §12.2.2). */
  readonly #ledCalls = new Set<string>();
  /** What hops of the list have said. */
  readonly #carried: string[] = [];
  readonly #hopHosts: ReadonlySet<string>;
  /** Call-IDs of INVITEs that begin calls of ours, by their branch. */
  readonly #invites = new Map<string, string>();
  readonly #branches = new Set<string>();
  #isStrangerNamed = false;

  constructor(options: { readonly isOff: boolean; readonly parties: readonly Party[] }) {
    const { isOff, parties } = options;
    this.#isOff = isOff;
    this.#trusted = parties.filter(({ isStranger }) => !isStranger).map(({ uri }) => `<${uri};lr>`);
    this.#hopHosts = new Set(parties.filter(({ listed }) => listed).map(({ address }) => address.host));
  }

  /** `isProved`: who says it has met a challenge of the engine's. */
  heard(text: string, from: Address, isProved: boolean): void {
    const isStrange = from.host === strangerHost;
    if (isStrange) {
      this.#strange.push(text);
      this.#noteAnswer(text);
    }
    if (isStrange && !isProved) return;
    this.#trusted.push(text);
    if (this.#hopHosts.has(from.host) && mayRoute(text)) this.#carried.push(text);
    this.#isStrangerNamed ||= text.includes(strangerHost);
  }

  /** A call has come in: what becomes of it is a stranger's business, if nobody else has said its Call-ID. */
  called(callId: string): void {
    const isSaid = (said: string): boolean => said.includes(callId);
    if (this.#strange.some(isSaid) && !this.#trusted.some(isSaid)) this.#strangeCalls.add(callId);
  }

  sent(message: SentMessage, to: Address): void {
    const { isRequest, method, toTag, branch } = message;
    if (isRequest && method === 'INVITE' && toTag === '') this.#invites.set(branch, message.callId);
    if (this.#isOff || this.#strangeCalls.has(message.callId)) return;
    if (to.host === strangerHost) this.#checkAnswer(message);
    if (isRequest) this.#checkRoutes(message);
  }

  /** Who answers an INVITE has seen it go by: the answer makes the call theirs. */
  #noteAnswer(text: string): void {
    if (!text.startsWith('SIP/2.0 ')) return;
    for (const [branch, callId] of this.#invites) if (text.includes(branch)) this.#strangeCalls.add(callId);
  }

  #checkAnswer(message: SentMessage): void {
    const { isRequest, branch, text, callId } = message;
    if (this.#isStrangerNamed) return;
    if (branch.startsWith('z9hG4bKprobe') && this.#strangeCalls.size + this.#ledCalls.size > 0) return;
    if (isRequest && this.#ledCalls.has(callId) && valuesOf(text, 'Route').length === 0) return;
    this.#noteRefresh(message);
    check(!isRequest, 'a stranger gets no request', () => text);
    if (this.#branches.has(branch)) return;
    check(
      this.#strange.some((said) => said.includes(branch)),
      'a stranger gets answers to its own requests alone',
      () => text,
    );
    this.#branches.add(branch);
  }

  #noteRefresh({ method, status, callId }: SentMessage): void {
    const isRefresh = status >= 200 && status < 300 && isTargetRefresh(method);
    if (isRefresh && !this.#carried.some((said) => said.includes(callId))) this.#ledCalls.add(callId);
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

/** Whether who sends this may get onto a route by it: an answer, what begins a call, a refresh that records a route. */
function mayRoute(text: string): boolean {
  if (!/^(?:INVITE|UPDATE) /.test(text)) return text.startsWith('SIP/2.0 ');
  return !/^(?:to|t)[ \t]*:.*;[ \t]*tag=/im.test(text) || /^record-route[ \t]*:/im.test(text);
}
