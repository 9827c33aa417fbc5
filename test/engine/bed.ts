import type { Dialog, InviteOptions, Stack, StackOptions } from '../../core/index.ts';
import type { MemoryNetworkOptions, Protocol } from '../../transport/index.ts';
import { RawDialog } from './raw-dialog.ts';
import { RawPeer } from './raw-peer.ts';
import { nearOffer, noted, uriOf, type World, world } from './world.ts';

/** A stack with one or two next hops, each of them a raw peer that is hop and far end in one. */
export interface Bed extends World {
  readonly near: Stack;
  readonly hop: RawPeer;
  readonly other: RawPeer;
  readonly nearPort: number;
}

export interface BedOptions {
  readonly stack?: Partial<StackOptions>;
  /** How many of the two hops are listed; without any, calls go straight to the peer. Two unless told otherwise. */
  readonly hops?: number;
  readonly network?: Partial<MemoryNetworkOptions>;
  /** By what all speak; UDP unless told otherwise. */
  readonly protocol?: Protocol;
}

export const nearPort = 5060;
const hopPorts = [5070, 5080] as const;

export async function bed(options: BedOptions = {}): Promise<Bed> {
  const ground = world(options.network, options.protocol);
  const hop = await RawPeer.open(ground, 'hop', hopPorts[0]);
  const other = await RawPeer.open(ground, 'other', hopPorts[1]);
  for (const peer of [hop, other]) peer.recordRoute = [`<${peer.uri};lr>`];
  const hops = hopPorts.slice(0, options.hops ?? 2).map((port) => uriOf(port, ground.protocol));
  const near = await ground.stack('near', nearPort, { hops, application: noted(ground.log), ...options.stack });
  await ground.clock.run(10);
  return { ...ground, near, hop, other, nearPort };
}

/** A call through the hop whose turn it is, the first one at first, as both ends have it; the log is empty then. */
export async function call(bed: Bed, options: InviteOptions = {}): Promise<{ dialog: Dialog; raw: RawDialog }> {
  const { near, hop, other, take, log, clock } = bed;
  const dialog = await take(near.invite(hop.uri.replace('sip:', 'sip:bob@'), { body: nearOffer, ...options }));
  await clock.run(5);
  log.length = 0;
  for (const peer of [hop, other]) {
    const invite = peer.requests('INVITE').find((request) => request.header('Call-ID') === dialog.callId);
    if (invite !== undefined) return { dialog, raw: RawDialog.ofInvite(peer, invite) };
  }
  throw new Error('the INVITE has come to neither hop');
}

/** Ends a call from our side and sees that nothing is left. */
export async function finish(bed: Bed, ...dialogs: Dialog[]): Promise<void> {
  for (const dialog of dialogs) await bed.take(dialog.bye());
  await bed.rest();
}
