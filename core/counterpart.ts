import { Announcer } from './announcer.ts';
import type { Application } from './application.ts';
import type { DialogId } from './dialog/table.ts';
import type { Command, Content } from './engine/command.ts';
import type { DialogRecord } from './engine/dialog-record.ts';
import type { DialogData, EngineEvent, ResponseData, ResultValue } from './engine/event.ts';
import { SipError } from './errors.ts';
import { type Asker, Dialog } from './handles.ts';
import type { InviteOptions } from './invite-options.ts';
import type { Asking, PendingCommands } from './pending-commands.ts';
import type { RouteStatus } from './recovery/route-health.ts';
import type { RegistrationRefresh } from './registration-refresh.ts';

/** What a counterpart needs of the stack. */
export interface CounterpartOptions {
  readonly shard: number;
  readonly application: Application;
  readonly registration: RegistrationRefresh;
  readonly pending: PendingCommands;
  /** Throws when the stack is closed, or the shard is not there. */
  readonly send: (command: Command) => void;
  /** The same, but says nothing then. */
  readonly sendIfOpen: (command: Command) => void;
  /** Throws where recovery is off. */
  readonly needRecovery: () => void;
  /** Whether the shard may die without us, so that its dialogs have to be known here. */
  readonly mayDie: boolean;
}

/** One shard, as the facade deals with it: what the program's handles ask of it, and what it tells the program. */
export class Counterpart {
  readonly #options: CounterpartOptions;
  readonly #asker: Asker;
  #announcer: Announcer;
  /** Dialogs of the shard that the program has, by their ids: their Call-IDs. */
  readonly #dialogs = new Map<DialogId, string>();

  constructor(options: CounterpartOptions) {
    this.#options = options;
    const { send } = options;
    this.#asker = {
      request: (dialog, request, signal) => this.#request(dialog, request, signal),
      bye: async (dialog, signal) => {
        await this.ask((id) => ({ name: 'bye', id, dialog }), abandoning(signal));
      },
      routeStatus: (dialog) => this.#routeStatus(dialog),
      heal: (dialog, signal) => this.#heal(dialog, signal),
      relate: (dialog, group) => send({ name: 'relate', dialog, group }),
      reportMedia: (dialog, alive) => send({ name: 'media', dialog, alive }),
      export: (dialog, release) => this.#export(dialog, release),
      ring: (call, status, content, reliable) => send({ name: 'ring', call, status, content, reliable }),
      answer: async (call, content) => this.dialogOf(await this.ask((id) => ({ name: 'answer', id, call, content }))),
      refuse: (call, status, content) => send({ name: 'refuse', call, status, content }),
      respond: (request, status, content) => send({ name: 'respond', request, status, content }),
    };
    this.#announcer = this.#newAnnouncer();
  }

  ask(make: (id: number) => Command, asking: Asking = {}): Promise<ResultValue> {
    return this.#options.pending.ask(this.#options.shard, make, this.#options.send, asking);
  }

  /** A call begins, of which the program may want to hear more. */
  callBegins(id: number, options: InviteOptions): void {
    this.#announcer.callBegins(id, options);
  }

  /** The dialog that a command has brought. */
  dialogOf({ dialog }: ResultValue): Dialog {
    if (dialog === undefined) throw new SipError('SIP_CLOSED', 'The stack gave no dialog.');
    return new Dialog(dialog, this.#asker);
  }

  /** Settles what was awaited; gives what is to be told to the program in a later macrotask, so that no event overtakes a rejection. */
  hear(events: readonly EngineEvent[]): (() => void)[] {
    const later: (() => void)[] = [];
    const announcer = this.#announcer;
    for (const event of events) {
      if (this.#options.mayDie) this.#note(event);
      if (event.kind === 'result') this.#settle(event);
      else if (event.kind === 'provisional') later.push(...this.#provisional(event));
      else later.push(() => announcer.tell(event));
    }
    return later;
  }

  /** The shard has died. Gives what is to be told of its dialogs, as `hear` does. */
  lost(reason: string, nowMs: number): (() => void)[] {
    const { pending, shard } = this.#options;
    pending.rejectAll(new SipError('SIP_SHARD_LOST', `Shard ${shard} was lost: ${reason}`), shard);
    const announcer = this.#announcer;
    this.#announcer = this.#newAnnouncer();
    const end = { atMs: nowMs, notBeforeMs: nowMs, notAfterMs: nowMs };
    const tellings = [...this.#dialogs].map(([id, callId]) => () => {
      announcer.tell({ kind: 'ended', dialog: { id, callId }, by: 'local', reason: 'shard-lost', end });
    });
    this.#dialogs.clear();
    return [() => announcer.giveUpCalls(), ...tellings];
  }

  forgetAll(): void {
    this.#announcer.forgetAll();
  }

  #newAnnouncer(): Announcer {
    const { shard, application, registration, sendIfOpen } = this.#options;
    return new Announcer(application, () => registration.ask(shard), this.#asker, sendIfOpen);
  }

  #note(event: EngineEvent): void {
    if (event.kind === 'result') this.#noteDialog(event.value.dialog);
    else if (event.kind === 'fork') this.#noteDialog(event.dialog);
    else if (event.kind === 'ended') this.#dialogs.delete(event.dialog.id);
  }

  #noteDialog(data: DialogData | undefined): void {
    if (data !== undefined) this.#dialogs.set(data.id, data.callId);
  }

  #settle({ id, failure, value }: Extract<EngineEvent, { kind: 'result' }>): void {
    this.#announcer.callEnds(id, failure === undefined);
    this.#options.pending.settle(id, failure, value);
  }

  /** Whoever waits now is told, also when the final response of the same step has settled its promise by then. */
  #provisional({ id, response, dialog }: Extract<EngineEvent, { kind: 'provisional' }>): (() => void)[] {
    const onProvisional = this.#options.pending.listenerOf(id);
    if (onProvisional === undefined) return [];
    return [() => onProvisional(response, dialog && new Dialog(dialog, this.#asker))];
  }

  async #request(
    dialog: DialogId,
    request: { readonly method: string; readonly content: Content; readonly confirm: boolean },
    signal: AbortSignal | undefined,
  ): Promise<ResponseData> {
    const { response } = await this.ask((id) => ({ name: 'request', id, dialog, ...request }), abandoning(signal));
    if (response === undefined) throw new SipError('SIP_CLOSED', 'The stack gave no response.');
    return response;
  }

  async #routeStatus(dialog: DialogId): Promise<RouteStatus> {
    const { routeStatus } = await this.ask((id) => ({ name: 'route-status', id, dialog }));
    if (routeStatus === undefined) throw new SipError('SIP_CLOSED', 'The stack gave no route status.');
    return routeStatus;
  }

  async #heal(dialog: DialogId, signal: AbortSignal | undefined): Promise<RouteStatus> {
    this.#options.needRecovery();
    const { routeStatus } = await this.ask((id) => ({ name: 'heal', id, dialog }), abandoning(signal));
    if (routeStatus === undefined) throw new SipError('SIP_CLOSED', 'The stack gave no route status.');
    return routeStatus;
  }

  async #export(dialog: DialogId, release: boolean): Promise<DialogRecord> {
    const { record } = await this.ask((id) => ({ name: 'export', id, dialog, release }));
    if (record === undefined) throw new SipError('SIP_CLOSED', 'The stack gave no record.');
    if (release) this.#dialogs.delete(dialog);
    return record;
  }
}

function abandoning(signal: AbortSignal | undefined): Asking {
  return { signal, onAbort: (id) => ({ name: 'abandon', id }) };
}
