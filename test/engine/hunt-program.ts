import { setMaxListeners } from 'node:events';
import {
  type Application,
  type Dialog,
  type DialogEnd,
  type DialogId,
  type DialogRecord,
  type EndReason,
  type IncomingCall,
  type IncomingRequest,
  type RecoveryMode,
  type RouteStatus,
  SipError,
  type Stack,
  type StackOptions,
} from '../../core/index.ts';
import type { Dice } from './dice.ts';

/** What the programs of one hunt know of each other: what should never be. */
export interface Ledger {
  readonly faults: string[];
  /** How often each INFO was carried out, by its number. */
  readonly executed: Map<string, number>;
  infos: number;
  nowMs(): number;
  wake(afterMs: number, then: () => void): void;
}

interface Asked {
  readonly callId: string;
  readonly method: string;
  readonly atMs: number;
  /** Of the route, when it was asked; unknown at first. */
  generation?: number;
  /** Another request of the dialog had no outcome yet, so that this one may have waited behind it, unsent. */
  readonly behind: boolean;
}

const offers = ['v=0\r\ns=1\r\n', 'v=0\r\ns=2\r\n', 'v=0\r\ns=3\r\n'];
const waits = [0, 0, 1, 5, 40, 400, 3000, 20_000];

/** A program on a stack that does everything it may, as the dice have it, and keeps account of what becomes of it. */
export class Program {
  readonly name: string;
  readonly mode: RecoveryMode;
  readonly isPassive: boolean;
  readonly dialogs: Map<DialogId, Dialog> = new Map();
  /** Call-ID and tags of each dialog that was ever ours, the same on both sides: a call may have become several dialogs. */
  readonly names: Map<DialogId, string> = new Map();
  /** How each dialog ended. */
  readonly ends: Map<DialogId, string> = new Map();
  readonly pending: Set<Asked> = new Set();
  readonly calls: Set<IncomingCall> = new Set();
  readonly #dice: Dice;
  readonly #ledger: Ledger;
  /** Ends all that may take for ever: calls that ring, heals that wait for a hop. */
  readonly #enough = new AbortController();
  #stack: Stack | undefined;
  isCalm = false;
  isClosed = false;

  constructor(name: string, recovery: NonNullable<StackOptions['recovery']>, dice: Dice, ledger: Ledger) {
    this.name = name;
    setMaxListeners(0, this.#enough.signal);
    this.mode = recovery.mode ?? 'maximum';
    this.isPassive = recovery.passive ?? false;
    this.#dice = dice;
    this.#ledger = ledger;
  }

  get stack(): Stack {
    if (this.#stack === undefined) throw new Error('no stack yet');
    return this.#stack;
  }

  start(stack: Stack): void {
    this.#stack = stack;
  }

  get application(): Application {
    return {
      onCall: (call) => this.#onCall(call),
      onRequest: (request) => this.#onRequest(request),
      onRouteStatus: (dialog, status) => this.#onRouteStatus(dialog, status),
      onEnded: (dialog, by, reason, end) => this.#onEnded(dialog, by, reason, end),
      relocateMedia: () => (this.#dice.chance(0.3) ? { body: this.#dice.pick(offers) } : undefined),
    };
  }

  /** Decides nothing by chance from now on, and lets nothing wait for ever. */
  calmDown(): void {
    this.isCalm = true;
    this.#enough.abort();
    for (const call of this.calls) this.#decide(call);
  }

  /** A dialog that is ours from now on. */
  own(dialog: Dialog): void {
    if (this.ends.has(dialog.id)) return;
    this.dialogs.set(dialog.id, dialog);
    const naming = dialog.export().then((record) => void this.names.set(dialog.id, nameOf(record)));
    this.watch('export', dialog, naming);
  }

  has(name: string | undefined): boolean {
    return [...this.dialogs.keys()].some((id) => this.names.get(id) === name);
  }

  invite(target: string): void {
    const dice = this.#dice;
    const isDelayed = dice.chance(0.2);
    const signal = dice.chance(0.25) ? this.#giveUp() : this.#enough.signal;
    const asked = this.stack.invite(target, {
      ...(isDelayed ? { answerOffer: () => ({ body: dice.pick(offers) }) } : { body: dice.pick(offers) }),
      signal,
      ...(dice.chance(0.2) && { group: dice.pick(['red', 'blue']) }),
      ...(dice.chance(0.1) && { expiresS: dice.pick([1, 5, 30]) }),
      onProvisional: (_response, early) => {
        if (early === undefined || this.isCalm) return;
        if (dice.chance(0.3)) void this.inform(early);
        else if (dice.chance(0.1)) this.watch('UPDATE', early, early.request('UPDATE'));
        else if (dice.chance(0.2)) this.watch('BYE', early, early.bye());
      },
    });
    this.watch(
      'INVITE',
      undefined,
      asked.then((dialog) => this.own(dialog)),
    );
  }

  /** An INFO that may be carried out once. */
  inform(dialog: Dialog): Promise<boolean> {
    const id = String(++this.#ledger.infos);
    const dice = this.#dice;
    const asked = dialog.request('INFO', {
      contentType: 'text/plain',
      body: id,
      ...(!this.isCalm && dice.chance(0.2) && { signal: this.#giveUp() }),
      ...(!this.isCalm && dice.chance(0.2) && { confirmWithRemote: true }),
    });
    const told = asked.then(
      () => {
        if (!this.#ledger.executed.has(id)) this.#fault(`INFO ${id} succeeded without arriving`);
        return true;
      },
      (error: unknown) => {
        if (!(error instanceof SipError)) throw error;
        return false;
      },
    );
    this.watch('INFO', dialog, told);
    return told;
  }

  act(targets: readonly string[]): void {
    const dice = this.#dice;
    const dialog = dice.pick([...this.dialogs.values()]);
    if (dialog === undefined || dice.chance(0.08)) {
      if (this.dialogs.size < 8) this.invite(dice.pick(targets));
      return;
    }
    const body = dice.pick(offers);
    const signal = dice.chance(0.2) ? this.#giveUp() : this.#enough.signal;
    const kind = dice.pick([
      'inform',
      'inform',
      'inform',
      'update',
      'offer',
      'reinvite',
      'bye',
      'heal',
      'rest',
    ] as const);
    if (kind === 'inform') void this.inform(dialog);
    else if (kind === 'update') this.watch('UPDATE', dialog, dialog.request('UPDATE', { signal }));
    else if (kind === 'offer') this.watch('UPDATE', dialog, dialog.request('UPDATE', { signal, body }));
    else if (kind === 'reinvite') this.watch('INVITE', dialog, dialog.request('INVITE', { signal, body }));
    else if (kind === 'bye') {
      if (dice.chance(0.3)) this.bye(dialog);
    } else if (kind === 'heal') {
      if (this.mode === 'none') return;
      if (dice.chance(0.1)) this.stack.heal();
      else this.watch('heal', dialog, dialog.heal({ signal }));
    } else if (dice.chance(0.5)) dialog.relate(dice.pick(['red', 'blue']));
    else dialog.reportMedia(dice.pick(['alive', 'dead']));
  }

  bye(dialog: Dialog): void {
    this.dialogs.delete(dialog.id);
    this.watch('BYE', dialog, dialog.bye(!this.isCalm && this.#dice.chance(0.1) ? { signal: this.#giveUp() } : {}));
  }

  watch(method: string, dialog: Dialog | undefined, promise: Promise<unknown>): void {
    const callId = dialog?.callId ?? '';
    const behind = [...this.pending].some((other) => other.callId === callId);
    const asked: Asked = { callId, method, atMs: this.#ledger.nowMs(), behind };
    this.pending.add(asked);
    if (method === 'INFO')
      dialog?.routeStatus().then(
        ({ generation }) => {
          asked.generation = generation;
        },
        () => undefined,
      );
    const settled = (error?: unknown): void => {
      this.pending.delete(asked);
      if (error !== undefined && !(error instanceof SipError)) this.#fault(`${method} threw ${error}`);
    };
    promise.then(() => settled(), settled);
  }

  #onCall(call: IncomingCall): void {
    const dice = this.#dice;
    this.calls.add(call);
    call.signal.addEventListener('abort', () => this.calls.delete(call));
    const rings = this.isCalm ? 0 : dice.pick([0, 0, 1, 2]);
    for (let ring = 0; ring < rings; ring++) {
      const content = dice.chance(0.3) ? { body: dice.pick(offers) } : {};
      this.#later(
        () => this.calls.has(call) && call.ring(dice.pick([180, 183]), { reliable: dice.chance(0.5), ...content }),
      );
    }
    if (this.isCalm) this.#decide(call);
    else if (!dice.chance(0.03)) this.#later(() => this.#decide(call));
  }

  #decide(call: IncomingCall): void {
    if (!this.calls.delete(call)) return;
    if (!this.isCalm && this.#dice.chance(0.1)) {
      call.refuse(this.#dice.pick([486, 603, 302, 503]));
      return;
    }
    const answered = call.answer({ body: this.#dice.pick(offers) });
    this.watch(
      'answer',
      undefined,
      answered.then((dialog) => this.own(dialog)),
    );
  }

  #onRequest(request: IncomingRequest): void {
    const dice = this.#dice;
    if (request.method === 'INFO') {
      const id = new TextDecoder().decode(request.body);
      const times = (this.#ledger.executed.get(id) ?? 0) + 1;
      this.#ledger.executed.set(id, times);
      if (times > 1) this.#fault(`INFO ${id} was carried out ${times} times`);
    }
    const status = this.isCalm || dice.chance(0.9) ? 200 : dice.pick([488, 500, 403]);
    const content = request.method === 'INFO' ? {} : { body: dice.pick(offers) };
    const respond = (): void => request.respond(status, content);
    if (this.isCalm || dice.chance(0.6)) respond();
    else if (!dice.chance(0.05)) this.#later(respond);
  }

  #onRouteStatus(dialog: Dialog, { status, cause, sinceMs, generation }: RouteStatus): void {
    if (status !== 'recovering' || this.mode !== 'maximum' || (cause !== 'flow-lost' && cause !== 'hop-silent')) return;
    for (const asked of this.pending)
      if (
        asked.callId === dialog.callId &&
        !asked.behind &&
        asked.method === 'INFO' &&
        asked.generation === generation &&
        asked.atMs < sinceMs
      )
        this.#fault(`${cause} was told before the rejection of the INFO of ${asked.atMs}`);
  }

  #onEnded(dialog: Dialog, by: string, reason: EndReason, end: DialogEnd): void {
    const { id, callId } = dialog;
    if (this.ends.has(id)) this.#fault(`${callId} ended twice: ${this.ends.get(id)}, ${by} ${reason}`);
    if (!(end.notBeforeMs <= end.atMs && end.atMs <= end.notAfterMs)) this.#fault(`${callId} ended at ${end.atMs}?`);
    this.ends.set(id, `${by} ${reason}`);
    this.dialogs.delete(id);
    this.onEnded?.(dialog, by, reason);
  }

  onEnded: ((dialog: Dialog, by: string, reason: EndReason) => void) | undefined;

  #later(then: () => void): void {
    this.#ledger.wake(this.#dice.pick(waits), () => this.isClosed || then());
  }

  #giveUp(): AbortSignal {
    const giveUp = new AbortController();
    this.#later(() => giveUp.abort());
    return AbortSignal.any([giveUp.signal, this.#enough.signal]);
  }

  #fault(what: string): void {
    this.#ledger.faults.push(`${this.#ledger.nowMs()} ${this.name}: ${what}`);
  }
}

function nameOf({ callId, localTag, remoteTag }: DialogRecord): string {
  return [callId, ...[localTag, remoteTag].sort()].join(' ');
}
