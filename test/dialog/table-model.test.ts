import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Part } from '../../core/dialog/record.ts';
import { type Slice, sliceOf } from '../../core/dialog/slice.ts';
import { type DialogId, DialogState, DialogTable } from '../../core/dialog/table.ts';
import { SeededRandom } from '../../transport/random.ts';
import { recordParts } from './dialogs.ts';

const test = suite('Dialog table against a Map');

const capacity = 200;
const owedMax = 30;

/** Identities that are tried: few enough to meet again, and alike enough to be confused. */
const identities = Array.from({ length: 800 }, (_, at) => ({
  callId: `call${at >> 3}`,
  localTag: ['near', 'nea'][at & 1] ?? '',
  remoteTag: ['', 'far', 'rfar', 'farfar'][(at >> 1) & 3] ?? '',
})).map((texts) => ({
  texts,
  parts: recordParts(texts),
  bytes: new TextEncoder().encode(texts.callId + texts.localTag + texts.remoteTag),
}));
/** Values of parts, of all sizes. */
const values: readonly Slice[] = [0, 1, 7, 30, 64, 100, 250, 600, 1500, 9000].map((size) => sliceOf('x'.repeat(size)));

interface Entry {
  readonly dialog: number;
  readonly id: DialogId;
  identity: number;
  isOwed: boolean;
  target: Slice;
  routes: Slice;
  session: Slice;
  sequence: number;
}

/** A table, and a Map of plain objects that should say the same. */
class Pair {
  readonly table: DialogTable;
  readonly #byIdentity = new Map<number, Entry>();
  readonly #entries: Entry[] = [];
  readonly #stale: DialogId[] = [];
  readonly #random: SeededRandom;
  #owed = 0;

  constructor(seed: number) {
    this.#random = new SeededRandom(seed);
    this.table = new DialogTable({ capacity, owed: owedMax, hashSeed: seed });
  }

  /** One operation at random; a sentence where the two do not agree. */
  step(): string | undefined {
    const what = this.#below(20);
    if (what < 5) return this.#create();
    if (what < 9) return this.#find(this.#below(identities.length));
    const entry = this.#entries[this.#below(this.#entries.length)];
    if (entry === undefined) return undefined;
    if (what < 11) return this.#lookup(entry);
    if (what < 12) return this.#lookUpStale();
    if (what < 15) return this.#update(entry);
    if (what < 16) return this.#rename(entry);
    if (what < 17) return this.#owe(entry);
    return this.#free(entry);
  }

  /** Everything at once. */
  differs(): string | undefined {
    for (let identity = 0; identity < identities.length; identity++) {
      const wrong = this.#find(identity);
      if (wrong !== undefined) return wrong;
    }
    for (const entry of this.#entries) {
      const wrong = this.#lookup(entry);
      if (wrong !== undefined) return wrong;
    }
    const { count, usedSize } = this.table.memory;
    if (count !== this.#entries.length) return 'counts another number of rows';
    return usedSize === 0 && count > 0 ? 'rows take no memory' : undefined;
  }

  /** Ends all that is there. */
  clear(): void {
    for (const entry of [...this.#entries]) this.#free(entry);
  }

  #create(): string | undefined {
    const identity = this.#below(identities.length);
    if (this.#byIdentity.has(identity)) return undefined;
    const [target, routes, session] = [this.#value(), this.#value(), this.#value()];
    const dialog = this.table.create({
      ...(identities[identity] as (typeof identities)[0]).parts,
      target,
      routes,
      session,
    });
    const isFull = this.#entries.length - this.#owed === capacity;
    if (isFull !== (dialog === undefined)) return 'is full, or not, where it should not be';
    if (dialog === undefined) return undefined;
    if (this.#entries.some((other) => other.dialog === dialog)) return 'gives a row twice';
    const sequence = this.#below(2 ** 31);
    this.table.localSequence[dialog] = sequence;
    const entry = { dialog, id: this.table.id(dialog), identity, isOwed: false, target, routes, session, sequence };
    this.#entries.push(entry);
    this.#byIdentity.set(identity, entry);
    return undefined;
  }

  #find(identity: number): string | undefined {
    const { texts, bytes } = identities[identity] as (typeof identities)[0];
    const tagAt = texts.callId.length;
    const remoteAt = tagAt + texts.localTag.length;
    const dialog = this.table.find(bytes, 0, tagAt, tagAt, remoteAt, remoteAt, bytes.length);
    return dialog === (this.#byIdentity.get(identity)?.dialog ?? -1) ? undefined : 'finds another dialog';
  }

  #lookup(entry: Entry): string | undefined {
    const { table } = this;
    const { dialog, id, target, routes, session } = entry;
    if (table.lookup(id) !== (entry.isOwed ? -1 : dialog)) return 'has another row for an id';
    if (table.localSequence[dialog] !== entry.sequence) return 'has another sequence number';
    if ((table.state[dialog] === DialogState.owed) !== entry.isOwed) return 'has another state';
    const block = table.block(dialog);
    for (const [part, { bytes }] of [
      [Part.target, target],
      [Part.routes, routes],
      [Part.session, session],
      [Part.callId, sliceOf((identities[entry.identity] as (typeof identities)[0]).texts.callId)],
    ] as const) {
      if (!table.records.equals(block, part, bytes, 0, bytes.length)) return `has another part ${part}`;
    }
    return undefined;
  }

  #lookUpStale(): string | undefined {
    const id = this.#stale[this.#below(this.#stale.length)];
    return id === undefined || this.table.lookup(id) === -1 ? undefined : 'finds a dialog that is over';
  }

  #update(entry: Entry): string | undefined {
    const [target, routes, session] = [this.#maybe(), this.#maybe(), this.#maybe()];
    if (!this.table.update(entry.dialog, target, routes, session)) return 'refuses an update';
    entry.target = target ?? entry.target;
    entry.routes = routes ?? entry.routes;
    entry.session = session ?? entry.session;
    return undefined;
  }

  #rename(entry: Entry): string | undefined {
    const identity = this.#below(identities.length);
    if (this.#byIdentity.has(identity)) return undefined;
    if (!this.table.rename(entry.dialog, (identities[identity] as (typeof identities)[0]).parts))
      return 'refuses a name';
    this.#byIdentity.delete(entry.identity);
    this.#byIdentity.set(identity, entry);
    entry.identity = identity;
    return undefined;
  }

  #owe(entry: Entry): string | undefined {
    if (entry.isOwed) return undefined;
    if (this.table.owe(entry.dialog) !== this.#owed < owedMax) return 'owes, or not, where it should not';
    if (this.table.state[entry.dialog] !== DialogState.owed) return undefined;
    entry.isOwed = true;
    this.#owed++;
    this.#forgetId(entry);
    return undefined;
  }

  #free(entry: Entry): undefined {
    this.table.free(entry.dialog);
    if (entry.isOwed) this.#owed--;
    else this.#forgetId(entry);
    this.#byIdentity.delete(entry.identity);
    const last = this.#entries.pop();
    if (last !== undefined && last !== entry) this.#entries[this.#entries.indexOf(entry)] = last;
    return undefined;
  }

  #forgetId({ id }: Entry): void {
    if (this.#stale.length < 1000) this.#stale.push(id);
    else this.#stale[this.#below(1000)] = id;
  }

  #below(limit: number): number {
    return Math.floor(this.#random.fraction() * limit);
  }

  #value(): Slice {
    // Large ones are rare.
    return values[Math.floor(this.#random.fraction() ** 2 * values.length)] as Slice;
  }

  #maybe(): Slice | undefined {
    return this.#below(2) === 0 ? undefined : this.#value();
  }
}

test('both say the same in 1,000,000 random operations, and nothing is left in the end', () => {
  for (const seed of [1, 2, 3, 4]) {
    const pair = new Pair(seed);
    for (let step = 0; step < 250_000; step++) {
      const wrong = pair.step() ?? (step % 25_000 === 0 ? pair.differs() : undefined);
      if (wrong !== undefined) assert.unreachable(`seed ${seed}, step ${step}: the table ${wrong}`);
    }
    assert.is(pair.differs(), undefined, `seed ${seed}`);
    const { heldSize } = pair.table.memory;
    pair.clear();
    assert.is(pair.differs(), undefined, `seed ${seed}`);
    assert.is(pair.table.count, 0);
    assert.is(pair.table.memory.usedSize, 0);
    assert.is(pair.table.memory.heldSize, heldSize);
  }
});

test.run();
