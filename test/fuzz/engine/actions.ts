import type { Address } from '../../../core/contract.ts';
import type { DialogId } from '../../../core/dialog/table.ts';
import type { Command } from '../../../core/engine/command.ts';
import { textOctets } from '../octets-text.ts';
import { actOnFlows } from '../world/flow-actions.ts';
import { changed, messageText, writtenText } from '../world/message-text.ts';
import { meant, numberOf, type Operation, operationsOf } from '../world/operations.ts';
import { type Application, nothing, otherSession, session, type Zeal } from './application.ts';
import type { EngineGround } from './engine-ground.ts';
import { type Party, partyNames } from './parties.ts';
import type { Peers } from './peers.ts';
import { sceneNames, scenes } from './scenes.ts';
import { listedOf } from './settings.ts';

const methods = ['INFO', 'UPDATE', 'INVITE', 'MESSAGE', 'OPTIONS', 'DANCE'] as const;
const zeals: readonly Zeal[] = ['half', 'idle', 'good'];

/** Carries out what an input says. */
export class Actions {
  readonly #ground: EngineGround;
  readonly #peers: Peers;
  readonly #application: Application;
  readonly #received: { readonly party: Party; readonly text: string }[] = [];
  /** The program has asked the engine to end all that there is. */
  drained = false;

  constructor(ground: EngineGround, peers: Peers, application: Application) {
    this.#ground = ground;
    this.#peers = peers;
    this.#application = application;
  }

  run(operations: readonly Operation[], depth: number = 0): void {
    for (const operation of operations) {
      if (this.#ground.budget <= 0) return;
      this.#do(operation, depth);
      this.#ground.settle();
    }
  }

  /** A message of a party's, whether of its own accord or in answer. */
  send(party: Party, text: string): void {
    this.#received.unshift({ party, text });
    if (this.#received.length > 32) this.#received.pop();
    this.#ground.putMessage(party.address, text);
  }

  #do(operation: Operation, depth: number): void {
    const ground = this.#ground;
    if (actOnFlows(ground, operation, (word, connected) => this.#address(word, connected))) return;
    const { name, words, text } = operation;
    const peers = this.#peers;
    const [first, second, third] = words;
    switch (name) {
      case 'with':
        break;
      case 'scene':
        if (depth === 0) this.run(operationsOf(textOctets(meant(first, sceneNames, scenes) ?? '')), 1);
        break;
      case '':
      case 'from':
        this.#receive(this.#party(first), peers.filled(text));
        break;
      case 'again': {
        const old = this.#received[numberOf(second) % Math.max(1, this.#received.length)];
        if (old !== undefined) this.#receive(this.#party(first), old.text);
        break;
      }
      case 'echo': {
        const sent = peers.sent[numberOf(second) % Math.max(1, peers.sent.length)];
        if (sent !== undefined)
          this.#receive(this.#party(first), writtenText(changed(messageText(sent.text), peers.filled(text))));
        break;
      }
      case 'reply': {
        const request = peers.requests[numberOf(third) % Math.max(1, peers.requests.length)];
        const to = request === undefined ? undefined : ground.flows.remote(request.flow);
        const from = first === 'same' ? to && peers.at(to) : this.#party(first);
        if (request !== undefined && from !== undefined) peers.reply(from, request, numberOf(second, 999) || 200, text);
        break;
      }
      case 'ask': {
        const dialog = peers.dialogs.at(numberOf(second));
        if (dialog !== undefined) peers.ask(this.#party(first), dialog, third ?? 'INFO', text);
        break;
      }
      case 'call':
        peers.call(this.#party(first), text);
        break;
      case 'cancel':
        peers.cancel(this.#party(first), text);
        break;
      case 'mood':
        this.#party(first).mood = { status: numberOf(second, 999), changes: text };
        break;
      case 'zeal':
        this.#application.zeal = meant(first, zeals, zeals) ?? 'half';
        break;
      case 'tell':
        this.#tell(words);
        break;
    }
  }

  #party(word: string | undefined): Party {
    return this.#peers.named(meant(word, partyNames, partyNames) ?? 'hop');
  }

  /** Where a party is; `connected`: by a connection. */
  #address(word: string | undefined, connected: boolean): Address {
    const party = this.#party(word);
    if (!connected || party.address.protocol !== 'udp') return party.address;
    return this.#peers.named(party.isStranger ? 'intruder' : party.listed ? 'stream' : 'inbound').address;
  }

  #receive(party: Party, text: string): void {
    this.#received.unshift({ party, text });
    if (this.#received.length > 32) this.#received.pop();
    this.#ground.receive(party.address, text);
  }

  #tell([name, first, second, ...flags]: readonly string[]): void {
    const application = this.#application;
    const id = (): number => application.newId();
    const dialog = nth(application.dialogs, first);
    const words = [first, second, ...flags];
    const content = words.includes('body') ? session : words.includes('other') ? otherSession : nothing;
    switch (name) {
      case 'invite':
        this.#invite(words);
        break;
      case 'cancel':
        this.#command({ name: 'cancel', id: nth(application.invites, first) ?? 0 });
        break;
      case 'abandon':
        this.#command({ name: 'abandon', id: Math.max(0, application.outcomes.size - numberOf(first)) });
        break;
      case 'answer-offer':
        this.#command({
          name: 'answer-offer',
          offer: nth(application.offers, first) ?? 0,
          content: words.includes('none') ? undefined : session,
        });
        break;
      case 'ring': {
        const status = 101 + (numberOf(second) % 99);
        const reliable = words.includes('reliable');
        this.#command({ name: 'ring', call: nth(application.calls, first) ?? 0, status, content, reliable });
        break;
      }
      case 'answer':
        this.#command({ name: 'answer', id: id(), call: nth(application.calls, first) ?? 0, content: session });
        break;
      case 'refuse': {
        const status = 300 + (numberOf(second) % 400);
        this.#command({ name: 'refuse', call: nth(application.calls, first) ?? 0, status, content: nothing });
        break;
      }
      case 'respond': {
        const status = 200 + (numberOf(second) % 500);
        this.#command({ name: 'respond', request: nth(application.requests, first) ?? 0, status, content });
        break;
      }
      case 'registration': {
        const refreshed = words.includes('ok');
        const contact = words.includes('elsewhere') ? 'sip:10.0.0.1:5066' : undefined;
        application.healsAll ||= refreshed;
        this.#command({ name: 'registration', refresh: nth(application.refreshes, first) ?? 0, refreshed, contact });
        break;
      }
      case 'hops':
        this.#command({ name: 'hops', hops: listedOf(this.#peers.parties).filter((_, at) => words[at] !== 'none') });
        break;
      case 'heal-all':
        application.healsAll = true;
        this.#command({ name: 'heal-all' });
        break;
      case 'counts':
      case 'memory':
        this.#command({ name, id: id() });
        break;
      case 'drain':
        this.drained = true;
        this.#command({ name: 'drain', id: id() });
        break;
      case 'adopt': {
        const record = nth(application.records, first);
        if (record !== undefined) this.#command({ name: 'adopt', id: id(), record });
        break;
      }
      default:
        if (dialog !== undefined) this.#tellOfDialog(name, dialog, words);
    }
  }

  #tellOfDialog(name: string | undefined, dialog: DialogId, words: readonly (string | undefined)[]): void {
    const id = (): number => this.#application.newId();
    const content = words.includes('body') ? session : words.includes('other') ? otherSession : nothing;
    switch (name) {
      case 'request': {
        const method = meant(words[1], methods, methods) ?? 'INFO';
        const confirm = words.includes('confirm');
        this.#command({ name: 'request', id: id(), dialog, method, content, confirm });
        break;
      }
      case 'bye':
      case 'heal':
      case 'route-status':
        this.#command({ name, id: id(), dialog });
        break;
      case 'export':
      case 'release':
        this.#command({ name: 'export', id: id(), dialog, release: name === 'release' });
        break;
      case 'relate':
        this.#command({ name: 'relate', dialog, group: words[1] ?? 'g' });
        break;
      case 'media':
        this.#command({ name: 'media', dialog, alive: words.includes('alive') });
        break;
    }
  }

  #invite(words: readonly (string | undefined)[]): void {
    const id = this.#application.newId();
    this.#application.invites.push(id);
    this.#command({
      name: 'invite',
      id,
      target: words.includes('secure') ? 'sips:bob@10.0.0.2' : 'sip:bob@10.0.0.2',
      from: undefined,
      content: words.includes('bodyless') ? nothing : session,
      takesForks: words.includes('forks'),
      answersOffers: words.includes('offers'),
      expiresS: words.includes('expires') ? 2 : undefined,
    });
  }

  #command(command: Command): void {
    this.#ground.put({ kind: 'command', command });
    this.#ground.settle();
  }
}

/** The newest but so many. */
function nth<T>(items: readonly T[], word: string | undefined): T | undefined {
  return items.at(-1 - (numberOf(word) % Math.max(1, items.length)));
}
