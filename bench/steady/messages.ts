import type { Endpoint } from '../route-death/messages.ts';

/* What the main process, the peer and the stacks tell each other. No code. Instants are the machine's (`clock.ts`). */

/** First argument of the peer's process, as JSON. */
export interface PeerSettings {
  readonly dialogs: number;
}

export type PeerOrder =
  | { readonly order: 'begin'; readonly to: Endpoint }
  | { readonly order: 'stop' }
  | { readonly order: 'count' };

export type PeerReport =
  | { readonly report: 'ready'; readonly local: Endpoint }
  | { readonly report: 'counts'; readonly counts: PeerCounts }
  /** By dialog: when its first refresh of ours came; 0 where none did. */
  | { readonly report: 'stopped'; readonly seenAt: readonly number[]; readonly counts: PeerCounts };

/** What has come to the peer since it began. */
export interface PeerCounts {
  /** Refreshes by our stack, and those that came again. */
  readonly ours: number;
  readonly repeated: number;
  /** Refreshes of the peer's own that were answered 2xx, refused, or not answered yet. */
  readonly theirs: number;
  readonly refused: number;
  readonly unanswered: number;
  readonly probes: number;
  readonly other: number;
}

/** First argument of a stack's process, as JSON. */
export interface StackSettings {
  /** 0: an empty stack, to compare with. */
  readonly dialogs: number;
  readonly peer: Endpoint;
}

export type StackOrder =
  | { readonly order: 'adopt' }
  /** Count CPU from now on. */
  | { readonly order: 'begin' }
  | { readonly order: 'finish' };

export type StackReport =
  | { readonly report: 'ready'; readonly local: Endpoint }
  | { readonly report: 'progress'; readonly adopted: number }
  /** By dialog: the instant just before it was adopted. */
  | { readonly report: 'adopted'; readonly atMs: readonly number[] }
  | { readonly report: 'begun' }
  | { readonly report: 'finished'; readonly load: Load };

/** What a stack's process took. */
export interface Load {
  readonly cpuMs: number;
  readonly ms: number;
  readonly dialogs: number;
  readonly recovering: number;
  readonly ended: number;
  readonly rssSize: number;
}
