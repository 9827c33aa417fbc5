/**
 * What peers have taken, by host, the oldest of each host first: when there is no room, the host that has the most is to give, so that
 * nobody takes all of it from others. Every operation takes the same time, however many there are.
 */
export class HostShares<T> {
  readonly #hostOf = new Map<T, string>();
  readonly #byHost = new Map<string, Set<T>>();
  /** Hosts by how many they have; no set is empty. */
  readonly #byCount = new Map<number, Set<string>>();
  #most = 0;

  get count(): number {
    return this.#hostOf.size;
  }

  get all(): IterableIterator<T> {
    return this.#hostOf.keys();
  }

  /** What the host has that has the most; of several with as many, the one that came to it first. Undefined when there is nothing. */
  get largest(): ReadonlySet<T> | undefined {
    const [host] = this.#byCount.get(this.#most) ?? [];
    return host === undefined ? undefined : this.#byHost.get(host);
  }

  has(item: T): boolean {
    return this.#hostOf.has(item);
  }

  add(item: T, host: string): void {
    if (this.#hostOf.has(item)) return;
    this.#hostOf.set(item, host);
    const items = this.#byHost.get(host) ?? new Set();
    this.#byHost.set(host, items);
    items.add(item);
    this.#move(host, items.size - 1, items.size);
  }

  /** False when it was not there. */
  delete(item: T): boolean {
    const host = this.#hostOf.get(item);
    const items = host === undefined ? undefined : this.#byHost.get(host);
    if (host === undefined || items === undefined) return false;
    this.#hostOf.delete(item);
    items.delete(item);
    this.#move(host, items.size + 1, items.size);
    if (items.size === 0) this.#byHost.delete(host);
    return true;
  }

  /** Makes it the newest of its host. */
  renew(item: T): void {
    const host = this.#hostOf.get(item);
    const items = host === undefined ? undefined : this.#byHost.get(host);
    if (items?.delete(item)) items.add(item);
  }

  #move(host: string, from: number, to: number): void {
    const before = this.#byCount.get(from);
    before?.delete(host);
    if (before?.size === 0) this.#byCount.delete(from);
    if (to > 0) {
      const others = this.#byCount.get(to);
      if (others === undefined) this.#byCount.set(to, new Set([host]));
      else others.add(host);
    }
    // Counts change by one, so there is no gap to look across.
    if (to > this.#most) this.#most = to;
    else if (from === this.#most && !this.#byCount.has(from)) this.#most = to;
  }
}
