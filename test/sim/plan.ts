/**
 * What one seed makes: who takes part, what they do, what breaks. Plain data, so that it can be printed, cut down and played
 * again; what is left out of `acts` or `faults` changes nothing of the rest's own dice.
 */
export interface Plan {
  readonly seed: number;
  /** Virtual length of the troubled part; the calm part comes after it. */
  readonly minutes: number;
  readonly cast: Cast;
  readonly weather: Weather;
  readonly acts: readonly Act[];
  readonly faults: readonly Fault[];
}

/** Where the two ends stand, and the hops between them. */
export interface Cast {
  readonly near: OurEnd;
  readonly far: OurEnd | ModelEnd;
  readonly hops: readonly HopRole[];
}

export type Place = 'near' | 'far';
export type Protocol = 'udp' | 'tcp';

/** A stack of ours with a program that does what the acts say. */
export interface OurEnd {
  readonly kind: 'ours';
  readonly protocol: Protocol;
  readonly mode: 'none' | 'limited' | 'maximum';
  readonly passive: boolean;
  readonly trust: 'hops' | 'dialog-tags';
  readonly replaces: boolean;
  readonly probeIntervalMs: number;
  /** 0 for none. */
  readonly sessionIntervalS: number;
  readonly deadlineMs?: number;
  readonly mediaTimeoutMs?: number;
  /** T2, the usual one unless given. */
  readonly t2Ms?: number;
  readonly schedule: 'doubling' | 'ms-sipre';
  readonly registration: 'refreshed' | 'failing' | 'hanging' | 'none';
  /** Parts in a million that its clock runs fast, negative for slow. */
  readonly driftPpm: number;
}

/** A strict endpoint of RFC 3261, 3311 and 4028, written from them alone. */
export interface ModelEnd {
  readonly kind: 'model';
  readonly protocol: Protocol;
  readonly habits: readonly Habit[];
  /** 0 for none. */
  readonly sessionIntervalS: number;
}

export type Habit =
  /** Allow lacks UPDATE; one is answered 405. */
  | 'refuses-update'
  /** 501 instead. */
  | 'does-not-know-update'
  /** 481 to an UPDATE without a body, in a dialog that lives. */
  | 'bodyless-update-481'
  /** 2xx to target refreshes carry no Record-Route. */
  | 'drops-record-route'
  /** Each target refresh of its own, and each 2xx to one that cannot have crossed one of its own, names another port of its host. */
  | 'changes-contact'
  /** Neither offers nor knows the option tag. */
  | 'no-option-tag'
  /** Ends the session by BYE when its timer runs out, broken route or not (RFC 4028 §10). Others never do. */
  | 'keeps-session-timer'
  /** Ends the dialog on 408, 481 or a timeout (RFC 3261 §12.2.1.2). Others go on. */
  | 'gives-up'
  /** Answers INVITE with two branches' worth of provisional responses and two 2xx with different To tags, now and then. */
  | 'forks'
  /** Reliable provisional responses where the caller takes them. */
  | 'rings-reliably'
  /** 422 once to a session interval that it finds too small. */
  | 'wants-longer-sessions'
  /** Acknowledges a 2xx in its INVITE's branch, as RFC 2543 had it. */
  | 'acks-in-its-branch'
  /** 491 now and then, and 500 with Retry-After, to re-INVITE and UPDATE. */
  | 'glares'
  /** Challenges requests by 401. */
  | 'challenges';

/** What stands at a hop's address: our edge, a plain proxy of RFC 3261, or a plain proxy that sends new calls on to our edge beside it. */
export type HopRole = 'edge' | 'proxy' | 'proxy-before-edge';

/** How the network treats every message; see `NetworkConditions`. */
export interface Weather {
  readonly delayMs: number;
  readonly jitterMs: number;
  readonly loss: number;
  readonly duplication: number;
  readonly reordering: number;
  readonly cutting: number;
  /** Chance that a datagram arrives without its end. */
  readonly truncation: number;
}

/** Something that a user of an end does. `pick`, in [0, 1), chooses among the dialogs that there are then; `dice` seeds the details. */
export interface Act {
  readonly atMs: number;
  readonly place: Place;
  readonly what:
    | 'invite'
    | 'info'
    | 'update'
    | 'update-offer'
    | 'reinvite'
    | 'bye'
    | 'heal'
    | 'media'
    | 'relate'
    | 'options';
  readonly pick: number;
  readonly dice: number;
}

/** Something that breaks, from `atMs` on. `hop` counts from 0. */
export type Fault = { readonly atMs: number } & (
  | { readonly kind: 'edge-forgets'; readonly hop: number }
  | { readonly kind: 'edge-loses-flow'; readonly hop: number; readonly place: Place }
  | { readonly kind: 'edge-loses-registration'; readonly hop: number; readonly place: Place }
  | { readonly kind: 'hop-dies'; readonly hop: number; readonly forMs: number }
  | { readonly kind: 'hop-pauses'; readonly hop: number; readonly forMs: number }
  /** Every hop at once. */
  | { readonly kind: 'outage'; readonly forMs: number }
  | {
      readonly kind: 'hop-answers';
      readonly hop: number;
      readonly forMs: number;
      readonly status: number;
      /** Value of P-Dialog-Recovery-Action; undefined for none. */
      readonly action?: string;
      readonly retryAfterS?: number;
      /** The answer comes so much later. */
      readonly delayMs: number;
      /**
       * Which requests: all, those that begin dialogs, those inside dialogs, those of them with a Route or without one (as heals mostly go),
       * or share 0–1 of those inside dialogs. Where several faults concern one, the youngest answers.
       */
      readonly to: 'all' | 'beginning' | 'in-dialog' | 'routed' | 'routeless' | number;
    }
  /** Everything through the hop takes so much longer. */
  | { readonly kind: 'hop-slow'; readonly hop: number; readonly forMs: number; readonly byMs: number }
  | { readonly kind: 'reset'; readonly hop: number; readonly place: Place }
  /** Resets while a message is under way of which the first piece has arrived. */
  | { readonly kind: 'reset-mid-message'; readonly hop: number; readonly place: Place }
  | { readonly kind: 'partition'; readonly hop: number; readonly place: Place; readonly forMs: number }
  /** Both ends lose every hop and both their flows, at the same instant. */
  | { readonly kind: 'both-break'; readonly forMs: number }
  | { readonly kind: 'clock-jumps'; readonly place: Place; readonly byMs: number }
  /** The process dies and comes again after `forMs`: with the dialogs that it wrote down (`kept`), or with none. */
  | { readonly kind: 'restart'; readonly place: Place; readonly forMs: number; readonly kept: boolean }
  | { readonly kind: 'weather'; readonly forMs: number; readonly weather: Partial<Weather> }
  /** Every BYE is lost. */
  | { readonly kind: 'byes-lost'; readonly forMs: number }
  /** Both ends are asked to heal the same dialog at the same instant. */
  | { readonly kind: 'heals-cross'; readonly pick: number }
  | { readonly kind: 'forgery'; readonly place: Place; readonly what: Forgery; readonly pick: number }
);

/** What a stranger sends, who knows the tags of a dialog or guesses them. */
export type Forgery =
  | 'refresh' // UPDATE with the dialog's tags, a fresh CSeq, the option tag, Record-Route and Contact of the stranger
  | 'reinvite' // the same as re-INVITE
  | 'response' // 200 or 481 to a request that is under way, by its branch
  | '430' // 430 with each action, likewise
  | 'replay' // a message of the dialog, as it was, from elsewhere
  | 'bye-guessed' // BYE with one tag wrong
  | 'old-cseq' // a request with the right tags and a CSeq that was used
  | 'scan' // OPTIONS, REGISTER, INVITE out of any dialog
  | 'garbage';
