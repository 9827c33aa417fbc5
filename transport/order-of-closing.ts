import type { Connection } from './connection.ts';

/** Connections in the order in which they are closed when all hold too much together: those of the host that holds the most first, its largest first. */
export function inOrderOfClosing(connections: readonly Connection[]): Connection[] {
  const sizes = new Map<string, number>();
  for (const { remote, heldSize } of connections) sizes.set(remote.host, (sizes.get(remote.host) ?? 0) + heldSize);
  const sizeOf = ({ remote }: Connection): number => sizes.get(remote.host) ?? 0;
  return connections
    .filter(({ heldSize }) => heldSize > 0)
    .sort((one, other) => sizeOf(other) - sizeOf(one) || other.heldSize - one.heldSize);
}
