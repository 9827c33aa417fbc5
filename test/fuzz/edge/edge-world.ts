import type { Address, FlowId, Input, Output, Steppable } from '../../../core/contract.ts';
import type { EdgeCommand } from '../../../core/edge/command.ts';
import type { EdgeCounters } from '../../../core/edge/counters.ts';
import { Edge, type EdgeOptions } from '../../../core/edge/edge.ts';
import type { EdgeNews } from '../../../core/edge/event.ts';
import { quickRandom } from '../engine/settings.ts';
import { textOctets } from '../octets-text.ts';
import { check } from '../target.ts';
import { actOnFlows } from '../world/flow-actions.ts';
import { Ground, type GroundUser } from '../world/ground.ts';
import { changed, messageText, writtenText } from '../world/message-text.ts';
import { meant, numberOf, type Operation } from '../world/operations.ts';
import { readSent } from '../world/sent-message.ts';
import {
  defaultTarget,
  type EdgeParty,
  edgeClients,
  edgeLocals,
  edgeMoods,
  edgeParties,
  edgePartyNames,
} from './edge-parties.ts';
import { EdgePeers } from './edge-peers.ts';
import { ForwardingWatch } from './forwarding-watch.ts';

/** Steps that an input's own operations may take, and those that it may take to come to rest. */
const stepsMax = 2_000;
const restStepsMax = 1_000;
const restWithinMs = 60_000;

/** A request that goes round is found out, or out of hops, by then. */
const roundsMax = 80;

/** Words of a first operation `~with`, each of which changes what the edge is set up with. */
const changes: Readonly<Record<string, Partial<EdgeOptions>>> = {
  targetless: { defaultTarget: undefined },
  datagrams: { locals: edgeLocals.slice(0, 1) },
  streams: { locals: edgeLocals.slice(1, 2) },
  unreported: { reportsRefusals: false },
  closed: { clients: [] },
};

export const edgeSettingNames: readonly string[] = Object.keys(changes);

/** What of an edge there must be to be driven. */
export type EdgeLike = Pick<Edge, 'step' | 'counters'>;

/** An edge and all who talk through it: what one input runs in. */
export class EdgeWorld implements GroundUser<EdgeCommand, EdgeNews> {
  readonly #edge: EdgeLike;
  readonly #ground: Ground<EdgeCommand, EdgeNews>;
  readonly #peers: EdgePeers;
  readonly #watch: ForwardingWatch;
  readonly #received: { readonly party: EdgeParty; readonly text: string }[] = [];
  #counted = 0;
  #returned = 0;
  #sends = 0;
  /** Requests forwarded since the operation at hand began. */
  #rounds = 0;

  /** `operations` says what the edge is set up with. */
  constructor(
    operations: readonly Operation[],
    make: (options: EdgeOptions) => EdgeLike = (options) => new Edge(options),
  ) {
    const all = edgeParties();
    this.#peers = new EdgePeers(all, (party, text) => this.#send(party, text));
    this.#watch = new ForwardingWatch((address) => this.#peers.at(address)?.known !== true && isStrange(address, all));
    let options: EdgeOptions = {
      locals: edgeLocals,
      clients: edgeClients,
      defaultTarget: this.#peers.named(defaultTarget).address,
      random: quickRandom(),
      reportsRefusals: true,
    };
    for (const { name, words } of operations) {
      if (name !== 'with') break;
      for (const word of words) options = { ...options, ...changes[word] };
    }
    this.#edge = make(options);
    const driven: Steppable<EdgeCommand, EdgeNews> = this.#edge;
    this.#ground = new Ground(driven, this, stepsMax);
  }

  run(operations: readonly Operation[]): void {
    for (const operation of operations) {
      if (this.#ground.budget <= 0) return;
      this.#rounds = 0;
      this.#do(operation);
      this.#ground.settle();
    }
  }

  /** Everybody behaves from now on: nothing waits at the end, and all that came is accounted for. */
  rest(): void {
    const ground = this.#ground;
    this.#rounds = Number.NEGATIVE_INFINITY;
    ground.budget = restStepsMax;
    ground.opening = 'yes';
    this.#peers.calm();
    ground.answerAsked();
    ground.pass(restWithinMs);
    check(ground.isIdle, 'an edge comes to rest');
    const { forwardedRequests, forwardedResponses, shed, returned } = this.#edge.counters;
    const accounts = forwardedRequests + forwardedResponses + answersOf(this.#edge.counters);
    check(
      this.#sends + shed + returned === accounts,
      'what is forwarded or answered is sent, given back or shed',
      () => `${this.#sends} sent of ${JSON.stringify(this.#edge.counters)}`,
    );
  }

  arrives(text: string, from: Address): void {
    this.#watch.arrives(textOctets(text), from);
  }

  sent(bytes: Uint8Array, flow: FlowId, to: Address): void {
    const message = readSent(bytes, flow, false);
    this.#sends++;
    if (message.isRequest) this.#rounds++;
    check(this.#rounds <= roundsMax, 'a request that goes round comes to an end', () => message.text);
    this.#watch.sent(message, bytes, to);
    this.#peers.hear(message, to);
  }

  told(): void {}

  /** Each message that comes is counted once. */
  stepped(inputs: readonly Input<EdgeCommand>[], outputs: readonly Output<EdgeNews>[]): void {
    const { counters } = this.#edge;
    const counted = countsOf(counters);
    const came = inputs.filter(({ kind }) => kind === 'message' || kind === 'message-refused').length;
    const expected = this.#counted + came + counters.returned - this.#returned;
    check(
      counted === expected,
      'a message is counted once',
      () => `${counted} for ${expected}: ${JSON.stringify(counters)}`,
    );
    this.#counted = counted;
    this.#returned = counters.returned;
    const isOne = came === 1 && inputs.length === 1;
    this.#watch.stepped(isOne);
    if (!isOne) return;
    const sends = outputs.filter(({ kind }) => kind === 'send').length;
    check(sends <= 1, 'one message makes one message', () => `${sends}`);
  }

  #do(operation: Operation): void {
    const ground = this.#ground;
    if (actOnFlows(ground, operation, (word, connected) => this.#address(word, connected))) return;
    const { name, words, text } = operation;
    const [first, second, third] = words;
    const peers = this.#peers;
    switch (name) {
      case '':
      case 'from':
        this.#receive(this.#party(first), this.#filled(text));
        break;
      case 'again': {
        const old = nth(this.#received, second);
        if (old !== undefined) this.#receive(this.#party(first), old.text);
        break;
      }
      case 'echo': {
        const sent = nth(peers.sent, second);
        if (sent === undefined) break;
        this.#receive(this.#party(first), writtenText(changed(messageText(sent.text), this.#filled(text))));
        break;
      }
      case 'call':
        peers.call(this.#party(first), this.#party(second), third ?? 'INVITE', this.#filled(text));
        break;
      case 'ask': {
        const dialog = nth(peers.dialogs, second);
        if (dialog !== undefined) peers.ask(this.#party(first), dialog, third ?? 'INFO', this.#filled(text));
        break;
      }
      case 'reply': {
        const request = nth(peers.requests, third);
        const to = request && ground.flows.remote(request.flow);
        const party = first === 'same' ? to && peers.at(to) : this.#party(first);
        if (request === undefined || party === undefined) break;
        peers.reply(party, request, numberOf(second, 999) || 200, this.#filled(text));
        break;
      }
      case 'mood':
        this.#party(first).mood = meant(second, edgeMoods, edgeMoods) ?? 'good';
        break;
      case 'tell':
        this.#tell(first, second);
        break;
    }
  }

  #tell(name: string | undefined, word: string | undefined): void {
    const { host } = this.#party(word).address;
    const client = host.includes(':') ? `[${host}]` : host;
    let command: EdgeCommand | undefined;
    if (name === 'lose-memory') command = { name };
    else if (name === 'clients') command = { name, clients: word === 'none' ? [] : edgeClients };
    else if (name === 'lose-flow' || name === 'lose-registration' || name === 'restore-registration')
      command = { name, client };
    if (command !== undefined) this.#ground.put({ kind: 'command', command });
  }

  /** `{r}` is the newest dialog's route, `{c}` its Call-ID, `{b}` the branch of the newest request that was forwarded. */
  #filled(text: string): string {
    if (!text.includes('{')) return text;
    const [dialog] = this.#peers.dialogs;
    return text
      .replaceAll('{r}', dialog?.recorded[0] ?? '<sip:10.0.0.1;lr>')
      .replaceAll('{c}', dialog?.callId ?? '')
      .replaceAll('{b}', this.#peers.requests[0]?.branch ?? '');
  }

  #party(word: string | undefined): EdgeParty {
    return this.#peers.named(meant(word, edgePartyNames, edgePartyNames) ?? 'alice');
  }

  #address(word: string | undefined, connected: boolean): Address {
    const party = this.#party(word);
    if (!connected || party.address.protocol !== 'udp') return party.address;
    return this.#peers.named(party.known ? 'carol' : 'intruder').address;
  }

  #receive(party: EdgeParty, text: string): void {
    this.#remember(party, text);
    this.#ground.receive(party.address, text);
  }

  #send(party: EdgeParty, text: string): void {
    this.#remember(party, text);
    this.#ground.putMessage(party.address, text);
  }

  #remember(party: EdgeParty, text: string): void {
    this.#received.unshift({ party, text });
    if (this.#received.length > 32) this.#received.pop();
  }
}

/** Strangers are on no list, whoever changes it. */
function isStrange({ host }: Address, all: readonly EdgeParty[]): boolean {
  return !all.some(({ address, known }) => known && address.host === host);
}

function nth<T>(items: readonly T[], word: string | undefined): T | undefined {
  return items[numberOf(word) % Math.max(1, items.length)];
}

function answersOf(counters: Readonly<EdgeCounters>): number {
  return sumOf(counters, /^(?:answered|refused)/);
}

function countsOf(counters: Readonly<EdgeCounters>): number {
  return sumOf(counters, /^(?:answered|refused|forwarded|dropped)/);
}

function sumOf(counters: Readonly<EdgeCounters>, names: RegExp): number {
  let sum = 0;
  for (const [name, count] of Object.entries(counters)) if (names.test(name)) sum += count;
  return sum;
}
