import { nowMs } from '../../route-death/clock.ts';
import type { FarEndCounts } from '../messages.ts';
import type { Answers, Asked } from './answers.ts';
import { Identities } from './identities.ts';
import { decimalAt, Layouts, noLayout } from './layout.ts';
import { Shards, shardOfMessage } from './shards.ts';

/** What of a hop the far end behind it sees. */
export interface HopSide {
  readonly index: number;
  readonly answers: Answers;
}

/** First octets of what comes; an INVITE has a V where an INFO has an F. */
const first = { update: 0x55, ack: 0x41, options: 0x4f, bye: 0x42, response: 0x53 } as const;
const thirdOfInvite = 0x56;

/** No hop knows the dialog. */
const nowhere = 0xff;

/**
 * The far end and what its hops know: which dialog is known at which hop, and what was asked how often. It takes every
 * request of our stack for the next one of a dialog that is well.
 */
export class FarEnd {
  readonly identities: Identities;
  /** Hears of each response to a request of the far end's. */
  onResponse: (bytes: Buffer, start: number, size: number) => void = () => undefined;
  /** A hop that has lost a dialog refuses with `Wait-For-Session-Update`. */
  waits = false;
  /** Where the shards of our stack write from, over UDP. A hop may have to write first. */
  readonly callers = new Shards<{ readonly port: number; readonly address: string }>();
  readonly #layouts = new Layouts();
  readonly #asked: Asked = { bytes: Buffer.alloc(0), start: 0, size: 0, layout: noLayout };
  /** Index of the hop by dialog. */
  readonly #knownAt: Uint8Array;
  readonly #lastSequence: Uint32Array;
  /** Shard of our stack by dialog. */
  readonly #shardOf: Uint8Array;
  readonly #counts = {
    invites: 0,
    acks: 0,
    heals: 0,
    infos: 0,
    refused: 0,
    repeated: 0,
    probes: 0,
    byes: 0,
    foreign: 0,
    healSize: 0,
    answerSize: 0,
  };
  #isBreaking = false;
  #cpuAtFirstHeal: NodeJS.CpuUsage | undefined;
  #firstHealAtMs = 0;

  constructor(dialogs: number) {
    this.identities = new Identities(dialogs);
    this.#knownAt = new Uint8Array(dialogs).fill(nowhere);
    this.#lastSequence = new Uint32Array(dialogs);
    this.#shardOf = new Uint8Array(dialogs);
  }

  /** What was counted so far; with the CPU and the time since the first heal after the last `break`. */
  get counts(): FarEndCounts {
    const isMeasured = this.#cpuAtFirstHeal !== undefined;
    const { user, system } = process.cpuUsage(this.#cpuAtFirstHeal);
    return {
      ...this.#counts,
      carried: [this.carriedBy(0), this.carriedBy(1)],
      stormCpuMs: isMeasured ? (user + system) / 1000 : 0,
      stormMs: isMeasured ? nowMs() - this.#firstHealAtMs : 0,
    };
  }

  /** What comes from now on is a storm. */
  break(): void {
    this.#isBreaking = true;
    this.#cpuAtFirstHeal = undefined;
  }

  /** Each dialog of a hop is unknown from now on. */
  forget(hop: number): void {
    const known = this.#knownAt;
    for (let dialog = 0; dialog < known.length; dialog++) if (known[dialog] === hop) known[dialog] = nowhere;
  }

  /** Dialogs that are known at a hop. */
  carriedBy(hop: number): number {
    let count = 0;
    for (const at of this.#knownAt) if (at === hop) count++;
    return count;
  }

  /** The far end has moved a dialog itself. */
  moved(dialog: number, hop: number): void {
    this.#knownAt[dialog] = hop;
  }

  /** A heal, by whomsoever, had so many octets, and its answer. */
  healed(size: number, answerSize: number): void {
    if (this.#isBreaking) this.#measure();
    this.#counts.healSize = size;
    this.#counts.answerSize = answerSize;
  }

  /** The shard of our stack that has a dialog. */
  shardOf(dialog: number): number {
    return this.#shardOf[dialog] as number;
  }

  /** The hop that knows a dialog; -1 when none does. */
  hopOf(dialog: number): number {
    const hop = this.#knownAt[dialog] ?? nowhere;
    return hop === nowhere ? -1 : hop;
  }

  /**
   * Takes the message in `bytes[start, start + size)`, which came by `hop`, and writes the answer to `out` from `at` on. Gives where the
   * answer ends: at `at` where there is none. `out` has room for the message and `answerExtraMax` more.
   */
  receive(bytes: Buffer, start: number, size: number, hop: HopSide, out: Buffer, at: number): number {
    const letter = bytes[start];
    if (letter === first.ack) {
      this.#counts.acks++;
      return at;
    }
    if (letter === first.response) {
      this.onResponse(bytes, start, size);
      return at;
    }
    const layout = this.#layouts.of(bytes, start, size);
    if (layout === undefined) {
      this.#counts.foreign++;
      return at;
    }
    const asked = this.#asked;
    asked.bytes = bytes;
    asked.start = start;
    asked.size = size;
    asked.layout = layout;
    if (letter === first.options) {
      this.#counts.probes++;
      return hop.answers.agree(asked, out, at);
    }
    return this.#answerInDialog(asked, hop, out, at);
  }

  #answerInDialog(asked: Asked, hop: HopSide, out: Buffer, at: number): number {
    const { bytes, start, layout } = asked;
    const letter = bytes[start];
    const dialog = layout.number === -1 ? -1 : decimalAt(bytes, start + layout.number);
    if (dialog < 0 || dialog >= this.#knownAt.length) {
      this.#counts.foreign++;
      return at;
    }
    const repeated = this.#isRepeated(dialog, decimalAt(bytes, start + layout.sequence));
    if (repeated) this.#counts.repeated++;
    switch (letter) {
      case first.update:
        if (!repeated) this.#counts.heals++;
        return this.#refresh(dialog, asked, hop, out, at);
      case first.bye:
        this.#counts.byes++;
        return hop.answers.agree(asked, out, at);
    }
    if (bytes[start + 2] === thirdOfInvite) {
      if (!repeated) this.#counts.invites++;
      this.identities.note(dialog, bytes, start, layout);
      this.#knownAt[dialog] = hop.index;
      this.#shardOf[dialog] = Math.max(0, shardOfMessage(bytes, start));
      return hop.answers.accept(asked, out, at);
    }
    if (this.#knownAt[dialog] !== hop.index) {
      this.#counts.refused++;
      return hop.answers.refuse(this.waits, asked, out, at);
    }
    if (!repeated) this.#counts.infos++;
    return hop.answers.agree(asked, out, at);
  }

  #refresh(dialog: number, asked: Asked, hop: HopSide, out: Buffer, at: number): number {
    this.#knownAt[dialog] = hop.index;
    const end = hop.answers.refresh(asked, out, at);
    this.healed(asked.size, end - at);
    return end;
  }

  #isRepeated(dialog: number, sequence: number): boolean {
    const isRepeated = sequence === this.#lastSequence[dialog];
    this.#lastSequence[dialog] = sequence;
    return isRepeated;
  }

  #measure(): void {
    this.#isBreaking = false;
    this.#cpuAtFirstHeal = process.cpuUsage();
    this.#firstHealAtMs = nowMs();
  }
}
