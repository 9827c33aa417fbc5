import type { Application } from './application.ts';
import { publishDialogEnded, publishRouteStatus, publishWarning } from './channels.ts';
import type { Command, Content } from './engine/command.ts';
import type { DialogData, EngineEvent } from './engine/event.ts';
import { UsageError } from './errors.ts';
import { type Asker, Dialog, IncomingCall, IncomingRequest } from './handles.ts';
import type { InviteOptions } from './invite-options.ts';
import { parseUriText } from './message/uri.ts';
import { contentOf, sdpType } from './message-content.ts';
import type { RegistrationRefresh } from './registration-refresh.ts';
import { Ringing } from './ringing.ts';

/** Warns the program, and whoever listens to the channel: with the application in the shards that is all that the main thread has. */
export function warn(application: Application, message: string): void {
  publishWarning({ message });
  application.onWarning?.(message);
}

/** Tells the program what happens: the engine's events as calls of the program's handlers. */
export class Announcer {
  readonly #application: Application;
  readonly #refresh: () => ReturnType<RegistrationRefresh['ask']>;
  readonly #asker: Asker;
  readonly #command: (command: Command) => void;
  readonly #ringing = new Map<number, Ringing>();
  /** Who takes dialogs of further branches, by the id of the call's command. */
  readonly #forkTakers = new Map<number, (dialog: Dialog) => void>();
  /** Who answers offers, by the id of the call's command. */
  readonly #offerAnswerers = new Map<number, NonNullable<InviteOptions['answerOffer']>>();

  /** `command` does nothing once the stack is closed. */
  constructor(
    application: Application,
    refresh: () => ReturnType<RegistrationRefresh['ask']>,
    asker: Asker,
    command: (command: Command) => void,
  ) {
    this.#application = application;
    this.#refresh = refresh;
    this.#asker = asker;
    this.#command = command;
  }

  /** A call goes out, whose further branches and offers the program may want to hear of. */
  callBegins(id: number, { onFork, answerOffer }: InviteOptions): void {
    if (onFork !== undefined) this.#forkTakers.set(id, onFork);
    if (answerOffer !== undefined) this.#offerAnswerers.set(id, answerOffer);
  }

  /** A call has its outcome; one that was answered may still be answered by further branches. */
  callEnds(id: number, answered: boolean): void {
    if (!answered) this.#forkTakers.delete(id);
    if (!this.#forkTakers.has(id)) this.#offerAnswerers.delete(id);
  }

  /** A call was answered that nobody wants any more: further branches that answer are ended. */
  callGivenUp(id: number): void {
    if (this.#forkTakers.has(id)) this.#forkTakers.set(id, (dialog) => void dialog.bye().catch(() => undefined));
    this.#offerAnswerers.delete(id);
  }

  /** The calls that come in and are not decided yet are over. */
  giveUpCalls(): void {
    for (const ringing of this.#ringing.values()) ringing.abort();
    this.#ringing.clear();
  }

  forgetAll(): void {
    this.#forkTakers.clear();
    this.#offerAnswerers.clear();
  }

  tell(event: Exclude<EngineEvent, { kind: 'result' | 'provisional' }>): void {
    const application = this.#application;
    switch (event.kind) {
      case 'fork':
        this.#forkTakers.get(event.id)?.(new Dialog(event.dialog, this.#asker));
        break;
      case 'forks-over':
        this.#forkTakers.delete(event.id);
        this.#offerAnswerers.delete(event.id);
        break;
      case 'offer':
        void this.#answerOffer(event);
        break;
      case 'incoming-call':
        this.#tellCall(event);
        break;
      case 'call-cancelled':
        this.#ringing.get(event.call)?.abort();
        this.#ringing.delete(event.call);
        break;
      case 'request': {
        const request = new IncomingRequest(event, new Dialog(event.dialog, this.#asker), this.#asker);
        if (application.onRequest !== undefined) application.onRequest(request);
        else request.respond(event.method === 'INFO' ? 200 : 488);
        break;
      }
      case 'route-status':
        publishRouteStatus(event);
        application.onRouteStatus?.(new Dialog(event.dialog, this.#asker), event.routeStatus);
        if (event.routeStatus.status === 'healthy') void this.#relocateMedia(event.dialog);
        break;
      case 'media-lost':
        void this.#relocateMedia(event.dialog);
        break;
      case 'refresh-registration':
        void this.#refreshRegistration(event.refresh);
        break;
      case 'session-changed':
        application.onSessionChanged?.(new Dialog(event.dialog, this.#asker), event.body);
        break;
      case 'refused':
        application.onRefused?.(event.report);
        break;
      case 'ended':
        publishDialogEnded(event);
        application.onEnded?.(new Dialog(event.dialog, this.#asker), event.by, event.reason, event.end);
        break;
    }
  }

  /** A re-INVITE that fails leaves media where they were; the program is warned. */
  async #relocateMedia(data: DialogData): Promise<void> {
    const application = this.#application;
    if (application.relocateMedia === undefined) return;
    const dialog = new Dialog(data, this.#asker);
    try {
      const offer = await application.relocateMedia(dialog);
      if (offer === undefined) return;
      const { body } = await dialog.request('INVITE', offer);
      if (body.length > 0) application.onSessionChanged?.(dialog, body);
    } catch (error) {
      warn(application, `Media were not relocated: ${error instanceof Error ? error.message : error}`);
    }
  }

  /** Asks the program for it. A program that fails at it is asked again, by the schedule of heals. */
  async #refreshRegistration(refresh: number): Promise<void> {
    const application = this.#application;
    let contact: string | undefined;
    let refreshed = true;
    try {
      contact = (await this.#refresh())?.contact;
      if (contact !== undefined && (parseUriText(contact) === undefined || /[\s<>]/.test(contact))) {
        throw new UsageError(`refreshRegistration(): contact '${contact}' is no SIP URI.`);
      }
    } catch (error) {
      refreshed = false;
      warn(application, `The registration was not refreshed: ${error instanceof Error ? error.message : error}`);
    }
    this.#command({ name: 'registration', refresh, refreshed, contact: refreshed ? contact : undefined });
  }

  /** Whatever the program does, the far end gets its answer: none when it throws, which is then its affair. */
  async #answerOffer({ id, offer, response }: Extract<EngineEvent, { kind: 'offer' }>): Promise<void> {
    let content: Content | undefined;
    try {
      const answer = await this.#offerAnswerers.get(id)?.(response.body, response);
      content = answer && contentOf(answer, sdpType);
    } finally {
      this.#command({ name: 'answer-offer', offer, content });
    }
  }

  #tellCall(event: Extract<EngineEvent, { kind: 'incoming-call' }>): void {
    const ringing = new Ringing();
    this.#ringing.set(event.call, ringing);
    const call = new IncomingCall(event, ringing, this.#asker, (decided) => this.#ringing.delete(decided));
    if (this.#application.onCall !== undefined) this.#application.onCall(call);
    else call.refuse(480);
  }
}
