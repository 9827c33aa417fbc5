import type { FlowId, MemoryUse, RandomSource } from '../contract.ts';
import type { Message } from '../message/message.ts';
import type { SipTimers } from '../time/sip-timers.ts';
import type { Wheel } from '../time/wheel.ts';
import { type Accepted2xxEvent, type Accepted2xxState, type Accepted2xxTimer, accepted2xx } from './accepted-2xx.ts';
import { FinishedList } from './finished-list.ts';
import { FlowLists } from './flow-lists.ts';
import {
  type InviteServerAction,
  type InviteServerEvent,
  type InviteServerState,
  type InviteServerTimer,
  inviteServer,
} from './invite-server.ts';
import { KeyTable } from './key-table.ts';
import { Machine } from './machine.ts';
import { MatchKey } from './match.ts';
import {
  type NonInviteServerEvent,
  type NonInviteServerState,
  type NonInviteServerTimer,
  nonInviteServer,
} from './non-invite-server.ts';
import { Origins } from './origins.ts';
import { Pool } from './pool.ts';
import { Runs } from './runs.ts';
import { ServerRecords } from './server-records.ts';
import type { ServerState, ServerTransaction, ServerUser } from './server-transaction.ts';
import { Shelf } from './shelf.ts';

/** What a request amounted to. Shared objects: read at once. */
export type Received =
  /** Not seen before: for the TU, which answers with `respond`, now or later (then with `pend` now). */
  | { readonly kind: 'new'; readonly tx: ServerTransaction }
  /**
   * New, but a copy of one that is known came before it, by another path: the TU answers it 482, unless the other's way back is
   * dead. @see RFC 3261 §8.2.2.2
   */
  | {
      readonly kind: 'merged';
      readonly tx: ServerTransaction;
      /** Id of the other, and the flow that it came by; false, when that is lost. */
      readonly otherId: number;
      readonly otherFlow: FlowId;
      readonly otherReachable: boolean;
    }
  /** A retransmission, or the ACK of a 3xx–6xx: dealt with here. */
  | { readonly kind: 'absorbed' }
  /** An ACK for a 2xx, or one that belongs to nothing: for the dialogs; no transaction. */
  | { readonly kind: 'ack-for-2xx' }
  /** New, but there is no room, and nothing that may be forgotten: to be answered 503 without state. */
  | { readonly kind: 'full' };

export interface ServerDeps {
  readonly wheel: Wheel;
  readonly timers: SipTimers;
  /** Keys the hash of the table, so that a peer cannot aim at one bucket. */
  readonly random: RandomSource;
  /** Never calls back; `bytes` is not written to afterwards. */
  readonly send: (flow: FlowId, bytes: Uint8Array) => void;
  /** Most transactions at once, finished ones that still absorb included; below 2^20. */
  readonly capacity: number;
  /** A finished transaction was forgotten before its time. */
  readonly forgotten?: () => void;
}

/** Reused for one transaction after another. */
class Server implements ServerTransaction {
  readonly #stateOf: (tx: Server) => ServerState;
  id = 0;
  index = 0;
  method = '';
  flow = 0 as FlowId;
  reliable = false;
  reachable = true;
  user: ServerUser = ignoring;
  owner = 0;
  mark = 0;

  constructor(stateOf: (tx: Server) => ServerState) {
    this.#stateOf = stateOf;
  }

  get state(): ServerState {
    return this.#stateOf(this);
  }
}

/**
 * The server transactions of one shard.
 *
 * A transaction is a record of numbers in columns, with its key and its last response on a shelf. Beside that it has an
 * object only while its TU may act on it: what has been answered and merely absorbs costs no heap.
 *
 * When there is no room for a new one, the oldest that has answered a request other than INVITE is forgotten, although its Timer J still runs: one
 * peer with ever new requests would else have everybody else's refused.
 *
 * An INVITE that was answered 2xx is two machines: its transaction in Accepted, and the core's retransmission of the 2xx.
 * The second is started first, so that at 64*T1 it tells its failure before Timer L ends the transaction.
 *
 * @see RFC 3261 §17.2, RFC 6026 §7.1, RFC 4320 §4
 */
export class ServerTransactions {
  readonly #send: ServerDeps['send'];
  readonly #runs = new Runs();
  readonly #accepted = new Runs();
  readonly #flows = new FlowLists();
  /** Those that have answered a request other than INVITE. */
  readonly #finished = new FinishedList();
  readonly #shelf: Shelf;
  readonly #records: ServerRecords;
  readonly #table: KeyTable;
  readonly #pool: Pool;
  readonly #key = new MatchKey();
  readonly #origins: Origins;
  readonly #capacity: number;
  readonly #forgotten: () => void;
  readonly #invite: Machine<InviteServerState, InviteServerTimer, InviteServerEvent, InviteServerAction>;
  readonly #nonInvite: Machine<NonInviteServerState, NonInviteServerTimer, NonInviteServerEvent, InviteServerAction>;
  readonly #accepted2xx: Machine<Accepted2xxState, Accepted2xxTimer, Accepted2xxEvent, InviteServerAction>;
  /** By index; none once the TU has nothing more to do with it. */
  readonly #txs: (Server | undefined)[] = [];
  readonly #spare: Server[] = [];
  readonly #state = (tx: Server): ServerState => this.#stateOf(tx);
  readonly #fresh: { kind: 'new'; tx: ServerTransaction } = { kind: 'new', tx: new Server(this.#state) };
  /** What the call at hand is about: the ACK, the flow that a retransmission came by, what the TU passes down. */
  #message: Message | undefined = undefined;
  #arrival: FlowId | undefined = undefined;
  #outgoing: Uint8Array | undefined = undefined;
  #ackPassed = false;

  constructor(deps: ServerDeps) {
    this.#send = deps.send;
    this.#capacity = deps.capacity;
    this.#forgotten = deps.forgotten ?? (() => undefined);
    const shelf = new Shelf(deps.capacity * keptPerTransaction);
    this.#shelf = shelf;
    this.#records = new ServerRecords(shelf);
    this.#table = new KeyTable(deps.random, shelf);
    this.#origins = new Origins(deps.random, shelf);
    const columns = [
      this.#runs,
      this.#accepted,
      this.#flows,
      this.#finished,
      this.#records,
      this.#table,
      this.#origins,
    ];
    this.#pool = new Pool(deps.capacity, columns);
    const act = (index: number, action: InviteServerAction) => this.#act(index, action);
    const host = { act, end: (index: number) => this.#end(index) };
    const shared = { wheel: deps.wheel, sip: deps.timers };
    this.#invite = new Machine(inviteServer, { ...shared, runs: this.#runs, host });
    this.#nonInvite = new Machine(nonInviteServer, { ...shared, runs: this.#runs, host });
    this.#accepted2xx = new Machine(accepted2xx, { ...shared, runs: this.#accepted, host: { act, end() {} } });
  }

  /** Transactions that have not ended, finished ones that still absorb included. */
  get count(): number {
    return this.#pool.count;
  }

  /** The part of the capacity that is in use by what cannot be forgotten: 1 when there is no room for any more. */
  get fill(): number {
    return (this.#pool.count - this.#finished.count) / this.#capacity;
  }

  /** What they take off the heap. Those that their users may still act on have an object each beside. */
  get memory(): MemoryUse {
    return this.#pool.memory(this.#shelf);
  }

  /**
   * Takes a request that was scanned without a refusal: matches it to its transaction (§17.2.3, by RFC 2543's rules where the
   * branch lacks the magic cookie), answers it when it is a retransmission, or makes a new transaction.
   */
  receive(message: Message, flow: FlowId, reliable: boolean): Received {
    const isAck = message.method === 'ACK';
    const method = isAck ? 'INVITE' : message.method;
    const key = this.#key;
    if (!key.write(message, method)) return isAck ? ackFor2xx : full;
    const hash = this.#table.hash(key.bytes, key.length);
    const index = this.#table.find(hash, key.bytes, key.length);
    if (index !== 0) return isAck ? this.#receiveAck(index, message) : this.#receiveAgain(index, flow);
    if (isAck) return ackFor2xx;
    if (!this.#create(hash, method, flow, reliable)) return full;
    const { tx } = this.#fresh;
    const other = this.#origins.enter(tx.index, message, method);
    if (other === 0) return this.#fresh;
    return {
      kind: 'merged',
      tx,
      otherId: this.#pool.id(other),
      otherFlow: this.#flows.flow(other),
      otherReachable: this.#records.isReachable(other),
    };
  }

  /** The copy takes the place of the one that came before it: whatever comes next is a copy of this one. */
  supersede(otherId: number, tx: ServerTransaction, message: Message): void {
    const other = this.#pool.indexOf(otherId);
    if (other !== 0) this.#origins.leave(other);
    this.#origins.enter(tx.index, message, tx.method);
  }

  #receiveAck(index: number, message: Message): Received {
    this.#message = message;
    this.#ackPassed = false;
    const id = this.#pool.id(index);
    this.#invite.handle(index, 'ACK');
    this.#message = undefined;
    if (this.#ackPassed) return ackFor2xx;
    if (this.#pool.indexOf(id) !== 0 && this.#invite.state(index) === 'confirmed') this.#let(index);
    return absorbed;
  }

  #receiveAgain(index: number, flow: FlowId): Received {
    // A client that lost its flow, too, asks by another: so there is a way back.
    if (!this.#records.isReachable(index)) this.#move(index, flow);
    this.#arrival = flow;
    if (this.#records.isInvite(index)) this.#invite.handle(index, 'request');
    else this.#nonInvite.handle(index, 'request');
    this.#arrival = undefined;
    return absorbed;
  }

  #create(hash: number, method: string, flow: FlowId, reliable: boolean): boolean {
    const index = this.#enter(hash) || (this.#forgetOldest() ? this.#enter(hash) : 0);
    if (index === 0) return false;
    const isInvite = method === 'INVITE';
    this.#records.begin(index, isInvite);
    this.#flows.add(index, flow);
    const tx = this.#spare.pop() ?? new Server(this.#state);
    tx.id = this.#pool.id(index);
    tx.index = index;
    tx.method = method;
    tx.flow = flow;
    tx.reliable = reliable;
    tx.reachable = true;
    tx.owner = 0;
    tx.mark = 0;
    while (this.#txs.length <= index) this.#txs.push(undefined);
    this.#txs[index] = tx;
    this.#fresh.tx = tx;
    if (isInvite) this.#invite.begin(index, reliable);
    else this.#nonInvite.begin(index, reliable);
    return true;
  }

  /** An index with the key at hand; 0 without room for either. */
  #enter(hash: number): number {
    const index = this.#pool.take();
    const { bytes, length } = this.#key;
    if (index === 0 || this.#table.add(index, hash, bytes, length)) return index;
    this.#pool.give(index);
    return 0;
  }

  /** A repetition of its request will be new. False when there is none to forget. */
  #forgetOldest(): boolean {
    const { oldest } = this.#finished;
    if (oldest === 0) return false;
    this.#end(oldest);
    this.#forgotten();
    return true;
  }

  /**
   * Says that the TU will answer later, and gives the 100 (Trying) to send should that last: after 200 ms for INVITE (§17.2.1),
   * for others when a client's Timer E reaches T2 (RFC 4320 §4.1). Without it no 100 is sent. `trying` is copied.
   */
  pend(tx: ServerTransaction, trying: Uint8Array): void {
    const own = this.#own(tx);
    if (own?.state === 'trying') this.#records.keep(own.index, trying);
  }

  /**
   * Passes the TU's response to the transaction; `bytes` must never change. A 2xx to INVITE is sent again until `acknowledge`
   * (§13.3.1.4).
   *
   * True when it was sent. False when the flow is lost (it is kept for retransmissions), and when the state allows no such
   * response: after a final one; to a non-INVITE any 1xx, whose 100 is given to `pend`, and 408, which completes the transaction
   * without a response (RFC 4320 §4).
   */
  respond(tx: ServerTransaction, status: number, bytes: Uint8Array): boolean {
    const own = this.#own(tx);
    if (own === undefined) return false;
    return own.method === 'INVITE' ? this.#respondInvite(own, status, bytes) : this.#respondOther(own, status, bytes);
  }

  #respondInvite(tx: Server, status: number, bytes: Uint8Array): boolean {
    const { index, reachable } = tx;
    if (status === 503) this.#origins.leave(index);
    const event = status < 200 ? '1xx' : status < 300 ? '2xx' : '3xx-6xx';
    if (!this.#invite.takes(index, event)) return false;
    if (event === '2xx') this.#accepted2xx.begin(index, tx.reliable);
    this.#records.keep(index, bytes);
    this.#outgoing = bytes;
    this.#invite.handle(index, event);
    this.#outgoing = undefined;
    return reachable;
  }

  #respondOther(tx: Server, status: number, bytes: Uint8Array): boolean {
    const { index, reachable, reliable } = tx;
    if (status === 503) this.#origins.leave(index);
    const event = status === 408 ? '408' : '2xx-6xx';
    if (status < 200 || !this.#nonInvite.takes(index, event)) return false;
    // Over a reliable transport the final response ends it, for its Timer J is zero.
    this.#records.keep(index, event === '408' || reliable ? undefined : bytes);
    this.#outgoing = bytes;
    const { id } = tx;
    this.#nonInvite.handle(index, event);
    this.#outgoing = undefined;
    if (this.#pool.indexOf(id) !== 0 && this.#nonInvite.state(index) === 'completed') {
      this.#let(index);
      this.#finished.add(index);
    }
    return reachable && event !== '408';
  }

  /** The ACK for its 2xx came: the 2xx is not sent again. Nothing in any other state. */
  acknowledge(tx: ServerTransaction): void {
    const own = this.#own(tx);
    if (own?.state !== 'accepted') return;
    this.#accepted2xx.handle(own.index, 'ACK');
    this.#let(own.index);
  }

  /** The INVITE that a CANCEL is for: still pending, answered (the CANCEL has no effect, §9.2), or none (481). */
  findInvite(cancel: Message): ServerTransaction | 'answered' | 'none' {
    const key = this.#key;
    if (!key.write(cancel, 'INVITE')) return 'none';
    const index = this.#table.find(this.#table.hash(key.bytes, key.length), key.bytes, key.length);
    if (index === 0) return 'none';
    const tx = this.#txs[index];
    return tx !== undefined && (tx.state === 'trying' || tx.state === 'proceeding') ? tx : 'answered';
  }

  /** The transaction with that id, if its TU may still act on it. */
  get(id: number): ServerTransaction | undefined {
    const index = this.#pool.indexOf(id);
    return index === 0 ? undefined : this.#txs[index];
  }

  /** Its responses go by another flow from now on; the last one is not sent again by itself. */
  move(tx: ServerTransaction, flow: FlowId): void {
    const own = this.#own(tx);
    if (own !== undefined) this.#move(own.index, flow);
  }

  /** Ends it at once without a word: a retransmission of its request will be new. */
  forget(tx: ServerTransaction): void {
    const own = this.#own(tx);
    if (own !== undefined) this.#end(own.index);
  }

  /** Whether a transaction that has not ended uses this flow. */
  uses(flow: FlowId): boolean {
    return this.#flows.has(flow);
  }

  /**
   * The flow is lost. Its transactions stay (RFC 6026 §7.1) and send nothing until they are moved, or their request comes
   * again by another flow; users that are not done with theirs are told, oldest first.
   */
  failFlow(flow: FlowId): void {
    const ids = this.#flows.on(flow).map((index) => this.#pool.id(index));
    for (const id of ids) {
      const index = this.#pool.indexOf(id);
      if (index === 0 || this.#flows.flow(index) !== flow) continue;
      this.#records.setReachable(index, false);
      const tx = this.#txs[index];
      if (tx === undefined) continue;
      tx.reachable = false;
      if (this.#records.isInvite(index)) this.#invite.handle(index, 'flow-lost');
      else this.#nonInvite.handle(index, 'flow-lost');
    }
  }

  #act(index: number, action: InviteServerAction): void {
    const tx = this.#txs[index];
    switch (action) {
      case 'send-response':
        this.#sendResponse(index);
        return;
      case 'pass-ack':
        this.#ackPassed = true;
        return;
      case 'tell-ack':
        if (tx !== undefined && this.#message !== undefined) tx.user.onAck(tx, this.#message);
        return;
      case 'tell-timeout':
        tx?.user.onFailure(tx, 'timeout');
        return;
      case 'tell-flow-lost':
        tx?.user.onFlowLost(tx);
        return;
    }
  }

  #sendResponse(index: number): void {
    if (!this.#records.isReachable(index)) return;
    const bytes = this.#outgoing ?? this.#records.kept(index);
    if (bytes !== undefined) this.#send(this.#arrival ?? this.#flows.flow(index), bytes);
  }

  #move(index: number, flow: FlowId): void {
    this.#flows.remove(index);
    this.#flows.add(index, flow);
    this.#records.setReachable(index, true);
    const tx = this.#txs[index];
    if (tx === undefined) return;
    tx.flow = flow;
    tx.reachable = true;
  }

  /** Lets go of the object: from now on the transaction only absorbs. */
  #let(index: number): void {
    const tx = this.#txs[index];
    if (tx === undefined) return;
    if (this.#records.isInvite(index)) this.#records.keep(index, undefined);
    this.#txs[index] = undefined;
    tx.user = ignoring;
    this.#spare.push(tx);
  }

  #end(index: number): void {
    if (this.#records.isInvite(index)) {
      this.#invite.stop(index);
      this.#accepted2xx.stop(index);
    } else {
      this.#nonInvite.stop(index);
    }
    this.#let(index);
    this.#records.keep(index, undefined);
    this.#flows.remove(index);
    this.#finished.remove(index);
    this.#table.remove(index);
    this.#origins.leave(index);
    this.#pool.give(index);
  }

  #stateOf(tx: Server): ServerState {
    if (this.#txs[tx.index] !== tx) return 'terminated';
    return tx.method === 'INVITE' ? this.#invite.state(tx.index) : this.#nonInvite.state(tx.index);
  }

  #own(tx: ServerTransaction): Server | undefined {
    const own = this.#txs[tx.index];
    return own === tx ? own : undefined;
  }
}

/** Octets of key and response that a transaction may keep on the average: generous for a message that a datagram carries. */
const keptPerTransaction = 2_048;

const ignoring: ServerUser = { onAck() {}, onFailure() {}, onFlowLost() {} };
const absorbed: Received = { kind: 'absorbed' };
const ackFor2xx: Received = { kind: 'ack-for-2xx' };
const full: Received = { kind: 'full' };
