import type { RandomSource } from '../contract.ts';
import type { Message } from '../message/message.ts';
import type { Span } from '../message/span.ts';
import { KeyedHash } from '../transaction/keyed-hash.ts';

/** Octets that a tag is made of: who writes more is told apart by what comes first. */
const inputMax = 512;

/**
 * To tags of responses that are sent without state: the same for the same request each time that it comes, and for its ACK, while nobody
 * else can tell them.
 *
 * @see RFC 3261 §8.2.7, §19.3
 */
export class StatelessTags {
  readonly #one: KeyedHash;
  readonly #other: KeyedHash;
  readonly #input = new Uint8Array(inputMax);
  #length = 0;

  constructor(random: RandomSource) {
    this.#one = new KeyedHash(random);
    this.#other = new KeyedHash(random);
  }

  of(request: Message): string {
    const { bytes, callId, from, cseq } = request;
    this.#length = 0;
    for (let shift = 24; shift >= 0; shift -= 8) this.#input[this.#length++] = cseq.number >>> shift;
    this.#add(bytes, from.tag);
    this.#add(bytes, callId);
    return word(this.#one.of(this.#input, this.#length)) + word(this.#other.of(this.#input, this.#length));
  }

  /** Whether an ACK is for such a response. */
  isOf(ack: Message): boolean {
    return ack.text(ack.to.tag) === this.of(ack);
  }

  #add(bytes: Uint8Array, { start, end }: Span): void {
    const input = this.#input;
    for (let at = start; at < end && this.#length < inputMax; at++) input[this.#length++] = bytes[at] as number;
  }
}

/** 32 bits as seven letters and digits. */
function word(hash: number): string {
  return (hash >>> 0).toString(36).padStart(7, '0');
}
