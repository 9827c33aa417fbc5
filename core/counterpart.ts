import { Announcer } from './announcer.ts';
import type { Application } from './application.ts';
import type { Address } from './contract.ts';
import type { DialogId } from './dialog/table.ts';
import type { Command, Content } from './engine/command.ts';
import type { DialogRecord } from './engine/dialog-record.ts';
import type { DialogData, EngineEvent, ResponseData, ResultValue } from './engine/event.ts';
import { SipError } from './errors.ts';
import { type Asker, Dialog } from './handles.ts';
import type { InviteOptions } from './invite-options.ts';
import { addressOfText } from './message/numeric-address.ts';
import { sipUri } from './message/sent-by.ts';
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
  readonly isUp: () => boolean;
  /** Where the shard is reached. */
  readonly locals: () => readonly Address[];
  /** Throws where the stack is closed. */
  readonly needOpen: () => void;
  /** Throws where recovery is off. */
  readonly needRecovery: () => void;
  /** Whether the shard may die without us, so that its dialogs have to be known here. */
  readonly mayDie: boolean;
}

/** What belongs to one life of a shard: handles that outlive it say nothing to the next. */
interface Life {
  isOver: boolean;
  readonly asker: Asker;
  readonly announcer: Announcer;
}

/** One shard, as the facade deals with it: what the program's handles ask of it, and what it tells the program. */
export class Counterpart {
  readonly #options: CounterpartOptions;
  #life: Life;
  /** Dialogs of the shard that the program has, by their ids: their Call-IDs. */
  readonly #dialogs = new Map<DialogId, string>();
  /** Dialogs that are to be released, by the ids of the commands. */
  readonly #releases = new Map<number, DialogId>();
  #lostCount = 0;

  constructor(options: CounterpartOptions) {
    this.#options = options;
    this.#life = this.#newLife();
  }

  /** Dialogs that the shard had when it died last. */
  get lostCount(): number {
    return this.#lostCount;
  }

  ask(make: (id: number) => Command, asking: Asking = {}): Promise<ResultValue> {
    return this.#ask(this.#life, make, asking);
  }

  /** A call begins, of which the program may want to hear more. */
  callBegins(id: number, options: InviteOptions): void {
    this.#life.announcer.callBegins(id, options);
  }

  /** Whether the shard has the dialog of a record; one that is lost has none. */
  async has(record: DialogRecord): Promise<boolean> {
    try {
      return (await this.ask((id) => ({ name: 'find', id, record }))).isFound ?? false;
    } catch (error) {
      if (error instanceof SipError && error.code === 'SIP_SHARD_LOST') return false;
      throw error;
    }
  }

  /** The dialog that a command has brought. */
  dialogOf(value: ResultValue): Dialog {
    return this.#dialogOf(this.#life, value);
  }

  /** Settles what was awaited; gives what is to be told to the program in a later macrotask, so that no event overtakes a rejection. */
  hear(events: readonly EngineEvent[]): (() => void)[] {
    const later: (() => void)[] = [];
    const { announcer } = this.#life;
    for (const event of events) {
      if (this.#options.mayDie) this.#note(event);
      if (event.kind === 'result') this.#settle(event);
      else if (event.kind === 'provisional') later.push(...this.#provisional(event));
      else later.push(() => announcer.tell(event));
    }
    return later;
  }

  /** The shard has died, and had so many dialogs. Gives what is to be told of those that the program has, as `hear` does. */
  lost(reason: string, dialogs: number, nowMs: number): (() => void)[] {
    const { pending, shard } = this.#options;
    pending.rejectAll(new SipError('SIP_SHARD_LOST', `Shard ${shard} was lost: ${reason}`), shard);
    const { announcer } = this.#life;
    this.#life.isOver = true;
    this.#life = this.#newLife();
    const end = { atMs: nowMs, notBeforeMs: nowMs, notAfterMs: nowMs };
    const tellings = [...this.#dialogs].map(([id, callId]) => () => {
      announcer.tell({ kind: 'ended', dialog: { id, callId }, by: 'local', reason: 'shard-lost', end });
    });
    this.#lostCount = dialogs;
    this.#dialogs.clear();
    this.#releases.clear();
    return [() => announcer.giveUpCalls(), ...tellings];
  }

  forgetAll(): void {
    this.#life.announcer.forgetAll();
  }

  #newLife(): Life {
    const { shard, application, registration } = this.#options;
    const asker: Asker = {
      request: (dialog, request, signal) => this.#request(life, dialog, request, signal),
      bye: async (dialog, signal) => {
        await this.#ask(life, (id) => ({ name: 'bye', id, dialog }), abandoning(signal));
      },
      routeStatus: (dialog) => this.#routeStatus(life, dialog),
      heal: (dialog, signal) => this.#heal(life, dialog, signal),
      relate: (dialog, group) => this.#tell(life, { name: 'relate', dialog, group }),
      reportMedia: (dialog, alive) => this.#tell(life, { name: 'media', dialog, alive }),
      export: (dialog, release) => this.#export(life, dialog, release),
      ring: (call, status, content, reliable) => this.#tell(life, { name: 'ring', call, status, content, reliable }),
      answer: async (call, content) =>
        this.#dialogOf(life, await this.#ask(life, (id) => ({ name: 'answer', id, call, content }))),
      refuse: (call, status, content) => this.#tell(life, { name: 'refuse', call, status, content }),
      respond: (request, status, content) => this.#tell(life, { name: 'respond', request, status, content }),
    };
    const life: Life = {
      isOver: false,
      asker,
      announcer: new Announcer(
        application,
        () => registration.ask(shard),
        asker,
        (command) => {
          if (!life.isOver && this.#options.isUp()) this.#options.send(command);
        },
      ),
    };
    return life;
  }

  #ask(life: Life, make: (id: number) => Command, asking: Asking = {}): Promise<ResultValue> {
    const { pending, shard, send } = this.#options;
    const sendInLife = (command: Command): void => {
      if (life.isOver) throw new SipError('SIP_SHARD_LOST', `Shard ${shard} was lost, and what it had with it.`);
      send(command);
    };
    return pending.ask(shard, make, sendInLife, asking);
  }

  /** What gets no answer is not worth an error when its shard is gone: the end of its dialog or call is told. */
  #tell(life: Life, command: Command): void {
    this.#options.needOpen();
    if (!life.isOver && this.#options.isUp()) this.#options.send(command);
  }

  #dialogOf({ asker }: Life, { dialog }: ResultValue): Dialog {
    if (dialog === undefined) throw new SipError('SIP_CLOSED', 'The stack gave no dialog.');
    return new Dialog(dialog, asker);
  }

  #note(event: EngineEvent): void {
    if (event.kind === 'result') this.#noteResult(event);
    else if (event.kind === 'fork') this.#noteDialog(event.dialog);
    else if (event.kind === 'ended') this.#dialogs.delete(event.dialog.id);
  }

  #noteResult({ id, failure, value }: Extract<EngineEvent, { kind: 'result' }>): void {
    this.#noteDialog(value.dialog);
    const released = this.#releases.get(id);
    if (released === undefined) return;
    this.#releases.delete(id);
    if (failure === undefined) this.#dialogs.delete(released);
  }

  #noteDialog(data: DialogData | undefined): void {
    if (data !== undefined) this.#dialogs.set(data.id, data.callId);
  }

  #settle({ id, failure, value }: Extract<EngineEvent, { kind: 'result' }>): void {
    const { announcer, asker } = this.#life;
    announcer.callEnds(id, failure === undefined);
    if (this.#options.pending.settle(id, failure, value) || value.dialog === undefined) return;
    // The call was answered before the shard knew that it was given up: its dialogs are nobody's.
    announcer.callGivenUp(id);
    asker.bye(value.dialog.id, undefined).catch(() => undefined);
  }

  /** Whoever waits now is told, also when the final response of the same step has settled its promise by then. */
  #provisional({ id, response, dialog }: Extract<EngineEvent, { kind: 'provisional' }>): (() => void)[] {
    const onProvisional = this.#options.pending.listenerOf(id);
    if (onProvisional === undefined) return [];
    const { asker } = this.#life;
    return [() => onProvisional(response, dialog && new Dialog(dialog, asker))];
  }

  async #request(
    life: Life,
    dialog: DialogId,
    request: { readonly method: string; readonly content: Content; readonly confirm: boolean },
    signal: AbortSignal | undefined,
  ): Promise<ResponseData> {
    const { response } = await this.#ask(
      life,
      (id) => ({ name: 'request', id, dialog, ...request }),
      abandoning(signal),
    );
    if (response === undefined) throw new SipError('SIP_CLOSED', 'The stack gave no response.');
    return response;
  }

  async #routeStatus(life: Life, dialog: DialogId): Promise<RouteStatus> {
    const { routeStatus } = await this.#ask(life, (id) => ({ name: 'route-status', id, dialog }));
    if (routeStatus === undefined) throw new SipError('SIP_CLOSED', 'The stack gave no route status.');
    return routeStatus;
  }

  async #heal(life: Life, dialog: DialogId, signal: AbortSignal | undefined): Promise<RouteStatus> {
    this.#options.needRecovery();
    const { routeStatus } = await this.#ask(life, (id) => ({ name: 'heal', id, dialog }), abandoning(signal));
    if (routeStatus === undefined) throw new SipError('SIP_CLOSED', 'The stack gave no route status.');
    return routeStatus;
  }

  async #export(life: Life, dialog: DialogId, release: boolean): Promise<DialogRecord> {
    const { record } = await this.#ask(life, (id) => {
      if (release && this.#options.mayDie) this.#releases.set(id, dialog);
      return { name: 'export', id, dialog, release };
    });
    if (record === undefined) throw new SipError('SIP_CLOSED', 'The stack gave no record.');
    const protocol = record.hop === undefined ? undefined : addressOfText(record.hop)?.protocol;
    const locals = this.#options.locals();
    const local = locals.find((each) => each.protocol === protocol) ?? locals[0];
    return local === undefined ? record : { ...record, localAddress: sipUri(local) };
  }
}

function abandoning(signal: AbortSignal | undefined): Asking {
  return { signal, onAbort: (id) => ({ name: 'abandon', id }) };
}
