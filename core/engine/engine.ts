import type { Address, Failure, FlowId, Input, Output, Step, Steppable } from '../contract.ts';
import { sliceOf } from '../dialog/slice.ts';
import { type DialogId, type DialogIndex, DialogState } from '../dialog/table.ts';
import { refusals } from '../message/refusal.ts';
import type { TimerKind } from '../time/wheel.ts';
import { Answers } from './answers.ts';
import { AskedHeals } from './asked-heals.ts';
import { assemble } from './assembly.ts';
import { Byes } from './byes.ts';
import type { Command } from './command.ts';
import { counterOfLoss, type EngineCounters } from './counters.ts';
import { DialogMaker } from './dialog-maker.ts';
import type { DialogEnd, EndReason, EngineCounts, EngineEvent, EngineMemory } from './event.ts';
import { FlowAddresses } from './flow-addresses.ts';
import { Groups } from './groups.ts';
import { Handover } from './handover.ts';
import { InDialog } from './in-dialog.ts';
import { IncomingCalls } from './incoming-calls.ts';
import type { EngineOptions } from './options.ts';
import { OutOfDialog } from './out-of-dialog.ts';
import { OutgoingCalls } from './outgoing-calls.ts';
import { OwedByes } from './owed-byes.ts';
import type { Parts } from './parts.ts';
import { Reception } from './reception.ts';
import { Refreshes } from './refreshes.ts';
import { ReleasedDialogs } from './released-dialogs.ts';
import { ReplacedDialogs } from './replaced-dialogs.ts';
import { Requests } from './requests.ts';
import { Responder } from './responder.ts';
import { RouteAdoption } from './route-adoption.ts';

/** Responses begin with SIP/2.0, and no method has a slash (RFC 3261 §25.1). */
const slash = 0x2f;

/**
 * The transactions, dialogs and recovery of one shard, sans-IO.
 *
 * It only puts together and hands on: messages to the reception, commands and timers to whoever they concern.
 */
export class Engine implements Steppable<Command, EngineEvent> {
  readonly #outputs: Output<EngineEvent>[] = [];
  readonly #flows = new FlowAddresses();
  readonly #parts: Parts;
  readonly #requests: Requests;
  readonly #askedHeals: AskedHeals;
  readonly #groups: Groups;
  readonly #byes: Byes;
  readonly #owedByes: OwedByes;
  readonly #refreshes: Refreshes;
  readonly #answers: Answers;
  readonly #outgoing: OutgoingCalls;
  readonly #incoming: IncomingCalls;
  readonly #inDialog: InDialog;
  readonly #reception: Reception;
  readonly #released: ReleasedDialogs;
  readonly #handover: Handover;
  readonly #draining: number[] = [];
  /** Until then `drain` waits for owed BYEs. */
  #drainUntilMs = 0;
  /** BYEs that nobody will deliver any more, since draining began. */
  #lostByes = 0;
  readonly #drainLimit: TimerKind;

  constructor(options: EngineOptions) {
    const outputs = this.#outputs;
    const parts = assemble(options, {
      outlet: {
        send: (flow, bytes) => {
          if (bytes[3] === slash) parts.counters.sentResponses++;
          else parts.counters.sentRequests++;
          outputs.push({ kind: 'send', flow, bytes });
        },
        open: (openId, remote, connected) => {
          parts.counters.openedFlows++;
          outputs.push({ kind: 'open', openId, remote, connected });
        },
        close: (flow) => {
          this.#forgetFlow(flow);
          outputs.push({ kind: 'close', flow });
        },
      },
      emit: (event) => outputs.push({ kind: 'event', event }),
      remote: (flow) => this.#flows.get(flow),
      isOpen: (flow) => this.#flows.isOpen(flow),
      refreshDue: (dialog) => this.#refreshes.refresh(dialog),
      sessionExpired: (dialog) => this.#refreshes.expired(dialog),
      healed: (dialog, by, wasBroken) => this.#healed(dialog, by, wasBroken),
      healOvertaken: (dialog) => {
        this.#groups.healFailed(dialog);
        this.#askedHeals.healOvertaken(dialog);
      },
      brokeMeanwhile: (dialog) => this.#requests.waiting.brokeMeanwhile(dialog),
      healFailed: (dialog, cause, response, quick) => {
        if (quick) this.#requests.waiting.quickHealFailed(dialog, response);
        this.#refreshes.healFailed(dialog);
        this.#outgoing.healFailed(dialog);
        this.#askedHeals.healFailed(dialog, cause, response);
        this.#groups.healFailed(dialog);
        this.#byes.healFailed(dialog);
      },
      givenUp: (dialog, reason) => this.#giveUp(dialog, reason),
      endDialog: (dialog, by, reason, end) => this.#endDialog(dialog, by, reason, end),
      gone: (dialog) => this.#gone(dialog),
      hopReturned: (hop) => this.#owedByes.hopReturned(hop),
      hopFree: () => this.#owedByes.pump(),
    });
    const endByBye = (dialog: DialogIndex, reason: EndReason, id?: number): void => {
      if (!this.#incoming.endEarly(dialog)) this.#byes.end(dialog, reason, id);
    };
    const responder = new Responder(parts);
    const maker = new DialogMaker(parts, (dialog) => this.#byes.end(dialog, 'bye'));
    this.#parts = parts;
    this.#requests = new Requests(parts, endByBye);
    this.#askedHeals = new AskedHeals(parts);
    this.#groups = new Groups(parts);
    this.#byes = new Byes(parts, {
      ended: (dialog, reason, atMs) => this.#endDialog(dialog, 'local', reason, exactly(atMs)),
      undelivered: (dialog, reason, atMs) => this.#endUndelivered(dialog, reason, atMs),
    });
    this.#owedByes = new OwedByes(parts);
    this.#refreshes = new Refreshes(parts, endByBye);
    this.#answers = new Answers(parts, endByBye);
    this.#outgoing = new OutgoingCalls(parts, maker, (dialog) => this.#owedByes.settle(dialog));
    this.#incoming = new IncomingCalls(parts, maker, responder, this.#answers);
    this.#released = new ReleasedDialogs(parts.wheel, parts.timers.t1x64Ms);
    this.#inDialog = new InDialog(parts, {
      maker,
      responder,
      answers: this.#answers,
      owedByes: this.#owedByes,
      adoption: new RouteAdoption(parts, parts.trust),
      released: this.#released,
      reliable: this.#incoming.reliable,
    });
    const outOfDialog = new OutOfDialog(parts, {
      calls: this.#incoming,
      inDialog: this.#inDialog,
      responder,
      replaced: new ReplacedDialogs(parts, maker, responder, this.#answers, this.#owedByes),
    });
    this.#reception = new Reception(parts, this.#inDialog, outOfDialog);
    this.#handover = new Handover(parts, {
      groups: this.#groups,
      released: this.#released,
      release: (dialog) => {
        this.#release(dialog);
        this.#free(dialog);
      },
      refresh: (dialog) => this.#refreshes.refresh(dialog),
    });
    this.#drainLimit = parts.wheel.kind(() => {}); // the step that it wakes is what counts
    parts.hops.list(options.hops);
  }

  step(nowMs: number, inputs: readonly Input<Command>[]): Step<EngineEvent> {
    const { wheel, refusals } = this.#parts;
    wheel.advance(nowMs);
    refusals.advance(wheel.nowMs);
    for (const input of inputs) this.#take(input);
    this.#goOnDraining();
    const outputs = this.#outputs.splice(0);
    return { outputs, wakeAtMs: sooner(wheel.nextMs(), refusals.wakeAtMs) };
  }

  get dialogCount(): number {
    return this.#parts.table.count;
  }

  get counts(): EngineCounts {
    const { table, clients, servers, wheel, healer } = this.#parts;
    let recovering = 0;
    for (const flag of healer.health.recovering) recovering += flag;
    return {
      dialogs: table.count,
      recovering,
      clientTransactions: clients.count,
      serverTransactions: servers.count,
      timers: wheel.count,
      owedByes: this.#owedByes.count,
      calls: this.#outgoing.count + this.#incoming.count,
      requests: this.#requests.count + this.#askedHeals.count,
      healedRequests: this.#requests.healedCount,
    };
  }

  get counters(): EngineCounters {
    return { ...this.#parts.counters };
  }

  get memory(): EngineMemory {
    const { table, clients, servers, wheel } = this.#parts;
    return {
      dialogs: table.memory,
      clientTransactions: clients.memory,
      serverTransactions: servers.memory,
      timers: wheel.memory,
    };
  }

  #take(input: Input<Command>): void {
    const { hops } = this.#parts;
    switch (input.kind) {
      case 'message':
        // By a flow that we have closed just now nobody can be answered: whoever repeats it comes by another.
        if (this.#flows.isOpen(input.flow)) this.#reception.receive(input.bytes, input.flow);
        break;
      case 'command':
        this.#obey(input.command);
        break;
      case 'flow-open':
        this.#flows.opened(input.flow, input.remote);
        hops.flowOpened(input.flow, input.remote, input.openId);
        break;
      case 'open-failed':
        hops.openFailed(input.openId);
        break;
      case 'flow-lost':
        this.#countLoss(input.failure, this.#parts.remote(input.flow));
        this.#flowLost(input.flow);
        break;
      case 'turned-away':
        this.#countLoss(input.failure, input.remote);
        break;
      case 'message-shed':
        this.#reception.shed(input.bytes, input.flow);
        break;
      case 'message-refused':
        this.#reception.refuseUnread(input.head, input.flow, refusals[input.fault]);
        // Nothing can be read behind it: its flow ends with the answer.
        this.#flowLost(input.flow);
        this.#parts.outlet.close(input.flow);
        break;
    }
  }

  #countLoss({ code, message }: Failure, source: Address | undefined): void {
    const counter = counterOfLoss(code);
    if (counter !== undefined) this.#parts.refusals.count(counter, message, source);
  }

  #flowLost(flow: FlowId): void {
    const { hops, clients, servers, healer } = this.#parts;
    this.#forgetFlow(flow);
    servers.failFlow(flow);
    // The hop first: what fails must not be tried again by the flow that is gone.
    hops.flowLost(flow);
    clients.failFlow(flow);
    healer.pump();
  }

  #forgetFlow(flow: FlowId): void {
    const { servers, trust } = this.#parts;
    this.#flows.lost(flow, servers.uses(flow));
    trust.flowLost(flow);
  }

  #obey(command: Command): void {
    switch (command.name) {
      case 'invite':
        this.#outgoing.invite(command);
        break;
      case 'answer-offer':
        this.#outgoing.answerOffer(command.offer, command.content);
        break;
      case 'cancel':
        this.#outgoing.cancel(command.id);
        break;
      case 'ring':
        this.#incoming.ring(this.#incoming.idOf(command.call), command.status, command.content, command.reliable);
        break;
      case 'answer':
        this.#incoming.answer(command.id, this.#incoming.idOf(command.call), command.content);
        break;
      case 'refuse':
        this.#incoming.refuse(this.#incoming.idOf(command.call), command.status, command.content);
        break;
      case 'request':
        this.#requests.request(command.id, command.dialog, command.method, command.content, command.confirm);
        break;
      case 'abandon':
        this.#requests.abandon(command.id);
        this.#askedHeals.abandon(command.id);
        this.#byes.abandon(command.id);
        break;
      case 'respond':
        this.#inDialog.respond(command.request, command.status, command.content);
        break;
      case 'bye':
        this.#bye(command.id, command.dialog);
        break;
      case 'heal':
        this.#askedHeals.heal(command.id, command.dialog);
        break;
      case 'heal-all':
        this.#parts.healer.healAll();
        break;
      case 'relate':
        this.#withDialog(command.dialog, (dialog) => this.#groups.relate(dialog, command.group));
        break;
      case 'media':
        this.#withDialog(command.dialog, (dialog) => this.#reportMedia(dialog, command.alive));
        break;
      case 'registration':
        if (command.contact !== undefined) this.#changeContact(command.contact);
        this.#parts.healer.registration.ended(command.refresh, command.refreshed);
        if (command.refreshed) this.#owedByes.registrationRefreshed();
        break;
      case 'route-status':
        this.#tellRouteStatus(command.id, command.dialog);
        break;
      case 'hops':
        this.#parts.hops.list(command.hops);
        break;
      case 'find':
        this.#handover.find(command.id, command.record);
        break;
      case 'adopt':
        this.#handover.adopt(command.id, command.record);
        break;
      case 'export':
        this.#handover.export(command.id, command.dialog, command.release);
        break;
      case 'counts':
        this.#parts.reporter.done(command.id, { counts: this.counts });
        break;
      case 'counters':
        this.#parts.reporter.done(command.id, { counters: this.counters });
        break;
      case 'memory':
        this.#parts.reporter.done(command.id, { memory: this.memory });
        break;
      case 'drain':
        this.#drain(command.id);
        break;
    }
  }

  /** A callee has no BYE for an early dialog: it refuses the call (RFC 3261 §15). */
  #bye(id: number, dialogId: DialogId): void {
    const { table, reporter } = this.#parts;
    const dialog = table.lookup(dialogId);
    if (this.#incoming.endEarly(dialog)) reporter.done(id);
    else if (!this.#answers.deferBye(dialog, id)) this.#byes.bye(id, dialogId);
  }

  #tellRouteStatus(id: number, dialogId: DialogId): void {
    const { table, healer, reporter } = this.#parts;
    const dialog = table.lookup(dialogId);
    if (dialog === -1) reporter.failWithCode(id, 'SIP_DIALOG_ENDED', 'The dialog has ended.');
    else reporter.done(id, { routeStatus: healer.status(dialog) });
  }

  /** What a program says of a dialog that has ended meanwhile is of no interest. */
  #withDialog(id: DialogId, use: (dialog: DialogIndex) => void): void {
    const { table } = this.#parts;
    const dialog = table.lookup(id);
    if (dialog !== -1 && table.state[dialog] === DialogState.confirmed) use(dialog);
  }

  /** Without media on a route that works the program may want them elsewhere. */
  #reportMedia(dialog: DialogIndex, alive: boolean): void {
    const { healer, reporter } = this.#parts;
    const isBroken = healer.health.recovering[dialog] === 1;
    if (alive) {
      healer.media.reportAlive(dialog);
      return;
    }
    healer.media.reportDead(dialog, isBroken);
    if (!isBroken) reporter.emit({ kind: 'media-lost', dialog: reporter.dialog(dialog) });
  }

  /** Who waits for the route is told before its session ends. */
  #giveUp(dialog: DialogIndex, reason: EndReason): void {
    this.#requests.waiting.givenUp(dialog);
    this.#askedHeals.givenUp(dialog);
    this.#byes.end(dialog, reason);
  }

  /** We are reached by another URI from now on: the dialogs' next refreshes tell their peers. */
  #changeContact(uri: string): void {
    const { table } = this.#parts;
    const contact = sliceOf(`<${uri}>`);
    const { state } = table;
    for (let dialog = 0; dialog < state.length; dialog++) {
      if (state[dialog] !== DialogState.free) table.update(dialog, undefined, undefined, undefined, contact);
    }
  }

  #drain(id: number): void {
    const { wheel, timers } = this.#parts;
    if (this.#draining.length === 0) {
      this.#lostByes = 0;
      this.#drainUntilMs = wheel.nowMs + timers.t1x64Ms;
      wheel.arm(this.#drainLimit, 0, this.#drainUntilMs);
    }
    this.#draining.push(id);
    this.#incoming.drain();
    this.#outgoing.drain();
  }

  /** Ends what may be ended, calls that were answered meanwhile included, and tells when nothing is left. */
  #goOnDraining(): void {
    if (this.#draining.length === 0) return;
    const { table, reporter, wheel } = this.#parts;
    const { state } = table;
    for (
      let dialog = state.indexOf(DialogState.confirmed);
      dialog !== -1;
      dialog = state.indexOf(DialogState.confirmed, dialog + 1)
    ) {
      // No BYE before the ACK of our 2xx, or the end of waiting for it (RFC 3261 §15).
      if (!this.#answers.waitsFor(dialog)) this.#byes.end(dialog, 'bye');
    }
    if (table.count + this.#outgoing.count + this.#incoming.count > 0) return;
    if (this.#owedByes.count > 0 && wheel.nowMs < this.#drainUntilMs) return;
    const undelivered = this.#owedByes.count + this.#lostByes;
    this.#owedByes.clear();
    this.#released.clear();
    for (const id of this.#draining.splice(0)) reporter.done(id, { undelivered });
  }

  #healed(dialog: DialogIndex, by: 'local' | 'remote', wasBroken: boolean): void {
    const { hops, acks } = this.#parts;
    if (by === 'local') this.#answers.healed(dialog);
    const hop = hops.of(dialog);
    if (hop !== undefined && acks.mayBeMissed(dialog)) {
      hops.whenOpen(hop, () => {
        if (hops.of(dialog) === hop) acks.routeChanged(dialog, hop);
      });
    }
    this.#askedHeals.healed(dialog);
    if (wasBroken || by === 'local') this.#groups.healed(dialog, by);
    this.#requests.waiting.healed(dialog);
    this.#byes.healed(dialog);
    this.#outgoing.healed(dialog);
  }

  /** The last rung has said that there is no such dialog: it ended some time since the peer was last heard of. */
  #gone(dialog: DialogIndex): void {
    if (this.#byes.gone(dialog)) return;
    const { healer, wheel } = this.#parts;
    const notBeforeMs = healer.health.aliveAtMs[dialog] as number;
    const notAfterMs = wheel.nowMs;
    const atMs = Math.max(healer.health.brokenAtMs(dialog) ?? notAfterMs, notBeforeMs);
    this.#endDialog(dialog, 'remote', 'does-not-exist', { atMs, notBeforeMs, notAfterMs });
  }

  /** Our BYE has not reached the peer. With recovery it is owed; without it nothing more is done (RFC 3261 §15.1.1). */
  #endUndelivered(dialog: DialogIndex, reason: EndReason, atMs: number): void {
    this.#finish(dialog, 'local', reason, exactly(atMs));
    if (this.#parts.mode === 'none') this.#free(dialog);
    else if (this.#owedByes.take(dialog, atMs)) return;
    this.#lostByes++;
  }

  #endDialog(dialog: DialogIndex, by: 'local' | 'remote', reason: EndReason, end?: DialogEnd): void {
    this.#finish(dialog, by, reason, end);
    this.#free(dialog);
  }

  /** Ends all that is under way for a dialog and tells the program; the row is still to be freed. */
  #finish(dialog: DialogIndex, by: 'local' | 'remote', reason: EndReason, end?: DialogEnd): void {
    const { reporter, wheel } = this.#parts;
    const told = end ?? exactly(this.#byes.endedAtMs(dialog) ?? wheel.nowMs);
    const isTold = this.#byes.tells(dialog);
    this.#release(dialog);
    if (isTold) reporter.ended(dialog, by, reason, told);
  }

  /** Takes a dialog out of everyone's hands; its row and its place on a hop stay. */
  #release(dialog: DialogIndex): void {
    const { table, sessions, acks, healer, trust } = this.#parts;
    table.state[dialog] = DialogState.ending;
    this.#requests.dialogEnded(dialog);
    this.#askedHeals.dialogEnded(dialog);
    this.#groups.dialogEnded(dialog);
    this.#outgoing.dialogEnded(dialog);
    this.#incoming.dialogEnded(dialog);
    this.#byes.dialogEnded(dialog);
    this.#refreshes.dialogEnded(dialog);
    this.#answers.dialogEnded(dialog);
    this.#inDialog.dialogEnded(dialog);
    trust.dialogEnded(dialog);
    sessions.end(dialog);
    acks.dialogEnded(dialog);
    healer.end(dialog);
  }

  #free(dialog: DialogIndex): void {
    const { healer, hops, table } = this.#parts;
    healer.registration.leave(dialog);
    hops.detach(dialog);
    table.free(dialog);
  }
}

function sooner(one: number | undefined, other: number | undefined): number | undefined {
  if (one === undefined || other === undefined) return one ?? other;
  return Math.min(one, other);
}

function exactly(atMs: number): DialogEnd {
  return { atMs, notBeforeMs: atMs, notAfterMs: atMs };
}
