import type { Address, FlowId, Input, Outlet, Output, RandomSource, Step, Steppable } from '../contract.ts';
import { Acks } from '../dialog/ack.ts';
import { SessionTimers } from '../dialog/session-timer.ts';
import { type DialogIndex, DialogState, DialogTable } from '../dialog/table.ts';
import { Message, type Refusal } from '../message/message.ts';
import { beginResponse, endMessage, Writer } from '../message/write.ts';
import type { RecoveryMode } from '../recovery/classify.ts';
import { Healer, type RouteSetPolicy } from '../recovery/healer.ts';
import { Hops, type ListedHop } from '../recovery/hops.ts';
import { sipTimers } from '../time/sip-timers.ts';
import { Wheel } from '../time/wheel.ts';
import { ClientTransactions } from '../transaction/client.ts';
import { ServerTransactions } from '../transaction/server.ts';
import { Answers } from './answers.ts';
import { Byes } from './byes.ts';
import type { Command } from './command.ts';
import { DialogMaker } from './dialog-maker.ts';
import type { EndReason, EngineCounts, EngineEvent } from './event.ts';
import { cameByAnotherFlow, InDialog } from './in-dialog.ts';
import { IncomingCalls } from './incoming-calls.ts';
import { OutOfDialog } from './out-of-dialog.ts';
import { OutgoingCalls } from './outgoing-calls.ts';
import type { Parts } from './parts.ts';
import { RandomPool } from './random-pool.ts';
import { Refreshes } from './refreshes.ts';
import { bodyOf, Reporter } from './reporter.ts';
import { Requests } from './requests.ts';
import { Responder } from './responder.ts';

/** What an engine is set up with. */
export interface EngineOptions {
  /** Number of the shard, 0–31. */
  readonly shard: number;
  /** Where we are reached; one for each protocol. */
  readonly locals: readonly Address[];
  readonly hops: readonly ListedHop[];
  readonly mode: RecoveryMode;
  readonly policy: RouteSetPolicy;
  /** Base values; the defaults of RFC 3261. */
  readonly timers: { readonly t1Ms?: number; readonly t2Ms?: number; readonly t4Ms?: number };
  /** Seconds; 0 for none. */
  readonly sessionIntervalS: number;
  readonly dialogCapacity: number;
  readonly transactionCapacity: number;
  readonly random: RandomSource;
  readonly nowMs: number;
}

/**
 * The transactions, dialogs and recovery of one shard, sans-IO.
 *
 * It only routes: a message goes to its transaction, and from there to whoever decides what it means.
 */
export class Engine implements Steppable<Command, EngineEvent> {
  readonly #outputs: Output<EngineEvent>[] = [];
  readonly #flows = new Map<FlowId, Address>();
  readonly #message = new Message();
  readonly #writer = new Writer();
  readonly #wheel: Wheel;
  readonly #table: DialogTable;
  readonly #clients: ClientTransactions;
  readonly #servers: ServerTransactions;
  readonly #hops: Hops;
  readonly #sessions: SessionTimers;
  readonly #acks: Acks;
  readonly #healer: Healer;
  readonly #reporter: Reporter;
  readonly #requests: Requests;
  readonly #byes: Byes;
  readonly #refreshes: Refreshes;
  readonly #answers: Answers;
  readonly #outgoing: OutgoingCalls;
  readonly #incoming: IncomingCalls;
  readonly #inDialog: InDialog;
  readonly #outOfDialog: OutOfDialog;
  readonly #outlet: Outlet;
  readonly #token: () => string;
  readonly #mode: RecoveryMode;
  readonly #draining: number[] = [];

  constructor(options: EngineOptions) {
    const pool = new RandomPool(options.random);
    const { random } = options;
    const outputs = this.#outputs;
    this.#mode = options.mode;
    const outlet: Outlet = {
      send: (flow, bytes) => outputs.push({ kind: 'send', flow, bytes }),
      open: (openId, remote, connected) => outputs.push({ kind: 'open', openId, remote, connected }),
      close: (flow) => {
        this.#flows.delete(flow);
        outputs.push({ kind: 'close', flow });
      },
    };
    this.#outlet = outlet;
    const local = (protocol: string): Address => localOf(options.locals, protocol);
    const token = (): string => pool.token();
    const wheel = new Wheel({ nowMs: options.nowMs });
    const writer = this.#writer;
    const table = new DialogTable({ capacity: options.dialogCapacity, hashSeed: pool.uint32() });
    const { shard } = options;
    const timers = sipTimers(options.timers);
    const capacity = options.transactionCapacity;
    const send = outlet.send;
    const clients = new ClientTransactions({ wheel, timers, shard, random, send, capacity });
    const servers = new ServerTransactions({ wheel, timers, random, send, capacity });
    const hops = new Hops({
      dialogCapacity: options.dialogCapacity,
      probing: options.mode !== 'none',
      wheel,
      writer,
      outlet,
      local,
      token,
      user: {
        hopLost: (hop, cause, flow) => {
          if (flow !== undefined) clients.failFlow(flow);
          if (this.#mode === 'none') return;
          hops.eachDialog(hop, (dialog) => this.#healer.breakRoute(dialog, cause, 0));
          this.#healer.pump();
        },
        hopReturned: (hop) => this.#healer.hopReturned(hop),
        hopFree: (hop) => this.#healer.hopFree(hop),
        uses: (flow) => clients.uses(flow) || servers.uses(flow),
      },
    });
    const sessions = new SessionTimers({
      table,
      wheel,
      intervalS: options.sessionIntervalS,
      user: {
        // Paused while a route is broken, even where a late answer has started the interval again.
        refreshDue: (dialog) => {
          if (this.#healer.health.recovering[dialog] === 0) this.#refreshes.refresh(dialog);
        },
        sessionExpired: (dialog) => {
          if (this.#healer.health.recovering[dialog] === 0) this.#byes.end(dialog, 'session-expired');
        },
      },
    });
    const acks = new Acks({
      table,
      clients,
      wheel,
      writer,
      outlet,
      repeatedForMs: timers.t1x64Ms,
      onLost: (dialog) => {
        if (options.mode !== 'none' && healer.health.recovering[dialog] === 0) healer.quickHeal(dialog);
      },
    });
    const reporter = new Reporter(table, (event) => outputs.push({ kind: 'event', event }));
    const healer = new Healer({
      table,
      hops,
      transactions: clients,
      sessions,
      acks,
      wheel,
      writer,
      policy: options.policy,
      random: () => pool.fraction(),
      user: {
        statusChanged: (dialog) =>
          reporter.emit({
            kind: 'route-status',
            dialog: reporter.dialog(dialog),
            routeStatus: healer.health.status(dialog),
          }),
        healed: (dialog, by) => {
          if (by === 'local') this.#answers.healed(dialog);
          const hop = hops.of(dialog);
          if (hop !== undefined) acks.routeChanged(dialog, hop);
          this.#requests.healed(dialog);
        },
        quickHealFailed: (dialog, response) => this.#requests.quickHealFailed(dialog, response),
        gone: (dialog) => this.#endDialog(dialog, 'remote', 'does-not-exist'),
        sessionChanged: (dialog, message) =>
          reporter.emit({
            kind: 'session-changed',
            dialog: reporter.dialog(dialog),
            body: bodyOf(message),
          }),
      },
    });
    const parts: Parts = {
      mode: options.mode,
      policy: options.policy,
      timers,
      table,
      wheel,
      writer,
      outlet,
      clients,
      servers,
      hops,
      sessions,
      acks,
      healer,
      reporter,
      local,
      remote: (flow) => this.#flows.get(flow),
      token,
      fraction: () => pool.fraction(),
      endDialog: (dialog, by, reason) => this.#endDialog(dialog, by, reason),
    };
    this.#token = token;
    this.#wheel = wheel;
    this.#table = table;
    this.#clients = clients;
    this.#servers = servers;
    this.#hops = hops;
    this.#sessions = sessions;
    this.#acks = acks;
    this.#healer = healer;
    this.#reporter = reporter;
    const endByBye = (dialog: DialogIndex, reason: EndReason): void => this.#byes.end(dialog, reason);
    this.#requests = new Requests(parts, endByBye);
    this.#byes = new Byes(parts);
    this.#refreshes = new Refreshes(parts, endByBye);
    this.#answers = new Answers(parts, endByBye);
    const responder = new Responder(parts);
    const maker = new DialogMaker(parts, (dialog) => this.#byes.end(dialog, 'bye'));
    this.#outgoing = new OutgoingCalls(parts, maker);
    this.#incoming = new IncomingCalls(parts, maker, responder, this.#answers);
    this.#inDialog = new InDialog(parts, maker, responder, this.#answers);
    this.#outOfDialog = new OutOfDialog(parts, this.#incoming, responder);
    hops.list(options.hops);
  }

  step(nowMs: number, inputs: readonly Input<Command>[]): Step<EngineEvent> {
    this.#wheel.advance(nowMs);
    for (const input of inputs) this.#take(input);
    this.#goOnDraining();
    const outputs = this.#outputs.splice(0);
    return { outputs, wakeAtMs: this.#wheel.nextMs() };
  }

  get counts(): EngineCounts {
    let recovering = 0;
    for (const flag of this.#healer.health.recovering) recovering += flag;
    return {
      dialogs: this.#table.count,
      recovering,
      clientTransactions: this.#clients.count,
      serverTransactions: this.#servers.count,
      timers: this.#wheel.count,
      calls: this.#outgoing.count + this.#incoming.count,
      requests: this.#requests.count,
      healedRequests: this.#requests.healedCount,
    };
  }

  #take(input: Input<Command>): void {
    switch (input.kind) {
      case 'message':
        this.#receive(input.bytes, input.flow, input.flow);
        break;
      case 'command':
        this.#obey(input.command);
        break;
      case 'flow-open':
        this.#flows.set(input.flow, input.remote);
        this.#hops.flowOpened(input.flow, input.remote, input.openId);
        break;
      case 'open-failed':
        this.#hops.openFailed(input.openId);
        break;
      case 'flow-lost':
        this.#flows.delete(input.flow);
        this.#servers.failFlow(input.flow);
        // The hop first: what fails must not be tried again by the flow that is gone.
        this.#hops.flowLost(input.flow);
        this.#clients.failFlow(input.flow);
        break;
    }
  }

  /** `replyFlow` is where responses go: by default where the request came from. */
  #receive(bytes: Uint8Array, flow: FlowId, replyFlow: FlowId): void {
    this.#hops.heard(flow);
    const message = this.#message;
    const refusal = message.scan(bytes);
    if (refusal !== undefined) {
      this.#refuse(message, flow, refusal);
    } else if (!message.isRequest) {
      // A second Via means that it was meant for another. @see RFC 3261 §8.1.3.3
      if (message.secondVia.presence === 'absent') this.#clients.receive(message);
    } else if (replyFlow === flow && this.#repliesElsewhere(message, flow)) {
      this.#openReplyFlow(message, bytes, flow);
    } else {
      this.#receiveRequest(message, replyFlow, replyFlow !== flow);
    }
  }

  #receiveRequest(message: Message, flow: FlowId, cameElsewhere: boolean): void {
    const reliable = this.#flows.get(flow)?.protocol !== 'udp';
    const received = this.#servers.receive(message, flow, reliable);
    switch (received.kind) {
      case 'absorbed':
        break;
      case 'ack-for-2xx':
        this.#inDialog.receiveAck(message);
        break;
      case 'full':
        this.#answerStateless(message, flow, 503, undefined, 'Retry-After: 5\r\n');
        break;
      case 'new':
        received.tx.mark = cameElsewhere ? cameByAnotherFlow : 0;
        if (message.method === 'CANCEL') this.#outOfDialog.cancel(received.tx, message);
        else if (message.to.tag.end > message.to.tag.start) this.#inDialog.receive(received.tx, message);
        else this.#outOfDialog.receive(received.tx, message);
        break;
    }
  }

  /** A client on UDP that does not ask for symmetric responses may want them at another port. @see RFC 3261 §18.2.2 */
  #repliesElsewhere(message: Message, flow: FlowId): boolean {
    const { via } = message;
    const source = this.#flows.get(flow);
    if (via.protocol !== 'udp' || via.rport || source === undefined) return false;
    return source.port !== (via.port === 0 ? 5060 : via.port);
  }

  #openReplyFlow(message: Message, bytes: Uint8Array, flow: FlowId): void {
    const source = this.#flows.get(flow);
    const port = message.via.port === 0 ? 5060 : message.via.port;
    const hop = source && this.#hops.forAddress({ protocol: 'udp', host: source.host, port });
    if (hop === undefined) return;
    this.#hops.whenOpen(hop, (replyFlow) => {
      if (replyFlow !== undefined) this.#receive(bytes, flow, replyFlow);
    });
  }

  #refuse(message: Message, flow: FlowId, refusal: Refusal): void {
    if (message.answerable) this.#answerStateless(message, flow, refusal.status, refusal.phrase, '');
  }

  #answerStateless(message: Message, flow: FlowId, status: number, phrase: string | undefined, lines: string): void {
    beginResponse(this.#writer, message, status, phrase, { toTag: this.#token(), source: this.#flows.get(flow) });
    this.#writer.text(lines);
    this.#outlet.send(flow, endMessage(this.#writer, undefined, undefined));
  }

  #obey(command: Command): void {
    switch (command.name) {
      case 'invite':
        this.#outgoing.invite(command.id, command.target, command.from, command.content);
        break;
      case 'cancel':
        this.#outgoing.cancel(command.id);
        break;
      case 'ring':
        this.#incoming.ring(command.call, command.status, command.content);
        break;
      case 'answer':
        this.#incoming.answer(command.id, command.call, command.content);
        break;
      case 'refuse':
        this.#incoming.refuse(command.call, command.status, command.content);
        break;
      case 'request':
        this.#requests.request(command.id, command.dialog, command.method, command.content);
        break;
      case 'abandon':
        this.#requests.abandon(command.id);
        break;
      case 'respond':
        this.#inDialog.respond(command.request, command.status, command.content);
        break;
      case 'bye':
        this.#byes.bye(command.id, command.dialog);
        break;
      case 'route-status': {
        const dialog = this.#table.lookup(command.dialog);
        if (dialog === -1) this.#reporter.failWithCode(command.id, 'SIP_DIALOG_ENDED', 'The dialog has ended.');
        else this.#reporter.done(command.id, { routeStatus: this.#healer.health.status(dialog) });
        break;
      }
      case 'hops':
        this.#hops.list(command.hops);
        break;
      case 'counts':
        this.#reporter.done(command.id, { counts: this.counts });
        break;
      case 'drain':
        this.#drain(command.id);
        break;
    }
  }

  #drain(id: number): void {
    this.#draining.push(id);
    this.#incoming.drain();
    this.#outgoing.drain();
  }

  /** Ends what may be ended, calls that were answered meanwhile included, and tells when nothing is left. */
  #goOnDraining(): void {
    if (this.#draining.length === 0) return;
    const { state } = this.#table;
    for (
      let dialog = state.indexOf(DialogState.confirmed);
      dialog !== -1;
      dialog = state.indexOf(DialogState.confirmed, dialog + 1)
    ) {
      // No BYE before the ACK of our 2xx, or the end of waiting for it (RFC 3261 §15).
      if (!this.#answers.waitsFor(dialog)) this.#byes.end(dialog, 'bye');
    }
    if (this.#table.count + this.#outgoing.count + this.#incoming.count > 0) return;
    for (const id of this.#draining.splice(0)) this.#reporter.done(id);
  }

  #endDialog(dialog: DialogIndex, by: 'local' | 'remote', reason: EndReason): void {
    this.#table.state[dialog] = DialogState.ending;
    this.#requests.dialogEnded(dialog);
    this.#byes.dialogEnded(dialog);
    this.#refreshes.dialogEnded(dialog);
    this.#answers.dialogEnded(dialog);
    this.#inDialog.dialogEnded(dialog);
    this.#sessions.pause(dialog);
    this.#acks.dialogEnded(dialog);
    this.#healer.end(dialog);
    this.#hops.detach(dialog);
    this.#reporter.ended(dialog, by, reason);
    this.#table.free(dialog);
  }
}

function localOf(locals: readonly Address[], protocol: string): Address {
  const local = locals.find((address) => address.protocol === protocol) ?? locals[0];
  if (local === undefined) throw new RangeError('an engine needs a local address');
  return local;
}
