import type { Message } from '../message/message.ts';
import type { TimerKind, Wheel } from '../time/wheel.ts';
import { smallestWindow } from './heal-window.ts';
import type { Hop } from './hop.ts';
import type { Hops } from './hops.ts';
import { glareWaitMs } from './schedule.ts';

/**
 * So many heals are under way by one hop at a time. Datagrams: what its receive buffer holds, even where the kernel caps it at
 * 212,992 octets. A stream has its own flow control: there it is what keeps hop and far end at work while a batch is on its way.
 */
const ceilings = { datagrams: 64, stream: 512 } as const;

/**
 * So many by a hop of which nothing was heard for a while: it may have died with the one whose dialogs it is to take. Where it
 * has not, its first answer opens the whole window.
 */
const unheardMax = smallestWindow;

/** A hop that lives and carries dialogs is heard from every 375 ms, unless the program has it asked less often. */
const heardForMs = 1500;

/**
 * The place of a heal that was refused for load is free again so long after the first of them at the latest. Without that a hop that
 * refuses at once would be asked anew at once: a window bounds what is under way, and nothing of that is.
 */
const coolingMs = 1000;

/** What became of a heal, as far as it concerns its hop. */
export type HealEnd = 'healed' | 'refused' | 'other';

/**
 * Says when, and by which hop, one more heal may be sent. What heals may cost is bounded by three numbers:
 *
 * - a window for each hop ({@link HealWindow}): at most 64 heals under way on datagrams, 512 on a stream, from there halved with each
 *   window in which a heal was left unanswered (3.5 s, on a stream 4 s), or was refused by 503 or with Retry-After, down to 4;
 * - as many refusals a second as a hop's window has places;
 * - a budget for all hops together, so that heals, the late ones too, leave half of the client transactions to calls and requests.
 *
 * While no hop is alive none is sent: then there are probes alone, see {@link Probes}. New calls, requests and BYEs have no part in
 * all this: they neither wait for a place nor take one.
 */
export class Pacer {
  readonly #hops: Hops;
  readonly #wheel: Wheel;
  readonly #budget: number;
  readonly #share: number;
  readonly #cooled: TimerKind;
  readonly #hasRoom = (hop: Hop): boolean => this.#room(hop, hop.weight / this.#heaviest) > 0;
  #heaviest = 1;
  #underWay = 0;

  constructor(options: {
    readonly hops: Hops;
    readonly wheel: Wheel;
    /** Heals under way by all hops together, at most. */
    readonly budget?: number | undefined;
    /** So many engines share a hop's window, this one among them: each has its part of it, one place at least. */
    readonly share?: number | undefined;
    /** Hears that a hop has room again. */
    readonly roomMade: (hop: Hop) => void;
  }) {
    this.#hops = options.hops;
    this.#wheel = options.wheel;
    this.#budget = Math.max(1, options.budget ?? Number.POSITIVE_INFINITY);
    this.#share = options.share ?? 1;
    this.#cooled = this.#wheel.kind((index) => {
      const hop = this.#hops.at(index);
      hop.coolTimer = 0;
      hop.window.cool();
      options.roomMade(hop);
    });
  }

  /** Whether no heal may be sent by any hop, until one has ended. */
  get isSpent(): boolean {
    return this.#underWay >= this.#budget;
  }

  /** How many heals more may be sent by a hop, however many wait. */
  room(hop: Hop): number {
    return this.#room(hop, 1);
  }

  /**
   * A live hop of the list with room, by weight; `preferred` where it is one. Weights hold for windows too, or a storm, which fills
   * all of them, would spread by windows alone: the heaviest hop that is alive has its whole window, the others their part.
   */
  pick(preferred: Hop | undefined): Hop | undefined {
    if (this.isSpent) return undefined;
    this.#heaviest = this.#weighHops();
    return this.#hops.pick(preferred, this.#hasRoom);
  }

  begin(hop: Hop): void {
    this.#underWay++;
    hop.window.begin();
  }

  /** A heal has waited for so long that its hop is suspect; `unheard`: without any word. */
  late(hop: Hop, unheard: boolean): void {
    hop.window.becomeLate(unheard, this.#ceiling(hop));
  }

  /** A heal is over; `wasLate` where its place is another's by now. */
  end(hop: Hop, how: HealEnd, wasLate: boolean): void {
    this.#underWay--;
    if (wasLate) {
      hop.window.endLate();
      return;
    }
    hop.window.end(how, this.#ceiling(hop));
    if (how !== 'refused' || hop.coolTimer !== 0) return;
    hop.coolTimer = this.#wheel.arm(this.#cooled, hop.index, this.#wheel.nowMs + coolingMs);
  }

  #room(hop: Hop, part: number): number {
    const { window } = hop;
    const size = Math.max(1, Math.floor(window.size(this.#ceiling(hop)) * part));
    const isHeard = this.#wheel.nowMs - hop.heardAtMs <= heardForMs;
    const most = isHeard ? size : Math.min(size, Math.max(1, Math.floor(unheardMax / this.#share)));
    return Math.min(most - window.taken, this.#budget - this.#underWay);
  }

  #ceiling({ address }: Hop): number {
    const ceiling = address.protocol === 'udp' ? ceilings.datagrams : ceilings.stream;
    return Math.max(1, Math.floor(ceiling / this.#share));
  }

  #weighHops(): number {
    let heaviest = 1;
    for (const hop of this.#hops.listed) {
      if (hop.weight > heaviest && this.#hops.usable(hop)) heaviest = hop.weight;
    }
    return heaviest;
  }
}

/** What the final response to a heal says of its hop's load. A 500 with a short Retry-After speaks of its dialog alone. */
export function loadOf(response: Message): HealEnd {
  const { status } = response;
  if (status < 300) return 'healed';
  if (status === 503) return 'refused';
  const isServers = status >= 500 && status < 600 && response.retryAfter.presence === 'present';
  return isServers && glareWaitMs(response, false, 0) === undefined ? 'refused' : 'other';
}
