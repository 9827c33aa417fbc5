import type { DialogId } from '../../../core/dialog/table.ts';
import type { Command, Content } from '../../../core/engine/command.ts';
import type { DialogRecord } from '../../../core/engine/dialog-record.ts';
import type { EngineEvent } from '../../../core/engine/event.ts';
import { textOctets } from '../octets-text.ts';
import { check } from '../target.ts';

/** Whether it decides by itself: nothing, all but calls, or all. */
export type Zeal = 'idle' | 'half' | 'good';

/** What became of a command; undefined while nothing did. */
export type Outcome = Extract<EngineEvent, { kind: 'result' }> | undefined;

/** A program that an engine serves: what it was told, and what it has asked for. */
export class Application {
  zeal: Zeal = 'half';
  /** It has had all dialogs healed, so that their routes may move. */
  healsAll = false;
  /** Tickets of calls and requests that it was told of, and ids of offers and refreshes: the newest last. */
  readonly calls: number[] = [];
  readonly requests: number[] = [];
  readonly offers: number[] = [];
  readonly refreshes: number[] = [];
  /** Dialogs that it was told of. */
  readonly dialogs: DialogId[] = [];
  readonly records: DialogRecord[] = [];
  /** Ids of the calls that it makes. */
  readonly invites: number[] = [];
  /** By the id of each command that has one. */
  readonly outcomes: Map<number, Outcome> = new Map();
  readonly #ended = new Set<DialogId>();
  readonly #obey: (command: Command) => void;

  constructor(obey: (command: Command) => void) {
    this.#obey = obey;
  }

  /** The id of a command that will have an outcome. */
  newId(): number {
    const id = this.outcomes.size + 1;
    this.outcomes.set(id, undefined);
    return id;
  }

  hear(event: EngineEvent): void {
    switch (event.kind) {
      case 'result':
        this.#settle(event);
        break;
      case 'provisional':
        if (event.dialog !== undefined) this.#know(event.dialog.id);
        break;
      case 'fork':
        this.#know(event.dialog.id);
        break;
      case 'offer':
        this.offers.push(event.offer);
        if (this.zeal !== 'idle') this.#obey({ name: 'answer-offer', offer: event.offer, content: session });
        break;
      case 'incoming-call':
        this.calls.push(event.call);
        if (this.zeal === 'good') this.#obey({ name: 'answer', id: this.newId(), call: event.call, content: session });
        break;
      case 'request': {
        this.requests.push(event.request);
        const content = event.body.length > 0 ? session : nothing;
        if (this.zeal !== 'idle') this.#obey({ name: 'respond', request: event.request, status: 200, content });
        break;
      }
      case 'refresh-registration': {
        const { refresh } = event;
        this.refreshes.push(refresh);
        if (this.zeal === 'idle') break;
        this.healsAll = true;
        this.#obey({ name: 'registration', refresh, refreshed: true, contact: undefined });
        break;
      }
      case 'ended':
        this.#mustLive(event.dialog.id);
        this.#ended.add(event.dialog.id);
        break;
      case 'route-status':
      case 'media-lost':
      case 'session-changed':
        this.#mustLive(event.dialog.id);
        break;
    }
  }

  #settle(result: NonNullable<Outcome>): void {
    const { id, value } = result;
    check(this.outcomes.has(id), 'a result is one of a command that was given', () => `${id}`);
    check(this.outcomes.get(id) === undefined, 'a command has one result', () => JSON.stringify(result));
    this.outcomes.set(id, result);
    if (value.dialog !== undefined) this.#know(value.dialog.id);
    if (value.record !== undefined) this.records.push(value.record);
  }

  #know(dialog: DialogId): void {
    this.#mustLive(dialog);
    if (!this.dialogs.includes(dialog)) this.dialogs.push(dialog);
  }

  #mustLive(dialog: DialogId): void {
    check(!this.#ended.has(dialog), 'nothing is told of a dialog that has ended');
  }
}

export const nothing: Content = { headers: [], contentType: undefined, body: undefined };
export const session: Content = {
  headers: [],
  contentType: 'application/sdp',
  body: textOctets('v=0\r\no=near 1 1 IN IP4 10.0.0.1\r\ns=-\r\n'),
};
/** Another one than before. */
export const otherSession: Content = {
  ...session,
  body: textOctets('v=0\r\no=near 1 2 IN IP4 10.0.0.1\r\ns=-\r\na=sendonly\r\n'),
};
