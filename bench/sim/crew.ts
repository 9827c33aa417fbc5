import { Hand } from './hand.ts';
import type { Order, Report } from './orders.ts';

/** Between two looks at who has fallen silent. */
const lookMs = 1_000;

/** Who leads a crew. */
export interface Leader {
  /** What to do next; undefined for nothing now. Asked again after each report. */
  next(): Order | undefined;
  hear(report: Report): void;
  /** An order came to no end: its worker died, or was killed because it said nothing any more. */
  lose(order: Order, seed: number | undefined, how: string): void;
}

/** Processes that take orders, each one at a time. One that dies is replaced. */
export class Crew {
  readonly #workerFile: string;
  readonly #leader: Leader;
  readonly #silenceMaxMs: number;
  readonly #hands = new Set<Hand>();
  readonly #done: Promise<void>;
  #settle: { resolve(): void; reject(error: Error): void } = { resolve: () => {}, reject: () => {} };
  #stopped = false;

  /** A worker that says nothing for `silenceMaxMs` has got lost in a loop. */
  constructor(workerFile: string, leader: Leader, silenceMaxMs: number) {
    this.#workerFile = workerFile;
    this.#leader = leader;
    this.#silenceMaxMs = silenceMaxMs;
    this.#done = new Promise((resolve, reject) => {
      this.#settle = { resolve, reject };
    });
  }

  /** Works until there is nothing left to do. @throws when workers cannot be kept alive */
  async work(size: number): Promise<void> {
    const look = setInterval(() => this.#look(), lookMs);
    try {
      for (let count = 0; count < size; count++) this.#hire();
      await this.#done;
    } finally {
      clearInterval(look);
      this.#stopped = true;
      await Promise.all([...this.#hands].map((hand) => hand.end()));
    }
  }

  /** Ends the work as it stands. */
  stop(): void {
    this.#stopped = true;
    this.#settle.resolve();
  }

  #hire(): void {
    const hand: Hand = new Hand(
      this.#workerFile,
      (report) => {
        if (this.#stopped) return;
        this.#leader.hear(report);
        this.#feed();
      },
      (how) => this.#replace(hand, how),
    );
    this.#hands.add(hand);
  }

  /** Gives everybody who waits something to do. What one of them found may be work for another. */
  #feed(): void {
    if (this.#stopped) return;
    for (const hand of this.#hands) {
      if (!hand.ready || hand.order !== undefined) continue;
      const order = this.#leader.next();
      if (order !== undefined) hand.tell(order);
    }
    if ([...this.#hands].every(({ ready, order }) => ready && order === undefined)) this.stop();
  }

  #replace(hand: Hand, how: string): void {
    this.#hands.delete(hand);
    if (this.#stopped) return;
    if (hand.order === undefined) {
      // The next one would fare no better.
      this.#settle.reject(new Error(`a worker of the simulator ended by itself (${how})`));
      return;
    }
    this.#leader.lose(hand.order, hand.seed, how);
    this.#hire();
    this.#feed();
  }

  #look(): void {
    for (const hand of this.#hands) {
      if (hand.ready && hand.order === undefined) continue;
      if (performance.now() - hand.heardAtMs < this.#silenceMaxMs) continue;
      void hand.end();
      this.#replace(hand, `it said nothing for ${this.#silenceMaxMs / 1000} s`);
    }
  }
}
