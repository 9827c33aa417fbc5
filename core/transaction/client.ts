import type { FlowId, MemoryUse, RandomSource } from '../contract.ts';
import { UsageError } from '../errors.ts';
import { isChallenge } from '../message/challenge.ts';
import { Message } from '../message/message.ts';
import { Writer } from '../message/write.ts';
import type { SipTimers } from '../time/sip-timers.ts';
import type { Wheel } from '../time/wheel.ts';
import { writeAck } from './ack.ts';
import { Branches, idOfBranch } from './branch.ts';
import { writeCancel } from './cancel.ts';
import type { ClientState, ClientTransaction, ClientUser } from './client-transaction.ts';
import { FlowLists } from './flow-lists.ts';
import {
  type InviteClientAction,
  type InviteClientEvent,
  type InviteClientState,
  type InviteClientTimer,
  inviteClient,
} from './invite-client.ts';
import { Machine } from './machine.ts';
import {
  type NonInviteClientEvent,
  type NonInviteClientState,
  type NonInviteClientTimer,
  nonInviteClient,
} from './non-invite-client.ts';
import { Pool } from './pool.ts';
import { Runs } from './runs.ts';
import { Shelf } from './shelf.ts';

export interface ClientDeps {
  readonly wheel: Wheel;
  readonly timers: SipTimers;
  /** 0 to 1,023: goes into each branch, so that any shard can tell whose response it reads. */
  readonly shard: number;
  readonly random: RandomSource;
  /** Never calls back; `bytes` is not written to afterwards. */
  readonly send: (flow: FlowId, bytes: Uint8Array) => void;
  /** Most transactions at once, finished ones that still absorb included; below 2^20. */
  readonly capacity: number;
}

/** What a transaction still needs of what it sent: the request, or the ACK of its final response. */
type Holding = 'nothing' | 'request' | 'ack';

/** Where a transaction's object finds what is kept off the heap. */
interface Home {
  state(tx: Client): ClientState;
  branch(tx: Client): string;
  writeBranch(tx: Client, writer: Writer): void;
  ack(tx: Client): Uint8Array | undefined;
  keepAck(tx: Client, bytes: Uint8Array | undefined): void;
}

/** Reused for one transaction after another at the same index. */
class Client implements ClientTransaction {
  readonly index: number;
  readonly #home: Home;
  id = 0;
  method = '';
  flow = 0 as FlowId;
  reliable = false;
  user: ClientUser = ignoring;
  owner = 0;
  mark = 0;
  ownFlowOnly = false;
  attempt = 0;
  stage: 'begun' | 'started' | 'over' = 'over';
  holding: Holding = 'nothing';
  bytes: Uint8Array | undefined = undefined;
  /** Where it lies on the shelf, when not in `bytes`. */
  kept = 0;
  /** Of an INVITE: the CANCEL that shares its branch. Of a CANCEL: that INVITE. */
  partner: Client | undefined = undefined;

  constructor(index: number, home: Home) {
    this.index = index;
    this.#home = home;
  }

  get state(): ClientState {
    return this.#home.state(this);
  }

  get branch(): string {
    return this.#home.branch(this);
  }

  writeBranch(writer: Writer): void {
    this.#home.writeBranch(this, writer);
  }

  get ack(): Uint8Array | undefined {
    return this.#home.ack(this);
  }

  set ack(bytes: Uint8Array | undefined) {
    this.#home.keepAck(this, bytes);
  }
}

/**
 * The client transactions of one shard.
 *
 * A response finds its transaction by the id in its branch, so there is no map; the branch is compared octet for octet.
 *
 * @see RFC 3261 §17.1, RFC 6026 §7.2
 */
export class ClientTransactions {
  readonly #send: ClientDeps['send'];
  readonly #runs = new Runs();
  readonly #flows = new FlowLists();
  readonly #branches: Branches;
  readonly #pool: Pool;
  readonly #shelf = new Shelf(Number.POSITIVE_INFINITY);
  readonly #invite: Machine<InviteClientState, InviteClientTimer, InviteClientEvent, InviteClientAction>;
  readonly #nonInvite: Machine<NonInviteClientState, NonInviteClientTimer, NonInviteClientEvent, InviteClientAction>;
  readonly #txs: Client[] = [];
  readonly #home: Home = {
    state: (tx) => this.#state(tx),
    branch: (tx) => this.#branches.text(tx.index),
    writeBranch: (tx, writer) => this.#branches.write(tx.index, writer),
    ack: (tx) => (this.#state(tx) === 'accepted' ? this.#shelf.copy(tx.kept) : undefined),
    keepAck: (tx, bytes) => this.#keepAck(tx, bytes),
  };
  readonly #request = new Message();
  readonly #writer = new Writer();
  /** The response at hand. */
  #message: Message = this.#request;
  #challenged: Uint8Array | undefined = undefined;
  #cameByOwnFlow = true;
  /** INVITEs that have ended but whose CANCEL still answers to their branch. */
  #lingering = 0;

  constructor(deps: ClientDeps) {
    this.#send = deps.send;
    this.#branches = new Branches(deps.shard, deps.random);
    this.#pool = new Pool(deps.capacity, [this.#runs, this.#flows, this.#branches]);
    const host = {
      act: (index: number, action: InviteClientAction) => this.#act(this.#at(index), action),
      end: (index: number) => this.#end(this.#at(index)),
    };
    const machineDeps = { runs: this.#runs, wheel: deps.wheel, sip: deps.timers, host };
    this.#invite = new Machine(inviteClient, machineDeps);
    this.#nonInvite = new Machine(nonInviteClient, machineDeps);
  }

  /** Transactions that have not ended. */
  get count(): number {
    return this.#pool.count - this.#lingering;
  }

  /** What they take off the heap. */
  get memory(): MemoryUse {
    return this.#pool.memory(this.#shelf);
  }

  /**
   * Makes a transaction and its branch; nothing is sent before `start`. Undefined at capacity.
   *
   * `sameBranchAs` is for CANCEL and names the INVITE, which must be `proceeding` (§9.1: no CANCEL before a provisional
   * response, nor a second one); undefined, too, when it is not. Starting the CANCEL gives the INVITE 64*T1 to end.
   */
  begin(
    method: string,
    flow: FlowId,
    reliable: boolean,
    user: ClientUser,
    owner: number,
    options?: { readonly sameBranchAs: ClientTransaction },
  ): ClientTransaction | undefined {
    const invite = options === undefined ? undefined : this.#own(options.sameBranchAs);
    if (options !== undefined && !this.#canCancel(invite)) return undefined;
    const index = this.#pool.take();
    if (index === 0) return undefined;
    const tx = this.#txs[index] ?? this.#make(index);
    tx.id = this.#pool.id(index);
    tx.method = method;
    tx.flow = flow;
    tx.reliable = reliable;
    tx.user = user;
    tx.owner = owner;
    tx.mark = 0;
    tx.ownFlowOnly = false;
    tx.attempt = 0;
    tx.stage = 'begun';
    this.#flows.add(index, flow);
    if (invite === undefined) {
      this.#branches.make(index, tx.id);
    } else {
      this.#branches.share(invite.index, index);
      tx.partner = invite;
      invite.partner = tx;
    }
    return tx;
  }

  #canCancel(invite: Client | undefined): boolean {
    return invite !== undefined && invite.partner === undefined && this.#state(invite) === 'proceeding';
  }

  #make(index: number): Client {
    const tx = new Client(index, this.#home);
    // Indexes are given out in order, so the array stays dense.
    while (this.#txs.length <= index) this.#txs.push(tx);
    this.#txs[index] = tx;
    return tx;
  }

  /** Sends the request for the first time. `bytes` is kept, not copied, and must never change. */
  start(tx: ClientTransaction, bytes: Uint8Array): void {
    const own = this.#own(tx);
    if (own?.stage !== 'begun') throw new UsageError('a client transaction is started once, after begin');
    own.stage = 'started';
    own.bytes = bytes;
    own.holding = 'request';
    if (own.method === 'INVITE') this.#invite.begin(own.index, own.reliable);
    else this.#nonInvite.begin(own.index, own.reliable);
    this.#send(own.flow, bytes);
    if (own.partner !== undefined) this.#invite.handle(own.partner.index, 'cancel');
  }

  /**
   * Gives a response, scanned without a refusal, to its transaction: the one of its branch and CSeq method (§17.1.3). A
   * stray one is to be dropped (RFC 6026 §7.2).
   *
   * The transaction may have ended by now, and its object may serve another one already: its `id` tells.
   */
  receive(message: Message, flow?: FlowId): ClientTransaction | 'stray' {
    const { start, end } = message.via.branch;
    const index = this.#pool.indexOf(idOfBranch(message.bytes, start, end));
    if (index === 0 || !this.#branches.matches(index, message.bytes, start)) return 'stray';
    let tx: Client | undefined = this.#at(index);
    const method = message.cseq.method;
    if (tx.method !== method) tx = method === 'CANCEL' ? tx.partner : undefined;
    if (tx?.stage !== 'started' || (tx.ownFlowOnly && flow !== tx.flow)) return 'stray';
    this.#message = message;
    this.#cameByOwnFlow = flow === undefined || flow === tx.flow;
    if (isChallenge(message) && tx.holding === 'request') this.#challenged = tx.bytes ?? this.#shelf.copy(tx.kept);
    if (tx.method === 'INVITE') this.#invite.handle(tx.index, inviteEvent(message.status));
    else this.#nonInvite.handle(tx.index, message.status < 200 ? '1xx' : '2xx-6xx');
    this.#challenged = undefined;
    return tx;
  }

  /** Whether the response at hand came by the flow of its request. One that did not may be anybody's who has seen the branch. */
  get cameByOwnFlow(): boolean {
    return this.#cameByOwnFlow;
  }

  /** The request that the response at hand challenges: for its user, while it is told, to send it again with credentials. */
  get challenged(): Uint8Array | undefined {
    return this.#challenged;
  }

  /**
   * Sends the CANCEL of an INVITE, whose user hears what becomes of the call by the INVITE alone. False, and nothing is sent,
   * where §9.1 forbids it: before a provisional response, after a final one, or a second time; and at capacity.
   */
  cancel(invite: ClientTransaction): boolean {
    const own = this.#own(invite);
    if (own?.holding !== 'request' || !this.#canCancel(own)) return false;
    const request = own.bytes ?? this.#shelf.copy(own.kept);
    if (request === undefined || this.#request.scan(request) !== undefined) return false;
    const tx = this.begin('CANCEL', own.flow, own.reliable, ignoring, own.owner, { sameBranchAs: own });
    if (tx === undefined) return false;
    this.start(tx, writeCancel(this.#writer, this.#request));
    return true;
  }

  /** The transaction with that id, if it has not ended. */
  get(id: number): ClientTransaction | undefined {
    const index = this.#pool.indexOf(id);
    if (index === 0) return undefined;
    const tx = this.#at(index);
    return tx.stage === 'over' ? undefined : tx;
  }

  /** The request of a transaction that has had no final response. */
  request(tx: ClientTransaction): Uint8Array | undefined {
    const own = this.#own(tx);
    return own?.holding === 'request' ? (own.bytes ?? this.#shelf.copy(own.kept)) : undefined;
  }

  /** Ends it without a word: its user wants no more of it. Whatever still comes for it is stray. */
  forget(tx: ClientTransaction): void {
    const own = this.#own(tx);
    if (own !== undefined) this.#end(own);
  }

  /** Whether a transaction that has not ended uses this flow. */
  uses(flow: FlowId): boolean {
    return this.#flows.has(flow);
  }

  /** The flow is lost, or its hop has fallen silent: every transaction that waits on it fails at once, oldest first (§17.1.4). */
  failFlow(flow: FlowId, why: 'flow-lost' | 'hop-silent' = 'flow-lost'): void {
    const ids = this.#flows.on(flow).map((index) => this.#pool.id(index));
    for (const id of ids) {
      const index = this.#pool.indexOf(id);
      if (index === 0 || this.#at(index).stage !== 'started') continue;
      if (this.#at(index).method === 'INVITE') this.#invite.handle(index, why);
      else this.#nonInvite.handle(index, 'flow-lost');
    }
  }

  #state(tx: Client): ClientState {
    if (tx.stage === 'begun') return 'idle';
    return tx.method === 'INVITE' ? this.#invite.state(tx.index) : this.#nonInvite.state(tx.index);
  }

  #keepAck(tx: Client, bytes: Uint8Array | undefined): void {
    if (this.#state(tx) !== 'accepted') return;
    this.#hold(tx, 'nothing');
    if (bytes !== undefined) this.#shelve(tx, 'ack', bytes);
  }

  #act(tx: Client, action: InviteClientAction): void {
    switch (action) {
      case 'send-request':
        if (tx.bytes !== undefined) this.#send(tx.flow, tx.bytes);
        return;
      case 'send-ack':
        this.#sendAck(tx);
        return;
      case 'tell-response':
        this.#tellResponse(tx);
        return;
      case 'tell-timeout':
        tx.user.onFailure(tx, 'timeout');
        return;
      case 'tell-flow-lost':
        tx.user.onFailure(tx, 'flow-lost');
        return;
      case 'tell-hop-silent':
        tx.user.onFailure(tx, 'hop-silent');
        return;
    }
  }

  #tellResponse(tx: Client): void {
    if (tx.holding === 'request') {
      if (this.#message.status >= 200) this.#hold(tx, 'nothing');
      // It may ring for minutes, and its request is needed for an ACK only: off the writer's chunk.
      else if (tx.method === 'INVITE' && tx.bytes !== undefined) this.#shelve(tx, 'request', tx.bytes);
    }
    tx.user.onResponse(tx, this.#message);
  }

  #sendAck(tx: Client): void {
    if (tx.holding === 'request') {
      const request = tx.bytes ?? this.#shelf.copy(tx.kept);
      if (request === undefined || this.#request.scan(request) !== undefined) return;
      const ack = writeAck(this.#writer, this.#request, this.#message);
      this.#hold(tx, 'nothing');
      this.#shelve(tx, 'ack', ack);
      this.#send(tx.flow, ack);
      return;
    }
    const ack = this.#shelf.copy(tx.kept);
    if (ack !== undefined) this.#send(tx.flow, ack);
  }

  #shelve(tx: Client, holding: Holding, bytes: Uint8Array): void {
    this.#hold(tx, holding);
    tx.kept = this.#shelf.put(bytes);
  }

  #hold(tx: Client, holding: Holding): void {
    this.#shelf.drop(tx.kept);
    tx.kept = 0;
    tx.bytes = undefined;
    tx.holding = holding;
  }

  #end(tx: Client): void {
    const { index, partner } = tx;
    if (tx.method === 'INVITE') this.#invite.stop(index);
    else this.#nonInvite.stop(index);
    this.#flows.remove(index);
    this.#hold(tx, 'nothing');
    tx.user = ignoring;
    tx.stage = 'over';
    if (tx.method === 'INVITE' && partner !== undefined) {
      // The branch that the CANCEL shares leads through this index.
      this.#lingering++;
      return;
    }
    if (partner !== undefined) {
      tx.partner = undefined;
      partner.partner = undefined;
      if (partner.stage === 'over') {
        this.#lingering--;
        this.#pool.give(partner.index);
      }
    }
    this.#pool.give(index);
  }

  #own(tx: ClientTransaction): Client | undefined {
    const own = this.#txs[tx.index];
    return own === tx && own.stage !== 'over' ? own : undefined;
  }

  #at(index: number): Client {
    return this.#txs[index] as Client;
  }
}

const ignoring: ClientUser = { onResponse() {}, onFailure() {} };

function inviteEvent(status: number): InviteClientEvent {
  if (status < 200) return '1xx';
  return status < 300 ? '2xx' : '3xx-6xx';
}
