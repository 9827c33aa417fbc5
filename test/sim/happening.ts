import type { Input, Output } from '../../core/contract.ts';
import type { Command } from '../../core/engine/command.ts';
import type { EngineEvent } from '../../core/engine/event.ts';
import type { Datagram } from '../../transport/index.ts';
import type { Act, Fault, Place, Plan } from './plan.ts';

/** What happens in the world, told to every rule in the order in which it happens. `atMs` is the world's time. */
export type Happening = {
  readonly atMs: number;
} /** One step of our engine at a place, after it: all that went in and all that came out. `life` counts the processes there. */ & (
  | {
      readonly kind: 'step';
      readonly place: Place;
      readonly life: number;
      readonly inputs: readonly Input<Command>[];
      readonly outputs: readonly Output<EngineEvent>[];
      readonly wakeAtMs: number | undefined;
      /** The end's own clock. */
      readonly nowMs: number;
    }
  /** A message's fate on the network. */
  | { readonly kind: 'datagram'; readonly datagram: Datagram }
  /** A fault begins, or is over. */
  | { readonly kind: 'fault'; readonly fault: Fault; readonly over: boolean }
  | { readonly kind: 'act'; readonly act: Act; readonly callId: string | undefined }
  /** A user wants something: a request, a call. It has exactly one outcome. */
  | { readonly kind: 'asked'; readonly place: Place; readonly asked: Asked }
  /** A request of a user's has its outcome, at the surface: `error` is the code, with the status where it has one. */
  | {
      readonly kind: 'outcome';
      readonly place: Place;
      readonly asked: Asked;
      readonly error: string | undefined;
      readonly status: number | undefined;
    }
  /** The program has carried out an INFO of that number. */
  | { readonly kind: 'executed'; readonly place: Place; readonly info: number; readonly callId: string }
  /** A program, or a model's user, has a dialog from now on. */
  | { readonly kind: 'established'; readonly place: Place; readonly dialog: string; readonly callId: string }
  /** Told by the handler `onRouteStatus`. */
  | {
      readonly kind: 'route-status';
      readonly place: Place;
      readonly dialog: string;
      readonly callId: string;
      readonly status: 'healthy' | 'recovering';
      readonly cause: string | undefined;
    }
  | {
      readonly kind: 'ended';
      readonly place: Place;
      readonly dialog: string;
      readonly callId: string;
      readonly by: 'local' | 'remote';
      readonly reason: string;
    }
  /** The process at a place is gone, and all that it had. */
  | { readonly kind: 'died'; readonly place: Place }
  /** From now on nothing breaks, and everybody behaves. */
  | { readonly kind: 'calm' }
  /** The time that everything has to be well again is over. */
  | { readonly kind: 'healed-by-now' }
  /** An INFO was sent each way in every dialog that lives on either side, and has had 40 s; nothing was ended since. */
  | { readonly kind: 'verified' }
  /** Everything was ended by BYE, and every timer has run out; nothing is closed yet. `left` is what an end of ours still holds. */
  | { readonly kind: 'at-rest'; readonly left: Readonly<Record<Place, Readonly<Record<string, number>>>> }
  /** Everything was closed. `pending` counts what the world's clock would still do. */
  | { readonly kind: 'closed'; readonly pending: number }
);

/** A request of a user's, or a call. */
export interface Asked {
  readonly number: number;
  readonly method: string;
  readonly callId: string;
  readonly dialog: string | undefined;
  readonly atMs: number;
  /** The number in an INFO's body. */
  readonly info: number | undefined;
}

/** Watches for one thing that must never be. */
export interface Rule {
  see(happening: Happening): void;
}

/** Tells that a rule is broken. */
export type Violate = (what: string, callId?: string) => void;

/** Makes a rule for one run. Its name is the one that violations carry. */
export interface RuleMaker {
  readonly name: string;
  make(world: RuleWorld, violate: Violate): Rule;
}

/** What a rule may ask of the world. */
export interface RuleWorld {
  readonly plan: Plan;
  nowMs(): number;
  /** Counts a row of a table as taken. */
  take(row: string): void;
  /**
   * Call-IDs of dialogs that a stranger has spoiled who knew their tags, or the branch of a request that was under way: RFC 3261 knows no other
   * proof, so the remote target may be the stranger's now, and what the dialog is held for besides does not hold.
   */
  readonly spoiled: ReadonlySet<string>;
  /** Address of each place and hop, as `host:port`. */
  readonly addresses: Readonly<Record<Place, string>> & {
    readonly hops: readonly string[];
    readonly strangers: readonly string[];
  };
  /** Dialogs that live at a place now: an id of the place's own, and tags by which both sides name them alike. */
  dialogs(place: Place): readonly LivingDialog[];
}

export interface LivingDialog {
  readonly dialog: string;
  readonly callId: string;
  /** Call-ID and both tags, sorted: the same on both sides. */
  readonly name: string;
  /** Its own of the two. */
  readonly localTag: string;
  /** As its end tells them, once it has been asked (`dialog.export()`, or the model's own): URIs in the order in which requests take them. */
  readonly route?: {
    readonly routeSet: readonly string[];
    readonly remoteTarget: string;
    readonly localContact: string;
  };
}
