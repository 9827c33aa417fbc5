import { type MessagePort, receiveMessageOnPort } from 'node:worker_threads';
import { Packr, Unpackr } from 'msgpackr';
import { Outbox } from './outbox.ts';

/**
 * Octets that may be on their way to a reader before it has said that it has done with them. Beyond, what follows waits at the writer.
 */
const creditSize = 4 * 1024 * 1024;

/** So many things go as one message at most: credit is counted between messages, and things may be large. */
const batchMax = 64;

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
 * One end of an ordered stream of plain data each way, between two threads. What is written together goes in few messages.
 *
 * A reader that is slow harms itself alone: what is meant for it waits here, and of what waits, later things may take the place of earlier
 * ones (`replaces`).
 */
export class Stream<Out, In> {
  readonly #port: MessagePort;
  readonly #packr = new Packr({ sequential: true });
  readonly #unpackr = new Unpackr({ sequential: true, copyBuffers: true });
  readonly #user: StreamUser<Out, In>;
  readonly #waiting: Outbox<Out>;
  #underWay = 0;
  #due = false;
  #flushedAtMs = 0;
  #closed = false;

  constructor(port: MessagePort, user: StreamUser<Out, In>) {
    this.#port = port;
    this.#user = user;
    this.#waiting = new Outbox((thing) => user.replaces?.(thing));
    port.on('message', (message: Uint8Array | number) => this.#receive(message));
  }

  /** Things that wait for the reader. */
  get waiting(): number {
    return this.#waiting.count;
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
    if (this.#closed) return;
    while (this.#waiting.count > 0 && this.#underWay < creditSize) {
      this.#flushedAtMs = performance.now();
      this.#post(this.#waiting.take(batchMax));
    }
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
    if (this.#underWay >= creditSize) this.#waiting.replace(thing);
    else this.#waiting.push(thing);
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
