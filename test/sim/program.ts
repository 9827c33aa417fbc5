import {
  type Application,
  type Dialog,
  type DialogId,
  type DialogRecord,
  FailureResponseError,
  type IncomingCall,
  type IncomingRequest,
  type RouteStatus,
  SipError,
  type Stack,
} from '../../core/index.ts';
import { Dice, diceFor } from './dice.ts';
import type { Asked, LivingDialog } from './happening.ts';
import type { Ground, Party } from './party.ts';
import type { Act, OurEnd, Place } from './plan.ts';

const offers = ['v=0\r\ns=1\r\n', 'v=0\r\ns=2\r\n', 'v=0\r\ns=3\r\n'];
const waits = [0, 0, 1, 5, 40, 400, 3000, 20_000];
/** Whom everybody calls. */
export const calledUser = 'user';
const groups = ['red', 'blue'];
/** Requests of the peer's that the program sees because they offer a session. */
const offering: ReadonlySet<string> = new Set(['INVITE', 'UPDATE', 'PRACK']);

/** How many of its numbers a process that comes after this one leaves out: so many requests it may have sent since the record was made. */
const reserved = 1000;

/** Numbers for the INFOs of early dialogs, of which each call may have many: above those of acts and of the calm part. */
const earlyInfosOfCall = 2 ** 20;

/** Which act an INVITE comes from, so that whoever is called has dice for it that nothing else changes. */
const actHeader = 'X-Act';

interface Held {
  dialog: Dialog;
  record: DialogRecord | undefined;
}

/** A program on a stack of ours: it does what the acts say, and answers calls and requests as its dice have it. */
export class Program implements Party {
  readonly #place: Place;
  readonly #end: OurEnd;
  readonly #ground: Ground;
  readonly #held = new Map<DialogId, Held>();
  readonly #ended = new Set<DialogId>();
  readonly #calls = new Set<IncomingCall>();
  /** Everything that may be given up: calls that ring, heals that wait for a hop. */
  readonly #patience = new Set<AbortController>();
  #stack: Stack | undefined;
  #isCalm = false;
  #isDead = false;
  #answers = 0;

  constructor(place: Place, end: OurEnd, ground: Ground) {
    this.#place = place;
    this.#end = end;
    this.#ground = ground;
  }

  get #its(): Stack {
    if (this.#stack === undefined) throw new Error('no stack yet');
    return this.#stack;
  }

  /** Begins on a stack; `records` are of dialogs that a process before it had. */
  start(stack: Stack, records: readonly DialogRecord[] = []): void {
    this.#stack = stack;
    for (const record of records) {
      const reservedSequenceNumber = record.localSequenceNumber + reserved;
      const adopted = stack.adopt({ ...record, reservedSequenceNumber, routeStatus: 'recovering' });
      this.#watch(
        'adopt',
        undefined,
        adopted.then((dialog) => this.#own(dialog)),
        { callId: record.callId },
      );
    }
  }

  get application(): Application {
    const { registration } = this.#end;
    return {
      onCall: (call) => this.#onCall(call),
      onRequest: (request) => this.#onRequest(request),
      onRouteStatus: (dialog, status) => this.#onRouteStatus(dialog, status),
      onEnded: (dialog, by, reason) => this.#onEnded(dialog, by, reason),
      relocateMedia: ({ callId }) => {
        const dice = this.#diceFor(`media ${callId} ${this.#ground.nowMs()}`);
        return !this.#isCalm && dice.chance(0.2) ? { body: dice.pick(offers) } : undefined;
      },
      ...(registration !== 'none' && { refreshRegistration: () => this.#register() }),
    };
  }

  get dialogs(): readonly LivingDialog[] {
    const living: LivingDialog[] = [];
    const [local] = this.#stack?.locals ?? [];
    const contact = local === undefined ? '' : `sip:${local.host}:${local.port};transport=${local.protocol}`;
    for (const { record, dialog } of this.#held.values())
      if (record !== undefined) living.push(livingOf(dialog, record, contact));
    return living;
  }

  /** What it has written down of its dialogs, for a process that comes after it. */
  get records(): readonly DialogRecord[] {
    return [...this.#held.values()].flatMap(({ record }) => (record === undefined ? [] : [record]));
  }

  act(act: Act): void {
    const dice = new Dice(act.dice);
    if (act.what === 'invite') {
      this.#ground.tell({ kind: 'act', act, callId: undefined });
      this.#invite(act, dice);
      return;
    }
    const held = [...this.#held.values()];
    const dialog = held[Math.floor(act.pick * held.length)]?.dialog;
    this.#ground.tell({ kind: 'act', act, callId: dialog?.callId });
    if (dialog !== undefined) this.#actOn(dialog, act, dice);
  }

  heal(name: string): boolean {
    for (const { dialog, record } of this.#held.values()) {
      if (record === undefined || nameOf(record) !== name || this.#end.mode === 'none') continue;
      this.#heal(dialog);
      return true;
    }
    return false;
  }

  calmDown(): void {
    this.#isCalm = true;
    for (const giveUp of this.#patience) giveUp.abort();
    for (const call of this.#calls) this.#decide(call, this.#diceFor(call.callId));
  }

  informAll(first: number): number {
    let count = 0;
    for (const { dialog } of this.#held.values()) this.#inform(dialog, first + count++);
    return count;
  }

  async survey(): Promise<void> {
    await Promise.all([...this.#held.values()].map(({ dialog }) => this.#writeDown(dialog)));
  }

  healPassive(): void {
    if (this.#end.passive) for (const { dialog } of this.#held.values()) this.#heal(dialog);
  }

  byeAll(): void {
    for (const { dialog } of [...this.#held.values()]) this.#bye(dialog, undefined);
  }

  async left(): Promise<Readonly<Record<string, number>>> {
    const { healedRequests: _grows, ...counts } = await this.#its.counts();
    return Object.fromEntries(Object.entries(counts).filter(([, count]) => count !== 0));
  }

  async close(): Promise<void> {
    await this.#its.close();
    this.#held.clear();
  }

  async die(): Promise<void> {
    this.#isDead = true;
    this.#held.clear();
    await this.#stack?.destroy();
  }

  #invite(act: Act, dice: Dice): void {
    const isDelayed = dice.chance(0.2);
    const takesForks = dice.chance(0.5);
    const body = dice.pick(offers);
    const group = dice.pick(groups);
    const isGrouped = dice.chance(0.2);
    const expiresS = dice.pick([1, 5, 30]);
    const expires = dice.chance(0.1);
    const signal = this.#signal(dice, 0.25, true);
    let earlyInfo = act.dice * earlyInfosOfCall;
    const invited = this.#its.invite(this.#ground.target(this.#place), {
      ...(isDelayed ? { answerOffer: () => ({ body }) } : { body }),
      ...(signal && { signal }),
      headers: { [actHeader]: String(act.dice) },
      ...(isGrouped && { group }),
      ...(expires && { expiresS }),
      ...(takesForks && { onFork: (dialog: Dialog) => this.#own(dialog) }),
      onProvisional: (_response, early) => {
        if (early !== undefined && !this.#isCalm && !this.#isDead) this.#useEarly(early, ++earlyInfo, dice);
      },
    });
    this.#watch(
      'INVITE',
      undefined,
      invited.then((dialog) => this.#own(dialog)),
    );
  }

  #useEarly(early: Dialog, info: number, dice: Dice): void {
    const deed = dice.pick(['INFO', 'INFO', 'UPDATE', 'BYE', '', '', '', ''] as const);
    if (deed === 'INFO') this.#inform(early, info);
    else if (deed === 'UPDATE') this.#watch('UPDATE', early, early.request('UPDATE'));
    else if (deed === 'BYE') this.#watch('BYE', early, early.bye());
  }

  #actOn(dialog: Dialog, { what, dice: number }: Act, dice: Dice): void {
    const signal = this.#signal(dice, 0.15, what === 'heal');
    const giving = signal === undefined ? {} : { signal };
    const body = dice.pick(offers);
    switch (what) {
      case 'info':
        for (let each = dice.pick([1, 1, 1, 1, 2, 4]); each > 0; each--) this.#inform(dialog, number + each, dice);
        break;
      case 'update':
        this.#watch('UPDATE', dialog, dialog.request('UPDATE', giving));
        break;
      case 'update-offer':
        this.#watch('UPDATE', dialog, dialog.request('UPDATE', { ...giving, body }));
        break;
      case 'reinvite':
        this.#watch('INVITE', dialog, dialog.request('INVITE', { ...giving, body }));
        break;
      case 'bye':
        this.#bye(dialog, dice);
        break;
      case 'heal':
        if (this.#end.mode === 'none') break;
        if (dice.chance(0.15)) this.#its.heal();
        else this.#heal(dialog, signal);
        break;
      case 'media':
        dialog.reportMedia(dice.pick(['alive', 'dead', 'dead']));
        break;
      case 'relate':
        dialog.relate(dice.pick(groups));
        break;
      case 'options': {
        const method = dice.pick(['OPTIONS', 'MESSAGE', 'FOO']);
        this.#watch(method, dialog, dialog.request(method, giving));
        break;
      }
    }
  }

  #inform(dialog: Dialog, info: number, dice?: Dice): void {
    const confirmWithRemote = dice?.chance(0.15) ?? false;
    const signal = dice && this.#signal(dice, 0.15);
    const content = { contentType: 'text/plain', body: String(info), confirmWithRemote };
    const asked = dialog.request('INFO', signal === undefined ? content : { ...content, signal });
    this.#watch('INFO', dialog, asked, { info });
  }

  #heal(dialog: Dialog, signal?: AbortSignal): void {
    this.#watch('heal', dialog, dialog.heal(signal === undefined ? {} : { signal }));
  }

  #bye(dialog: Dialog, dice: Dice | undefined): void {
    const signal = dice && this.#signal(dice, 0.1);
    this.#held.delete(dialog.id);
    this.#watch('BYE', dialog, dialog.bye(signal === undefined ? {} : { signal }));
  }

  /** A dialog that is ours from now on. */
  #own(dialog: Dialog): void {
    if (this.#isDead || this.#ended.has(dialog.id) || this.#held.has(dialog.id)) return;
    this.#held.set(dialog.id, { dialog, record: undefined });
    this.#ground.tell({ kind: 'established', place: this.#place, dialog: String(dialog.id), callId: dialog.callId });
    void this.#writeDown(dialog);
  }

  /** Keeps what a process that comes after this one will need. */
  async #writeDown(dialog: Dialog): Promise<void> {
    try {
      const record = await dialog.export();
      const held = this.#held.get(dialog.id);
      if (held !== undefined) held.record = record;
    } catch (error) {
      if (!(error instanceof SipError)) this.#ground.threw('export', error);
    }
  }

  #onCall(call: IncomingCall): void {
    if (!call.requestUri.startsWith(`sip:${calledUser}@`)) {
      call.refuse(404); // a scanner's
      return;
    }
    const act = call.headers.find(({ name }) => name === actHeader)?.value ?? call.callId;
    const dice = this.#diceFor(`call ${act}`);
    this.#calls.add(call);
    call.signal.addEventListener('abort', () => this.#calls.delete(call));
    const rings = dice.pick([0, 0, 1, 2]);
    for (let ring = 0; ring < rings; ring++) {
      const content = dice.chance(0.3) ? { body: dice.pick(offers) } : {};
      const status = dice.pick([180, 183]);
      const reliable = dice.chance(0.5);
      this.#later(dice, () => this.#calls.has(call) && call.ring(status, { reliable, ...content }));
    }
    if (this.#isCalm) this.#decide(call, dice);
    else if (!dice.chance(0.03)) this.#later(dice, () => this.#decide(call, dice));
  }

  #decide(call: IncomingCall, dice: Dice): void {
    if (!this.#calls.delete(call)) return;
    if (!this.#isCalm && dice.chance(0.08)) {
      call.refuse(dice.pick([486, 603, 302, 503]));
      return;
    }
    const answered = call.answer({ body: dice.pick(offers) });
    this.#watch(
      'answer',
      undefined,
      answered.then((dialog) => this.#own(dialog)),
      { callId: call.callId },
    );
  }

  #onRequest(request: IncomingRequest): void {
    const { method, dialog } = request;
    const text = Buffer.from(request.body).toString('latin1');
    if (method === 'INFO')
      this.#ground.tell({ kind: 'executed', place: this.#place, info: Number(text), callId: dialog.callId });
    const dice = this.#diceFor(`${method} ${method === 'INFO' ? text : `${dialog.callId} ${++this.#answers}`}`);
    const status = this.#isCalm || dice.chance(0.92) ? 200 : dice.pick([488, 500, 403, 408]);
    const content = offering.has(method) ? { body: dice.pick(offers) } : {};
    const respond = (): void => request.respond(status, content);
    if (this.#isCalm || dice.chance(0.6)) respond();
    else if (!dice.chance(0.03)) this.#later(dice, respond);
  }

  #onRouteStatus(dialog: Dialog, { status, cause }: RouteStatus): void {
    const { id, callId } = dialog;
    this.#ground.tell({ kind: 'route-status', place: this.#place, dialog: String(id), callId, status, cause });
    const held = this.#held.get(id);
    if (held === undefined) return;
    held.dialog = dialog; // it may be called otherwise since it was replaced
    void this.#writeDown(dialog);
  }

  #onEnded({ id, callId }: Dialog, by: 'local' | 'remote', reason: string): void {
    this.#ended.add(id);
    this.#held.delete(id);
    this.#ground.tell({ kind: 'ended', place: this.#place, dialog: String(id), callId, by, reason });
  }

  async #register(): Promise<undefined> {
    const { registration } = this.#end;
    const dice = this.#diceFor(`registration ${this.#ground.nowMs()}`);
    if (!this.#isCalm && dice.chance(0.7)) {
      if (registration === 'hanging') await new Promise<never>(() => undefined);
      if (registration === 'failing') throw new Error('the registrar is away');
    }
    this.#ground.restoreRegistration(this.#place);
    return undefined;
  }

  /** Has a wish's outcome told, once it has one. */
  #watch(
    method: string,
    dialog: Dialog | undefined,
    promise: Promise<unknown>,
    { info, callId = dialog?.callId ?? '' }: { readonly info?: number; readonly callId?: string } = {},
  ): void {
    const asked: Asked = {
      number: this.#ground.nextWish(),
      method,
      callId,
      dialog: dialog && String(dialog.id),
      atMs: this.#ground.nowMs(),
      info,
    };
    const place = this.#place;
    this.#ground.tell({ kind: 'asked', place, asked });
    const settled = (error: string | undefined, status?: number): void => {
      if (!this.#isDead) this.#ground.tell({ kind: 'outcome', place, asked, error, status });
    };
    promise.then(
      () => settled(undefined),
      (error: unknown) => {
        if (error instanceof FailureResponseError) settled(error.code, error.response.status);
        else if (error instanceof SipError && error.code !== 'SIP_USAGE') settled(error.code);
        else this.#ground.threw(method, error);
      },
    );
  }

  /** Gives up with that chance; `isPatient`: gives up in calm weather at the latest. Undefined for what nobody gives up. */
  #signal(dice: Dice, chance: number, isPatient = false): AbortSignal | undefined {
    const givesUp = dice.chance(chance);
    if (this.#isCalm || (!givesUp && !isPatient)) return undefined;
    const giveUp = new AbortController();
    if (isPatient) this.#patience.add(giveUp);
    if (givesUp) this.#later(dice, () => giveUp.abort());
    return giveUp.signal;
  }

  #later(dice: Dice, then: () => void): void {
    this.#ground.wake(dice.pick(waits), () => this.#isDead || then());
  }

  #diceFor(what: string): Dice {
    return diceFor(this.#ground.seed, `${this.#place} ${what}`);
  }
}

/** `contact`: the stack's own, which a record leaves out. */
function livingOf(dialog: Dialog, record: DialogRecord, contact: string): LivingDialog {
  const { routeSet = [], remoteTarget, localContact = contact } = record;
  return {
    dialog: String(dialog.id),
    callId: record.callId,
    name: nameOf(record),
    localTag: record.localTag,
    route: { routeSet, remoteTarget, localContact },
  };
}

function nameOf({ callId, localTag, remoteTag }: DialogRecord): string {
  return [callId, ...[localTag, remoteTag].sort()].join(' ');
}
