import type { Address, FlowId } from '../../../core/contract.ts';
import type { DialogId } from '../../../core/dialog/table.ts';
import type { DialogRecord } from '../../../core/engine/dialog-record.ts';
import type { Message } from '../models/message.ts';
import type { OurEnd } from '../plan.ts';
import type { Modelled } from './dialog.ts';
import type { Received, Sent, Wish } from './requests.ts';
import { classification } from './rows.ts';

export const optionTag = 'ms-dialog-route-set-update';
export const transactionMs = 32_000;
/** Wheels round up, and retransmissions and probes share instants. */
export const slackMs = 50;
/** A heal that has no room at its hop waits for others. */
export const queueMs = 10_000;
export const quickMs = 4000;

/** What one place's rule is made with. */
export interface EndWorld {
  readonly end: OurEnd;
  readonly hops: readonly string[];
  take(row: string): void;
  violate(what: string, callId?: string): void;
}

/** An output that must come in this step, behind those that stand before it for the same dialog. */
export interface Due {
  readonly kind: 'result' | 'status' | 'ended';
  readonly dialog: Modelled;
  readonly wish: Wish | undefined;
  /** Of the result's response; undefined for any. */
  readonly status: number | undefined;
  readonly routeStatus: 'healthy' | 'recovering' | undefined;
  /** It may be sent again instead. */
  readonly orSent: boolean;
}

/** Whether a hop lives, as far as can be seen from its messages. */
interface Hop {
  /** The first send since it was last heard. */
  askedMs: number | undefined;
  isDead: boolean;
  /** It was heard in this step, and its flow not lost since. */
  isHeard: boolean;
}

interface Flow {
  hop: string | undefined;
  readonly remote: string;
  readonly isOurs: boolean;
}

/** What the model of one process keeps, for all its parts. */
export class Ledger {
  readonly world: EndWorld;
  readonly end: OurEnd;
  readonly isOn: boolean;
  readonly dialogs: Map<string, Modelled> = new Map();
  readonly byId: Map<DialogId, Modelled> = new Map();
  readonly wishes: Map<number, Wish> = new Map();
  /** The last CSeq of each dialog, and of each INVITE that began one. */
  readonly numbers: Map<string, number> = new Map();
  /** Call-IDs of calls, by the command that asked for them or answered them; and of those that came in. */
  readonly calls: Map<number, string> = new Map();
  readonly incoming: Map<number, string> = new Map();
  /** The dialogs of the peer's requests that the program is asked about. */
  readonly asked: Map<number, Modelled> = new Map();
  readonly failedCalls: Set<string> = new Set();
  inviting: number | undefined;
  /** When a dialog of each group was healed last. */
  readonly groupsHealedAtMs: Map<string, number> = new Map();
  /** Branches of the ACKs and PRACKs whose answers we know: they may be repeated. */
  readonly described: Set<string> = new Set();
  readonly adopted: Map<number, DialogRecord> = new Map();
  readonly released: Map<number, Modelled> = new Map();
  readonly sent: Map<string, Sent> = new Map();
  /** Those of them that wait for a final answer. */
  readonly openSent: Set<Sent> = new Set();
  readonly received: Map<string, Received> = new Map();
  readonly flows: Map<FlowId, Flow> = new Map();
  readonly opens: Map<number, string> = new Map();
  readonly hops: Map<string, Hop> = new Map();
  nowMs = 0;
  /** The step before was then: a clock may have jumped since. */
  steppedAtMs = 0;
  due: Due[] = [];
  /** Dialogs that may be told to be broken in this step. */
  readonly mayBreak: Set<Modelled> = new Set();
  /** Dialogs whose waiting requests may fail in this step. */
  readonly mayFail: Set<Modelled> = new Set();
  readonly mayEnd: Set<Modelled> = new Set();
  /** Dialogs that may be told to be healthy in this step, and what that would mean. */
  readonly mayBeWell: Map<Modelled, () => void> = new Map();
  /** Dialogs whose walk goes on in this step. */
  readonly walking: Set<Modelled> = new Set();
  /** What the program has asked for in this step. */
  commanded: Wish | undefined;
  /** What the messages of this step belong to, in their order. */
  readonly touched: Set<Modelled> = new Set();

  constructor(world: EndWorld) {
    this.world = world;
    this.end = world.end;
    this.isOn = world.end.mode !== 'none';
    for (const hop of world.hops) this.hops.set(hop, unheardOf());
  }

  /** Nothing has happened in this step yet. */
  beginStep(nowMs: number): void {
    this.steppedAtMs = this.nowMs;
    this.nowMs = Math.max(this.nowMs, nowMs);
    this.mayBreak.clear();
    this.mayBeWell.clear();
    this.mayEnd.clear();
    this.mayFail.clear();
    this.touched.clear();
    this.commanded = undefined;
    for (const hop of this.hops.values()) hop.isHeard = false;
  }

  /** Hops have come or gone, or want to be left alone: heals may come later than the schedule has them. */
  mayBeLate(): void {
    for (const dialog of this.dialogs.values()) dialog.nextByMs = Number.POSITIVE_INFINITY;
  }

  /** Nothing more is waited for of a request of ours. */
  done(sent: Sent): void {
    sent.isDone = true;
    this.openSent.delete(sent);
  }

  isOpen(wish: Wish): boolean {
    return this.wishes.get(wish.id) === wish && !this.due.some((due) => due.wish === wish);
  }

  owe(wish: Wish, status: number | undefined, orSent: boolean): void {
    if (!this.isOpen(wish) || wish.dialog.isEarly) return;
    if (wish.isGivenUp) return;
    this.due.push(dueOf('result', wish.dialog, { wish, status, orSent }));
  }

  violate(what: string, dialog: Modelled): void {
    if (dialog.isDoubtful || dialog.isEarly) return;
    dialog.isDoubtful = true;
    this.world.violate(what, dialog.callId);
  }

  /** Counts a row of the classification table. */
  take(kind: string): void {
    this.world.take(classification(this.end.mode, kind));
  }

  /** Whoever waits for a heal would have been told that it is over. */
  hasWaiting(dialog: Modelled): boolean {
    for (const wish of this.wishes.values()) if (wish.dialog === dialog && wish.state === 'waits') return true;
    return false;
  }

  /** Requests wait: for a quick heal, or in `limited` for any. */
  isHeld(dialog: Modelled): boolean {
    if (dialog.status === 'recovering') return this.end.mode === 'limited';
    return this.hasWaiting(dialog);
  }

  forget(dialog: Modelled): void {
    this.dialogs.delete(dialogKey(dialog.callId, dialog.localTag, dialog.remoteTag));
    if (dialog.id !== undefined) this.byId.delete(dialog.id);
    this.due = this.due.filter((each) => each.dialog !== dialog);
    for (const wish of this.wishes.values()) if (wish.dialog === dialog) this.wishes.delete(wish.id);
    for (const sent of this.openSent) if (sent.dialog === dialog) this.done(sent);
  }

  meet(due: Due): void {
    for (const before of this.due) {
      if (before === due) break;
      if (before.kind === 'result' && due.kind === 'result') continue;
      if (before.dialog === due.dialog && !before.orSent)
        this.violate(
          `tells ${due.kind} ${due.routeStatus ?? ''} before ${before.kind} ${before.routeStatus ?? ''}`,
          due.dialog,
        );
    }
    this.due.splice(this.due.indexOf(due), 1);
  }

  /** Each branch of a call goes on from its INVITE's number. */
  lastNumber(callId: string, localTag: string, remoteTag: string): number {
    const own = this.numbers.get(dialogKey(callId, localTag, remoteTag)) ?? 0;
    return Math.max(own, this.numbers.get(dialogKey(callId, localTag, '')) ?? 0);
  }

  find(callId: string, localTag: string, remoteTag: string): Modelled | undefined {
    return this.dialogs.get(dialogKey(callId, localTag, remoteTag));
  }

  /**
   * The dialog that the engine calls so. Forks share their Call-ID: then it is the one that answered with this tag or, where nothing is said of
   * that, the first that this step is about.
   */
  know(id: DialogId, callId: string, remoteTag?: string): Modelled | undefined {
    const known = this.byId.get(id);
    if (known !== undefined) return known;
    const unnamed = [...this.dialogs.values()].filter((each) => each.callId === callId && each.id === undefined);
    const found =
      unnamed.find((each) => each.remoteTag === remoteTag) ??
      [...this.touched].find((each) => unnamed.includes(each)) ??
      (unnamed.length === 1 ? unnamed[0] : undefined);
    if (found === undefined) return undefined;
    found.id = id;
    this.byId.set(id, found);
    return found;
  }

  make(
    given: Pick<Modelled, 'callId' | 'localTag' | 'remoteTag' | 'isOurs' | 'target' | 'routes' | 'hop' | 'offer'>,
  ): Modelled {
    const dialog: Modelled = {
      ...given,
      id: undefined,
      isEarly: true,
      unseenOffer: undefined,
      isAnswered: false,
      status: 'healthy',
      brokeAtMs: 0,
      generation: 0,
      allowsUpdate: undefined,
      isResilient: false,
      takesReplaces: false,
      timer: undefined,
      isTimerUnseen: false,
      heal: undefined,
      attempts: 0,
      nextFromMs: 0,
      attemptsInAll: 0,
      nextByMs: Number.POSITIVE_INFINITY,
      move: undefined,
      mayHealUntilMs: -1,
      anyTimeUntilMs: -1,
      isLeft: false,
      isLeftAfterHeal: false,
      byeAtMs: undefined,
      hasBye: false,
      mediaDeadAtMs: undefined,
      group: undefined,
      unacked: undefined,
      lastHeal: 0,
      repetitions: 0,
      missesAck: false,
      isDoubtful: false,
      movedBefore: 0,
      refreshedBy: 0,
      refreshRefusedAtMs: undefined,
      refreshFromMs: Number.POSITIVE_INFINITY,
      alternative: undefined,
    };
    const name = dialogKey(given.callId, given.localTag, given.remoteTag);
    this.dialogs.set(name, dialog);
    this.touched.add(dialog);
    return dialog;
  }

  /** It keeps its handle, and is another dialog otherwise. */
  rename(dialog: Modelled, callId: string, localTag: string, remoteTag: string): void {
    this.dialogs.delete(dialogKey(dialog.callId, dialog.localTag, dialog.remoteTag));
    Object.assign(dialog, { callId, localTag, remoteTag, refreshedBy: 0 });
    this.dialogs.set(dialogKey(callId, localTag, remoteTag), dialog);
  }
}

export function dueOf(kind: Due['kind'], dialog: Modelled, given: Partial<Due>): Due {
  return { kind, dialog, wish: undefined, status: undefined, routeStatus: undefined, orSent: false, ...given };
}

/** A hop as it is before anything is known of it. */
export function unheardOf(): Hop {
  return { askedMs: undefined, isDead: false, isHeard: false };
}

export function keyOf({ host, port }: Address): string {
  return `${host}:${port}`;
}

export function dialogKey(callId: string, localTag: string, remoteTag: string): string {
  return `${callId} ${localTag} ${remoteTag}`;
}

export function sentBy({ topVia }: Message): string {
  return (
    topVia
      .slice(topVia.indexOf(' ') + 1)
      .split(';', 1)[0]
      ?.trim() ?? ''
  );
}
