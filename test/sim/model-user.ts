import type { LivingDialog } from './happening.ts';
import { uriOf } from './models/address-value.ts';
import type { EndpointUser } from './models/agent.ts';
import type { Dialog, DialogRecord } from './models/dialog.ts';
import type { StrictEndpoint } from './models/strict-endpoint.ts';
import type { Ground, Party } from './party.ts';
import type { Act, Place } from './plan.ts';

/** The user of a model: it does what the acts say; calls and requests the model answers itself. */
export class ModelUser implements Party, EndpointUser {
  readonly #place: Place;
  readonly #ground: Ground;
  #model: StrictEndpoint | undefined;
  #isDead = false;

  constructor(place: Place, ground: Ground) {
    this.#place = place;
    this.#ground = ground;
  }

  start(model: StrictEndpoint): void {
    this.#model = model;
  }

  get #its(): StrictEndpoint {
    if (this.#model === undefined) throw new Error('no model yet');
    return this.#model;
  }

  get dialogs(): readonly LivingDialog[] {
    return this.#its.dialogs.map(livingOf);
  }

  get records(): readonly DialogRecord[] {
    return this.#its.records;
  }

  act(act: Act): void {
    const { dialogs } = this.#its;
    const { what, pick } = act;
    const dialog = what === 'invite' ? undefined : dialogs[Math.floor(pick * dialogs.length)];
    this.#ground.tell({ kind: 'act', act, callId: dialog?.callId });
    if (what === 'invite')
      this.#watch('INVITE', undefined, this.#its.invite(this.#ground.target(this.#place), act.dice));
    else if (dialog !== undefined) this.#actOn(dialog, act);
  }

  heal(name: string): boolean {
    const dialog = this.#its.dialogs.find((each) => nameOf(each) === name);
    if (dialog !== undefined) this.#watch('UPDATE', dialog, this.#its.update(dialog, false));
    return dialog !== undefined;
  }

  calmDown(): void {
    this.#its.calmDown();
  }

  informAll(first: number): number {
    const { dialogs } = this.#its;
    for (const [index, dialog] of dialogs.entries()) this.#inform(dialog, first + index);
    return dialogs.length;
  }

  async survey(): Promise<void> {}

  healPassive(): void {}

  byeAll(): void {
    for (const dialog of this.#its.dialogs) this.#watch('BYE', dialog, this.#its.bye(dialog));
  }

  /** What a model holds is its own affair. */
  async left(): Promise<Readonly<Record<string, number>>> {
    return {};
  }

  close(): Promise<void> {
    return this.#its.stop();
  }

  die(): Promise<void> {
    this.#isDead = true;
    return this.#its.stop();
  }

  onExecuted(info: number, callId: string): void {
    if (!this.#isDead) this.#ground.tell({ kind: 'executed', place: this.#place, info, callId });
  }

  onEstablished({ id, callId }: Dialog): void {
    if (!this.#isDead) this.#ground.tell({ kind: 'established', place: this.#place, dialog: id, callId });
  }

  onEnded({ id, callId }: Dialog, by: 'local' | 'remote', reason: string): void {
    if (!this.#isDead) this.#ground.tell({ kind: 'ended', place: this.#place, dialog: id, callId, by, reason });
  }

  #actOn(dialog: Dialog, { what, dice }: Act): void {
    const model = this.#its;
    switch (what) {
      case 'info':
        this.#inform(dialog, dice);
        break;
      case 'update':
      case 'heal':
        this.#watch('UPDATE', dialog, model.update(dialog, false));
        break;
      case 'update-offer':
        this.#watch('UPDATE', dialog, model.update(dialog, true));
        break;
      case 'reinvite':
        this.#watch('INVITE', dialog, model.reinvite(dialog));
        break;
      case 'bye':
        this.#watch('BYE', dialog, model.bye(dialog));
        break;
    }
  }

  #inform(dialog: Dialog, info: number): void {
    this.#watch('INFO', dialog, this.#its.info(dialog, info), info);
  }

  #watch(
    method: string,
    dialog: Dialog | undefined,
    promise: Promise<{ readonly status: number }>,
    info?: number,
  ): void {
    const place = this.#place;
    const asked = {
      number: this.#ground.nextWish(),
      method,
      callId: dialog?.callId ?? '',
      dialog: dialog?.id,
      atMs: this.#ground.nowMs(),
      info,
    };
    this.#ground.tell({ kind: 'asked', place, asked });
    promise.then(
      ({ status }) => {
        if (this.#isDead) return;
        const error = status < 300 ? undefined : 'SIP_FAILURE_RESPONSE';
        this.#ground.tell({ kind: 'outcome', place, asked, error, status });
      },
      (error: unknown) => this.#ground.threw(method, error),
    );
  }
}

function livingOf(dialog: Dialog): LivingDialog {
  const { id, callId, localTag, routeSet, remoteTarget, localTarget } = dialog;
  const route = { routeSet: routeSet.map(uriOf), remoteTarget, localContact: uriOf(localTarget) };
  return { dialog: id, callId, name: nameOf(dialog), localTag, route };
}

function nameOf({ callId, localTag, remoteTag }: Dialog): string {
  return [callId, ...[localTag, remoteTag].sort()].join(' ');
}
