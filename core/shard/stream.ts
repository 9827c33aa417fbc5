import { type MessagePort, receiveMessageOnPort } from 'node:worker_threads';
import { Packr, Unpackr } from 'msgpackr';

/**
 * Octets that may be on their way to a reader before it has said that it has done with them. Beyond, what follows waits at the writer.
 */
const creditSize = 4 * 1024 * 1024;

/** So many things go as one message at most: credit is counted between messages, and things may be large. */
const batchMax = 64;

/** So many that others have replaced may stand among what waits. */
const holesMax = 4096;

/**
 * Messages are so far apart, but for the first after a pause: each wakes its reader, which says that it has done with it, and in a storm
 * that costs more than what is in it.
 */
const spacingMs = 1;

/** What a stream has, beside the things that it carries. */
export interface StreamUser<Out, In> {
  /** What has come, in the order in which it was written. `done` says that it has been dealt with, and lets more come. */
  received(things: readonly In[], done: () => void): void;
  /** Things with the same key: the last one is enough. Undefined: it must be told. Left out: all must. */
  readonly replaces?: (thing: Out) => number | undefined;
  /** What goes in the place of things, where they themselves are slow to pack, and back. */
  readonly pack?: (things: readonly Out[]) => readonly unknown[];
  readonly unpack?: (packed: readonly unknown[]) => readonly In[];
}

/**
 * One end of an ordered stream of plain data each way, between two threads. What is written in one turn goes as one message.
 *
 * A reader that is slow harms itself alone: what is meant for it waits here, and of what waits, later things may take the place of earlier
 * ones (`replaces`).
 */
export class Stream<Out, In> {
  readonly #port: MessagePort;
  readonly #packr = new Packr({ sequential: true });
  readonly #unpackr = new Unpackr({ sequential: true, copyBuffers: true });
  readonly #user: StreamUser<Out, In>;
  #waiting: (Out | undefined)[] = [];
  /** Where in `#waiting` the last thing of a key stands. */
  readonly #lastOf = new Map<number, number>();
  /** Things in `#waiting` that others have replaced. */
  #holes = 0;
  #underWay = 0;
  #due = false;
  #flushedAtMs = 0;
  #closed = false;

  constructor(port: MessagePort, user: StreamUser<Out, In>) {
    this.#port = port;
    this.#user = user;
    port.on('message', (message: Uint8Array | number) => this.#receive(message));
  }

  /** Things that wait for the reader. */
  get waiting(): number {
    return this.#waiting.length - this.#holes;
  }

  /** Goes out at the end of this turn, or a little later: see `spacingMs`. */
  write(thing: Out): void {
    this.#add(thing);
    this.#flushLater();
  }

  writeAll(things: readonly Out[]): void {
    for (const thing of things) this.#add(thing);
    this.#flushLater();
  }

  flush(): void {
    if (this.#closed || this.#waiting.length === 0 || this.#underWay >= creditSize) return;
    this.#flushedAtMs = performance.now();
    const things = this.#takeWaiting();
    let sent = 0;
    while (sent < things.length && this.#underWay < creditSize) {
      this.#post(things.slice(sent, sent + batchMax));
      sent += batchMax;
    }
    for (const thing of things.slice(sent)) this.#add(thing);
  }

  /** Reads what has come and was not looked at yet: whoever wrote it may be gone. */
  drain(): void {
    for (let came = receiveMessageOnPort(this.#port); came !== undefined; came = receiveMessageOnPort(this.#port)) {
      this.#receive(came.message as Uint8Array | number);
    }
  }

  close(): void {
    this.#closed = true;
    this.#port.close();
  }

  #flushLater(): void {
    if (this.#due) return;
    this.#due = true;
    const flush = (): void => {
      this.#due = false;
      this.flush();
    };
    if (performance.now() - this.#flushedAtMs >= spacingMs) setImmediate(flush);
    else setTimeout(flush, spacingMs);
  }

  #post(things: readonly Out[]): void {
    // All that msgpackr packs shares one buffer.
    const bytes = new Uint8Array(this.#packr.pack(this.#user.pack?.(things) ?? things));
    this.#underWay += bytes.length;
    this.#port.postMessage(bytes, [bytes.buffer]);
  }

  #add(thing: Out): void {
    if (this.#underWay >= creditSize) this.#replace(thing);
    this.#waiting.push(thing);
  }

  #replace(thing: Out): void {
    const key = this.#user.replaces?.(thing);
    if (key === undefined) return;
    const earlier = this.#lastOf.get(key);
    if (earlier !== undefined) {
      this.#waiting[earlier] = undefined;
      this.#holes++;
      if (this.#holes > holesMax && 2 * this.#holes > this.#waiting.length) this.#closeUp();
    }
    this.#lastOf.set(key, this.#waiting.length);
  }

  #closeUp(): void {
    for (const thing of this.#takeWaiting()) {
      const key = this.#user.replaces?.(thing);
      if (key !== undefined) this.#lastOf.set(key, this.#waiting.length);
      this.#waiting.push(thing);
    }
  }

  #takeWaiting(): Out[] {
    const things = this.#waiting.filter((thing) => thing !== undefined);
    this.#waiting = [];
    this.#holes = 0;
    this.#lastOf.clear();
    return things;
  }

  #receive(message: Uint8Array | number): void {
    if (this.#closed) return;
    if (typeof message === 'number') {
      this.#underWay -= message;
      this.flush();
      return;
    }
    const packed = this.#unpackr.unpack(message) as readonly unknown[];
    const things = this.#user.unpack?.(packed) ?? (packed as readonly In[]);
    this.#user.received(things, () => {
      if (!this.#closed) this.#port.postMessage(message.length);
    });
  }
}
