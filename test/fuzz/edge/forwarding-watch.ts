import type { Address } from '../../../core/contract.ts';
import { Message } from '../../../core/message/message.ts';
import { check } from '../target.ts';
import type { SentMessage } from '../world/sent-message.ts';
import { checkRequest, checkResponse } from './forwarding.ts';

/** So many of what has come are remembered: more than one input sends. */
const rememberedMax = 512;

/** A message that has come, and whereto responses to it go, should it be a request. */
interface Arrived {
  readonly bytes: Uint8Array;
  readonly from: Address;
  /** It is answered, if at all, by what there is of it. */
  readonly isCrooked: boolean;
  readonly isRequest: boolean;
  readonly method: string;
  readonly callId: string;
  readonly sequence: number;
  readonly branch: string;
  readonly secondBranch: string;
  readonly inDialog: boolean;
  /** `host port` of the ways back that there may be. */
  readonly back: readonly string[];
}

const message = new Message();

/** Relates what an edge sends to what has come, and sees that it is made of that alone and goes where it may. */
export class ForwardingWatch {
  readonly #arrived: Arrived[] = [];
  /** What was forwarded with a branch of the edge's. */
  readonly #forwarded = new Map<string, Arrived[]>();
  /** `host port` of both sides, for each Call-ID that the edge has recorded. */
  readonly #sides = new Map<string, Set<string>>();
  #taking: Arrived | undefined;
  readonly #isStranger: (address: Address) => boolean;

  constructor(isStranger: (address: Address) => boolean) {
    this.#isStranger = isStranger;
  }

  arrives(bytes: Uint8Array, from: Address): void {
    const isCrooked = message.scan(bytes) !== undefined;
    const { isRequest, method, callId, cseq, via, secondVia, to } = message;
    const back = [placeOf(from)];
    const maddr = message.text(via.maddr);
    const port = via.port === 0 ? 5060 : via.port;
    if (!via.rport || from.protocol !== 'udp') back.push(`${from.host} ${port}`);
    if (maddr !== '') back.push(`${maddr.replace(/[[\]]/g, '').toLowerCase()} ${port}`);
    this.#arrived.unshift({
      bytes,
      from,
      isCrooked,
      isRequest,
      method,
      callId: message.text(callId),
      sequence: cseq.number,
      branch: message.text(via.branch),
      secondBranch: message.text(secondVia.branch),
      inDialog: to.tag.end > to.tag.start,
      back,
    });
    if (this.#arrived.length > rememberedMax) this.#arrived.pop();
  }

  /** A step took that one message, if `isOne`: what is sent now is made of it. */
  stepped(isOne: boolean): void {
    this.#taking = isOne ? this.#arrived[0] : undefined;
  }

  sent(sent: SentMessage, bytes: Uint8Array, to: Address): void {
    if (sent.isRequest) this.#sentRequest(sent, bytes, to);
    else this.#sentResponse(sent, bytes, to);
  }

  #sentRequest(sent: SentMessage, went: Uint8Array, to: Address): void {
    const arrived = first(this.#like(sent, true), (each) =>
      checkRequest({ came: each.bytes, from: each.from, went, to }),
    );
    check(arrived !== undefined, 'an edge makes no requests', () => sent.text);
    if (this.#isStranger(arrived.from)) {
      const isSide = arrived.inDialog && this.#sides.get(sent.callId)?.has(placeOf(to)) === true;
      check(isSide, 'a stranger reaches the sides of a dialog alone', () => `${placeOf(to)}: ${sent.text}`);
    }
    const others = this.#forwarded.get(sent.branch);
    if (others === undefined) this.#forwarded.set(sent.branch, [arrived]);
    else others.push(arrived);
    const isRecorded = /^Record-Route: <sip:[0-9a-v]+@(?:10\.0\.0\.1|\[2001:db8::1\]):5060/m.test(sent.text);
    if (isRecorded) this.#record(sent.callId, arrived.from, to);
  }

  #record(callId: string, one: Address, other: Address): void {
    const sides = this.#sides.get(callId) ?? new Set();
    this.#sides.set(callId, sides.add(placeOf(one)).add(placeOf(other)));
  }

  #sentResponse(sent: SentMessage, went: Uint8Array, to: Address): void {
    // An answer of the edge's own may be to a request that it forwarded before, and then look like the response to that.
    const isAnswer = this.#taking?.isRequest === true;
    const forwarded = this.#like(sent, false).filter(
      ({ branch, secondBranch }) => !isAnswer && secondBranch === sent.branch && this.#forwarded.has(branch),
    );
    const mayBeAnswer = this.#taking === undefined;
    const came = first(
      forwarded,
      (each) => checkResponse({ came: each.bytes, from: each.from, went, to }),
      mayBeAnswer,
    );
    const asked =
      came === undefined
        ? this.#like(sent, true).filter(({ branch }) => branch === sent.branch)
        : (this.#forwarded.get(came.branch) ?? []);
    check(asked.length > 0, 'a response is one to a request that has come', () => sent.text);
    check(
      asked.some(({ from, back }) => (this.#isStranger(from) ? back.slice(0, 2) : back).includes(placeOf(to))),
      'a response goes back where its request came from',
      () => `${placeOf(to)}: ${sent.text}`,
    );
  }

  #like({ method, callId, sequence }: SentMessage, isRequest: boolean): Arrived[] {
    return this.#arrived.filter(
      (each) =>
        each.isRequest === isRequest &&
        (each.isCrooked || (each.callId === callId && each.method === method && each.sequence === sequence)),
    );
  }
}

/**
 * The first that passes; undefined where there is none to try, or `orNone`.
 *
 * @throws what the first one fails with, when none passes
 */
function first(all: readonly Arrived[], pass: (each: Arrived) => void, orNone: boolean = false): Arrived | undefined {
  let failure: unknown;
  for (const each of all) {
    try {
      pass(each);
      return each;
    } catch (error) {
      failure ??= error;
    }
  }
  if (failure !== undefined && !orNone) throw failure;
  return undefined;
}

function placeOf({ host, port }: Address): string {
  return `${host} ${port}`;
}
