import { branchSize, shardOfBranch } from '../../../core/transaction/branch.ts';

const branchStart = 'branch=';

/** The shard of our stack that wrote a request; -1 when its branch does not say. */
export function shardOfMessage(bytes: Buffer, start: number): number {
  const at = bytes.indexOf(branchStart, start, 'latin1') + branchStart.length;
  return at < branchStart.length ? -1 : shardOfBranch(bytes, at, Math.min(at + branchSize, bytes.length));
}

/** By which way the shards of our stack are reached: by one for all, or by one for each. */
export class Shards<Way> {
  readonly #ways: (Way | undefined)[] = [];

  /** A request has come by a way; gives whether it says whose that is. */
  note(way: Way, bytes: Buffer, start: number): boolean {
    const shard = shardOfMessage(bytes, start);
    if (shard !== -1) this.#ways[shard] = way;
    return shard !== -1;
  }

  /** A way is gone. */
  forget(way: Way): void {
    for (const [shard, known] of this.#ways.entries()) if (known === way) this.#ways[shard] = undefined;
  }

  /** The way to a shard: any that there is, where its own is not known. */
  of(shard: number): Way | undefined {
    return this.#ways[shard] ?? this.#ways.find((way) => way !== undefined);
  }
}
