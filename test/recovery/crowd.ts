import type { Dialog } from '../../core/index.ts';
import type { Bed } from '../engine/bed.ts';
import type { RawPeer } from '../engine/raw-peer.ts';
import { uriOf } from '../engine/world.ts';

/** So many calls by the hops that are listed, with nothing of their beginning under way any more. */
export async function established(ground: Bed, count: number, port = 5070): Promise<Dialog[]> {
  const promises = Array.from({ length: count }, () =>
    ground.near.invite(uriOf(port, ground.protocol).replace('sip:', 'sip:bob@')),
  );
  await ground.clock.run(100);
  const dialogs = await Promise.all(promises);
  await ground.clock.run(40_000);
  ground.log.length = 0;
  return dialogs;
}

export async function ended(ground: Bed): Promise<void> {
  await ground.take(ground.near.close());
  await ground.clock.runUntilIdle();
}

/** How many heals have come to a peer: copies do not count, another attempt does. */
export function healsAt(peer: RawPeer): number {
  return new Set(peer.requests('UPDATE').map((request) => `${request.header('Call-ID')} ${request.cseq}`)).size;
}

export async function recovering(ground: Bed): Promise<number> {
  return (await ground.take(ground.near.counts())).recovering;
}
