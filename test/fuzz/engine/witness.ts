import type { DialogId } from '../../../core/dialog/table.ts';
import type { Command } from '../../../core/engine/command.ts';
import { check } from '../target.ts';
import { type SentMessage, valuesOf } from '../world/sent-message.ts';
import { type Application, nothing, type Outcome, session } from './application.ts';
import type { EngineGround } from './engine-ground.ts';
import { guardCallId as callId, guardName } from './parties.ts';
import type { Peers } from './peers.ts';

/** Longer than any transaction. */
const outcomeWithinMs = 20_000;
const routes = ['<sip:10.0.0.5;lr>', '<sip:proxy.example;lr>'];

/** A dialog that no input touches: it works to the end, whatever becomes of others. */
export class Witness {
  readonly #ground: EngineGround;
  readonly #peers: Peers;
  readonly #application: Application;
  readonly #dialog: DialogId;
  #info: SentMessage | undefined;

  /** Begins the dialog: the first one. */
  constructor(ground: EngineGround, peers: Peers, application: Application) {
    this.#ground = ground;
    this.#peers = peers;
    this.#application = application;
    const guard = peers.named(guardName);
    const changes = ['-Supported', `Call-ID: ${callId}`, ...routes.map((route) => `Record-Route: ${route}`)];
    peers.call(guard, changes.join('\n'));
    ground.settle();
    const call = application.calls.pop();
    check(call !== undefined, 'a call comes in');
    const id = application.newId();
    ground.put({ kind: 'command', command: { name: 'answer', id, call, content: session } });
    ground.settle();
    const dialog = application.outcomes.get(id)?.value.dialog?.id;
    check(dialog !== undefined, 'a call is answered');
    this.#dialog = dialog;
    application.dialogs.pop();
  }

  hear(message: SentMessage): void {
    if (message.callId === callId && message.method === 'INFO') this.#info = message;
  }

  /** It still works; `byOldRoute`: and nobody has moved its route. */
  check(byOldRoute: boolean): void {
    const outcome = this.#command((id, dialog) => ({
      name: 'request',
      id,
      dialog,
      method: 'INFO',
      content: nothing,
      confirm: false,
    }));
    check(
      outcome?.failure === undefined && outcome?.value.response?.status === 200,
      'a dialog that nobody touched works',
      () => JSON.stringify(outcome ?? 'no outcome'),
    );
    if (byOldRoute) this.#checkRoute();
  }

  #checkRoute(): void {
    const text = this.#info?.text ?? '';
    const route = valuesOf(text, 'Route').join(', ');
    check(route === routes.join(', '), 'a dialog that nobody touched keeps its route', () => text);
    const guard = this.#peers.named(guardName);
    const to = this.#info && this.#ground.flows.remote(this.#info.flow);
    check(to?.host === guard.address.host, 'a dialog that nobody touched keeps its hop', () => JSON.stringify(to));
    const exported = this.#command((id, dialog) => ({ name: 'export', id, dialog, release: false }));
    const target = exported?.value.record?.remoteTarget ?? 'none';
    check(target === guard.uri, 'a dialog that nobody touched keeps its target', () => target);
  }

  #command(make: (id: number, dialog: DialogId) => Command): Outcome {
    const { outcomes } = this.#application;
    const id = this.#application.newId();
    this.#ground.put({ kind: 'command', command: make(id, this.#dialog) });
    this.#ground.passUntil(() => outcomes.get(id) !== undefined, outcomeWithinMs);
    return outcomes.get(id);
  }
}
