import type {
  Clock,
  FlowId,
  OpenTransport,
  Transport,
  TransportContext,
  TransportListener,
} from '../../transport/index.ts';
import { diceFor } from './dice.ts';
import { type Header, type Message, parse } from './models/message.ts';
import { writeResponse } from './models/write.ts';
import type { Fault } from './plan.ts';

/** How a hop answers requests instead of what stands behind it. */
export type Answering = Extract<Fault, { readonly kind: 'hop-answers' }>;

/** What became of a request at a hop in a mood: its repetitions fare alike, as they do at any hop that keeps transactions. */
type Fate = 'passed' | 'waits' | { readonly response: Uint8Array };

/**
 * What a hop does beside its work while something is wrong with it: it answers by itself, takes its time, loses BYEs. It stands
 * between the network and whoever is the hop, reads requests as text and knows no more of them than a proxy has to.
 */
export class Moods {
  /** The youngest last. */
  answering: readonly Answering[] = [];
  slowByMs = 0;
  losesByes = false;
  /** False: nothing is ever answered here, and nobody needs to know what has passed. */
  readonly #mayAnswer: boolean;
  readonly #clock: Clock;
  readonly #seed: number;
  /** By branch and method. */
  readonly #fates = new Map<string, Fate>();
  #tags = 0;

  constructor(clock: Clock, seed: number, mayAnswer: boolean) {
    this.#clock = clock;
    this.#seed = seed;
    this.#mayAnswer = mayAnswer;
  }

  /** The transport, with this hop's moods before it. */
  before(transport: Transport): Transport {
    return {
      protocol: transport.protocol,
      open: (listener, context) => this.#open(transport, listener, context),
    };
  }

  async #open(transport: Transport, listener: TransportListener, context: TransportContext): Promise<OpenTransport> {
    const lost = new Set<FlowId>();
    let open: OpenTransport | undefined;
    open = await transport.open(
      {
        flowOpen: (flow, remote, openId) => listener.flowOpen(flow, remote, openId),
        openFailed: (openId, code, message) => listener.openFailed(openId, code, message),
        messageRefused: (flow, head, fault) => listener.messageRefused(flow, head, fault),
        turnedAway: (remote, code, message) => listener.turnedAway(remote, code, message),
        warning: (message) => listener.warning(message),
        flowLost: (flow, code, message) => {
          lost.add(flow);
          listener.flowLost(flow, code, message);
        },
        message: (flow, bytes) => {
          if (this.losesByes && isBye(bytes)) return;
          const answer = (response: Uint8Array): void => open?.send(flow, response);
          if (this.#mayAnswer && bytes[0] !== 0x53 && this.#takes(bytes, answer)) return;
          if (this.slowByMs === 0) listener.message(flow, bytes);
          else
            this.#clock.wake(this.#clock.nowMs() + this.slowByMs, () => {
              if (!lost.has(flow)) listener.message(flow, bytes);
            });
        },
      },
      context,
    );
    return open;
  }

  /** Whether a request goes no further. */
  #takes(bytes: Uint8Array, send: (response: Uint8Array) => void): boolean {
    const request = parse(bytes);
    if (request === undefined || !request.isRequest || !request.isWhole) return false;
    const [, branch = ''] = /;branch=([^;,\s]+)/.exec(request.topVia) ?? [];
    const invite = this.#fates.get(`${branch} INVITE`);
    if (request.method === 'ACK') return invite !== undefined && invite !== 'passed';
    if (request.method === 'CANCEL') {
      if (invite === undefined || invite === 'passed') return false;
      send(writeResponse(request, 200, { toTag: this.#tag() }));
      if (invite === 'waits') this.#fates.set(`${branch} INVITE`, { response: new Uint8Array(0) });
      return true;
    }
    const key = `${branch} ${request.method}`;
    const fate = this.#fates.get(key);
    if (fate === 'passed') return false;
    if (fate === 'waits') return true;
    if (fate !== undefined) {
      if (fate.response.length > 0) send(fate.response);
      return true;
    }
    const answering = this.answering.findLast((each) => this.#concerns(each, request, key));
    if (answering === undefined) {
      this.#fates.set(key, 'passed');
      return false;
    }
    this.#fates.set(key, 'waits');
    const answer = (): void => {
      const isCancelled = this.#fates.get(key) !== 'waits';
      const response = isCancelled
        ? writeResponse(request, 487, { toTag: this.#tag() })
        : writeResponse(request, answering.status, { toTag: this.#tag(), headers: headersOf(answering) });
      this.#fates.set(key, { response });
      send(response);
    };
    if (answering.delayMs === 0) answer();
    else this.#clock.wake(this.#clock.nowMs() + answering.delayMs, answer);
    return true;
  }

  #concerns({ to }: Answering, request: Message, key: string): boolean {
    if (to === 'all') return true;
    if (to === 'beginning' || request.toTag === '') return to === 'beginning' && request.toTag === '';
    if (to === 'in-dialog') return true;
    if (to === 'routed' || to === 'routeless') return request.has('route') === (to === 'routed');
    return diceFor(this.#seed, key).chance(to);
  }

  #tag(): string {
    return `mood-${this.#seed.toString(36)}-${(this.#tags++).toString(36)}`;
  }
}

function headersOf({ action, retryAfterS }: Answering): Header[] {
  const headers: Header[] = [];
  if (action !== undefined) headers.push(['P-Dialog-Recovery-Action', action]);
  if (retryAfterS !== undefined) headers.push(['Retry-After', String(retryAfterS)]);
  return headers;
}

function isBye(bytes: Uint8Array): boolean {
  return bytes[0] === 0x42 && bytes[1] === 0x59 && bytes[2] === 0x45 && bytes[3] === 0x20;
}
