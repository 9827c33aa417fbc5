/** RFC 3261's T1 and T2, and how often a message goes out again before 64 T1 are over. */
const t1Ms = 500;
const t2Ms = 4_000;
const repetitionsMax = 10;
const lookIntervalMs = 50;

interface Waiting<Key> {
  readonly key: Key;
  readonly send: () => void;
  readonly repetitions: number;
  readonly dueAtMs: number;
}

/** Sends again what nobody has answered yet, as SIP over UDP has it: after T1, then twice as long each time, up to T2. */
export class Repeater<Key> {
  /** Messages that were sent again. */
  repeated = 0;
  readonly #open = new Set<Key>();
  /** By number of repetitions: of those the first is due first. */
  readonly #queues: Waiting<Key>[][] = Array.from({ length: repetitionsMax + 1 }, () => []);
  readonly #heads: number[] = this.#queues.map(() => 0);
  readonly #giveUp: (key: Key) => void;
  readonly #timer: NodeJS.Timeout;

  /** `giveUp` hears of what was never answered. */
  constructor(giveUp: (key: Key) => void) {
    this.#giveUp = giveUp;
    this.#timer = setInterval(() => this.#look(performance.now()), lookIntervalMs);
  }

  /** A message was sent that is to be answered. */
  await(key: Key, send: () => void): void {
    this.#open.add(key);
    this.#queue({ key, send, repetitions: 0, dueAtMs: performance.now() + t1Ms });
  }

  /** It was answered; tells whether that is news. */
  answered(key: Key): boolean {
    return this.#open.delete(key);
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #queue(waiting: Waiting<Key>): void {
    this.#queues[waiting.repetitions]?.push(waiting);
  }

  #look(nowMs: number): void {
    for (const [repetitions, queue] of this.#queues.entries()) {
      let head = this.#heads[repetitions] as number;
      for (let first = queue[head]; first !== undefined && first.dueAtMs <= nowMs; first = queue[head]) {
        head++;
        if (this.#open.has(first.key)) this.#repeat(first, nowMs);
      }
      if (head > queue.length / 2) {
        queue.splice(0, head);
        head = 0;
      }
      this.#heads[repetitions] = head;
    }
  }

  #repeat({ key, send, repetitions }: Waiting<Key>, nowMs: number): void {
    if (repetitions === repetitionsMax) {
      this.#open.delete(key);
      this.#giveUp(key);
      return;
    }
    this.repeated++;
    send();
    const next = repetitions + 1;
    this.#queue({ key, send, repetitions: next, dueAtMs: nowMs + Math.min(t2Ms, t1Ms * 2 ** next) });
  }
}
