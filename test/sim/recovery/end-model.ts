import type { Address, FlowId, Input, Output } from '../../../core/contract.ts';
import type { DialogId } from '../../../core/dialog/table.ts';
import type { Command } from '../../../core/engine/command.ts';
import type { DialogRecord } from '../../../core/engine/dialog-record.ts';
import type { EngineEvent } from '../../../core/engine/event.ts';
import { hostPortOf } from '../host-port.ts';
import { paramOf, paramsOf, uriOf } from '../models/address-value.ts';
import type { Message } from '../models/message.ts';
import type { OurEnd } from '../plan.ts';
import { isProbe, read } from '../reading.ts';
import { actionOf, healVerdict, type Rung, requestVerdict, rungs } from './answers.ts';
import type { Modelled, Wish } from './dialog.ts';
import { classification, healAnswerRow, healRow, lateRow, moveRow, pathRow, requestRow, sentRow } from './rows.ts';

const tag = 'ms-dialog-route-set-update';
const transactionMs = 32_000;
/** Wheels round up, and retransmissions and probes share instants. */
const slackMs = 50;
const quickMs = 4000;
/** RFC 3261 §14.1, and what the schedule adds when it goes on. */
const glareMs = 10_000;
const dayMs = 86_400_000;
/** A heal with an offer waits for the program's answer to a re-INVITE. */
const pendingInviteMs = 185_000;
/** What may be carried out twice. */
const repeatable: ReadonlySet<string> = new Set(['INVITE', 'UPDATE', 'OPTIONS']);

/** What one place's rule is made with. */
export interface EndWorld {
  readonly end: OurEnd;
  readonly hops: readonly string[];
  take(row: string): void;
  violate(what: string, callId?: string): void;
}

interface Step {
  readonly inputs: readonly Input<Command>[];
  readonly outputs: readonly Output<EngineEvent>[];
  readonly nowMs: number;
}

/** A request of ours: what it was for. */
interface Sent {
  readonly kind: 'call' | 'wish' | 'heal' | 'refresh' | 'own' | 'loose';
  readonly message: Message;
  readonly flow: FlowId;
  readonly hop: string | undefined;
  readonly atMs: number;
  readonly dialog: Modelled | undefined;
  readonly wish: Wish | undefined;
  readonly generation: number;
  /** Sent before the call was answered. */
  readonly isEarly: boolean;
  isDone: boolean;
}

/** An output that must come in this step, behind those that stand before it for the same dialog. */
interface Due {
  readonly kind: 'result' | 'status' | 'ended';
  readonly dialog: Modelled;
  readonly wish: Wish | undefined;
  /** Of the result's response; undefined for any. */
  readonly status: number | undefined;
  readonly routeStatus: 'healthy' | 'recovering' | undefined;
  /** It may be sent again instead. */
  readonly orSent: boolean;
}

/** Whether a hop lives, as far as can be seen from its messages. */
interface Hop {
  /** The first send since it was last heard. */
  askedMs: number | undefined;
  isDead: boolean;
}

/** A request of the peer's. */
interface Received {
  readonly message: Message;
  /** By which it came last. */
  flow: FlowId;
  readonly atMs: number;
  /** Its final answer has been sent: what follows is a repetition. */
  isAnswered: boolean;
}

interface Flow {
  hop: string | undefined;
  readonly remote: string;
  readonly isOurs: boolean;
}

/** The recovery state of every dialog of one process of ours, by the tables alone; it sees what goes in and what comes out. */
export class EndModel {
  readonly #world: EndWorld;
  readonly #end: OurEnd;
  readonly #isOn: boolean;
  readonly #dialogs = new Map<string, Modelled>();
  readonly #byId = new Map<DialogId, Modelled>();
  readonly #wishes = new Map<number, Wish>();
  /** The last CSeq of each dialog, and of each INVITE that began one. */
  readonly #numbers = new Map<string, number>();
  /** Call-IDs of calls, by the command that asked for them or answered them; and of those that came in. */
  readonly #calls = new Map<number, string>();
  readonly #incoming = new Map<number, string>();
  readonly #failedCalls = new Set<string>();
  #inviting: number | undefined;
  /** Branches of the ACKs and PRACKs whose answers we know: they may be repeated. */
  readonly #described = new Set<string>();
  readonly #adopted = new Map<number, DialogRecord>();
  readonly #released = new Map<number, Modelled>();
  readonly #sent = new Map<string, Sent>();
  readonly #received = new Map<string, Received>();
  readonly #flows = new Map<FlowId, Flow>();
  readonly #opens = new Map<number, string>();
  readonly #hops = new Map<string, Hop>();
  #nowMs = 0;
  #due: Due[] = [];
  /** Dialogs that may be told to be broken in this step. */
  readonly #mayBreak = new Set<Modelled>();
  /** Dialogs whose waiting requests may fail in this step. */
  readonly #mayFail = new Set<Modelled>();
  readonly #mayEnd = new Set<Modelled>();
  /** Dialogs that may be told to be healthy in this step, and what that would mean. */
  readonly #mayBeWell = new Map<Modelled, () => void>();
  /** What the program has asked for in this step. */
  #commanded: Wish | undefined;
  /** What the message of this step belongs to. */
  #touched: Modelled | undefined;

  constructor(world: EndWorld) {
    this.#world = world;
    this.#end = world.end;
    this.#isOn = world.end.mode !== 'none';
    for (const hop of world.hops) this.#hops.set(hop, { askedMs: undefined, isDead: false });
  }

  see({ inputs, outputs, nowMs }: Step): void {
    this.#nowMs = Math.max(this.#nowMs, nowMs);
    this.#mayBreak.clear();
    this.#mayBeWell.clear();
    this.#mayEnd.clear();
    this.#mayFail.clear();
    this.#touched = undefined;
    this.#commanded = undefined;
    for (const input of inputs) this.#takeInput(input);
    for (const output of outputs) this.#takeOutput(output);
    for (const dialog of this.#dialogs.values()) dialog.move = undefined;
    for (const { kind, dialog, wish, routeStatus, orSent } of this.#due.splice(0)) {
      if (orSent && wish?.state === 'sent') continue;
      this.#violate(`stays silent: ${kind} ${wish?.method ?? ''}${routeStatus ?? ''} is due`, dialog);
    }
  }

  // Inputs

  #takeInput(input: Input<Command>): void {
    switch (input.kind) {
      case 'flow-open': {
        const remote = key(input.remote);
        const isOurs = input.openId !== undefined;
        // A connection that somebody has opened comes from any port: a Via will tell who it is.
        const hop = isOurs || this.#end.protocol === 'udp' ? this.#hopAt(remote) : undefined;
        this.#flows.set(input.flow, { remote, hop, isOurs });
        if (isOurs) this.#isBack();
        break;
      }
      case 'open-failed': {
        const hop = this.#hopAt(this.#opens.get(input.openId) ?? '');
        if (hop !== undefined) this.#hopDied(hop);
        break;
      }
      case 'flow-lost':
        this.#flowLost(input.flow);
        break;
      case 'message': {
        this.#heard(input.flow);
        if (isProbe(input.bytes)) break;
        const message = read(input.bytes);
        if (message === undefined || !message.isWhole) break;
        if (message.isRequest) this.#asked(message, input.flow);
        else this.#answered(message, input.flow);
        break;
      }
      case 'command':
        this.#command(input.command);
        break;
    }
  }

  #asked(message: Message, flow: FlowId): void {
    const by = this.#flows.get(flow);
    if (by !== undefined && !by.isOurs && this.#end.protocol === 'tcp') by.hop ??= this.#hopAt(sentBy(message));
    if (message.method !== 'ACK') {
      const name = serverKey(message);
      const known = this.#received.get(name);
      if (known !== undefined) known.flow = flow;
      else this.#received.set(name, { message, flow, atMs: this.#nowMs, isAnswered: false });
      return;
    }
    const dialog = this.#find(message.callId, message.toTag, message.fromTag);
    this.#touched = dialog;
    if (dialog?.unacked?.cseq === message.cseq) dialog.unacked = undefined;
  }

  #heard(flow: FlowId): void {
    const name = this.#flows.get(flow)?.hop;
    const hop = name === undefined ? undefined : this.#hops.get(name);
    if (hop === undefined || name === undefined) return;
    if (hop.isDead || this.#isSilent(name)) {
      hop.isDead = false;
      // It may have been given up already: nobody is told of that.
      for (const { heal } of this.#dialogs.values()) if (heal?.hop === name) heal.isDoubtful = true;
      this.#isBack();
    }
    hop.askedMs = undefined;
  }

  /** A hop is there again: who waits need not wait any longer. */
  #isBack(): void {
    for (const dialog of this.#dialogs.values()) {
      if (dialog.status === 'recovering') this.#beginAnew(dialog);
    }
  }

  #beginAnew(dialog: Modelled): void {
    dialog.nextFromMs = this.#nowMs;
    dialog.attempts = 0;
  }

  #isSilent(name: string): boolean {
    const askedMs = this.#hops.get(name)?.askedMs;
    // Who misses one probe is asked twice more, at short intervals.
    const patienceMs = 2 * Math.min(this.#end.probeIntervalMs, 375) + 250;
    return askedMs !== undefined && this.#nowMs - askedMs >= patienceMs - slackMs;
  }

  #flowLost(flow: FlowId): void {
    const lost = this.#flows.get(flow);
    this.#flows.delete(flow);
    for (const sent of this.#sent.values()) {
      if (sent.isDone || sent.flow !== flow) continue;
      sent.isDone = true;
      this.#unreachable(sent);
    }
    if (lost?.hop === undefined) return;
    if (lost.isOurs) this.#hopDied(lost.hop);
    else for (const dialog of this.#dialogs.values()) if (this.#hopOf(dialog) === lost.hop) this.#mayBreak.add(dialog);
  }

  /** What was under way there has failed, and every dialog that goes by it is broken. */
  #hopDied(name: string): void {
    const hop = this.#hops.get(name);
    // Without recovery nobody asks whether a hop lives, and what is under way has its own timers.
    if (hop === undefined || !this.#isOn) return;
    const isNews = !hop.isDead;
    hop.isDead = true;
    for (const sent of this.#sent.values()) {
      if (sent.isDone || sent.hop !== name) continue;
      sent.isDone = true;
      this.#unreachable(sent);
    }
    for (const dialog of this.#dialogs.values()) {
      if (dialog.heal?.hop === name) {
        this.#world.take(healRow('hop gone'));
        this.#attemptFailed(dialog);
        this.#mayFail.add(dialog);
        // What it found out was told before: this was no attempt to mend that.
        if (dialog.brokeAtMs === this.#nowMs) this.#beginAnew(dialog);
      }
      if (this.#hopOf(dialog) !== name) continue;
      // What has begun since it died is found out in its own time.
      if (isNews && dialog.routes.length > 0) this.#break(dialog);
      else this.#mayBreak.add(dialog);
    }
  }

  #unreachable({ kind, wish, dialog, message }: Sent): void {
    if (dialog === undefined) return;
    if (kind === 'wish' && wish !== undefined && this.#isOpen(wish)) this.#owe(wish, undefined, true);
    else if (kind === 'refresh') dialog.refreshFromMs = this.#nowMs;
    else if (kind === 'heal') {
      this.#world.take(healRow('hop gone'));
      if (dialog.heal?.cseq === message.cseq) this.#attemptFailed(dialog);
      this.#mayFail.add(dialog);
    }
    this.#mayBreak.add(dialog);
  }

  #command(command: Command): void {
    switch (command.name) {
      case 'request': {
        const dialog = this.#byId.get(command.dialog);
        if (dialog === undefined) break;
        const { id, method, content, confirm } = command;
        const body = textOf(content.body);
        this.#commanded = {
          againFromMs: 0,
          id,
          dialog,
          method,
          body,
          confirm,
          state: 'new',
          resends: 0,
          tries: 0,
          cseq: 0,
          sentAtMs: 0,
          refusedAtMs: 0,
          isGivenUp: false,
        };
        this.#wishes.set(id, this.#commanded);
        break;
      }
      case 'abandon': {
        const wish = this.#wishes.get(command.id);
        if (wish !== undefined) wish.isGivenUp = true;
        break;
      }
      case 'heal': {
        const dialog = this.#byId.get(command.dialog);
        if (dialog !== undefined) this.#allowHeal(dialog);
        break;
      }
      case 'heal-all':
      case 'hops':
      case 'registration':
        for (const dialog of this.#dialogs.values()) this.#allowHeal(dialog);
        break;
      case 'relate': {
        const dialog = this.#byId.get(command.dialog);
        if (dialog !== undefined) dialog.group = command.group;
        break;
      }
      case 'media': {
        const dialog = this.#byId.get(command.dialog);
        if (dialog === undefined) break;
        if (command.alive) dialog.mediaDeadAtMs = undefined;
        else dialog.mediaDeadAtMs ??= this.#nowMs;
        break;
      }
      case 'bye': {
        const dialog = this.#byId.get(command.dialog);
        if (dialog !== undefined) dialog.byeAtMs ??= this.#nowMs;
        break;
      }
      case 'invite':
        this.#inviting = command.id;
        break;
      case 'answer':
        this.#answersNow(command.id, this.#incoming.get(command.call) ?? '', textOf(command.content.body));
        break;
      case 'adopt':
        this.#adopted.set(command.id, command.record);
        break;
      case 'export': {
        const dialog = this.#byId.get(command.dialog);
        if (command.release && dialog !== undefined) this.#released.set(command.id, dialog);
        break;
      }
      case 'drain':
        for (const dialog of this.#dialogs.values()) dialog.byeAtMs ??= this.#nowMs;
        break;
    }
  }

  /** A call is answered, though its 2xx may have no way yet. */
  #answersNow(id: number, callId: string, body: string): void {
    this.#calls.set(id, callId);
    for (const dialog of this.#dialogs.values()) {
      if (dialog.callId !== callId || dialog.isOurs) continue;
      dialog.isAnswered = true;
      if (body !== '') dialog.offer = body;
    }
  }

  #allowHeal(dialog: Modelled): void {
    dialog.attempts = 0;
    dialog.anyTimeUntilMs = this.#nowMs + slackMs;
    this.#mayHealFor(dialog, 120_000);
  }

  #mayHealFor(dialog: Modelled, ms: number): void {
    dialog.isLeft = false;
    dialog.nextFromMs = this.#nowMs;
    dialog.mayHealUntilMs = Math.max(dialog.mayHealUntilMs, this.#nowMs + ms + slackMs);
  }

  // Responses

  #answered(message: Message, flow: FlowId): void {
    const sent = this.#sent.get(branchOf(message));
    if (sent === undefined || sent.message.method !== message.method) return;
    const { dialog } = sent;
    if (sent.kind === 'call') {
      if (message.status > 100 && message.status < 300 && !sent.isDone) this.#callAnswered(sent, message);
      return;
    }
    if (message.status < 200) return;
    if (sent.isDone && message.method === 'INVITE' && message.status < 300 && dialog !== undefined)
      this.#answeredAgain(dialog);
    if (sent.isDone || (sent.kind === 'heal' && flow !== sent.flow)) return;
    sent.isDone = true;
    if (dialog === undefined) return;
    this.#touched = dialog;
    if (message.status < 300) this.#hearAbilities(dialog, message);
    if (sent.kind === 'wish' && sent.wish !== undefined) this.#wishAnswered(sent, sent.wish, message, flow);
    else if (sent.kind === 'heal') this.#healAnswered(sent, message);
    else if (sent.kind === 'refresh') this.#refreshAnswered(sent, message);
    // One heal, then the same by the new route.
    else if (sent.kind === 'own' && message.status === 430 && actionOf(message) === 'Dialog')
      this.#mayHealFor(dialog, quickMs);
  }

  #callAnswered(sent: Sent, answer: Message): void {
    const { callId, fromTag } = sent.message;
    if (answer.toTag === '' || this.#failedCalls.has(callId)) return;
    const known = this.#find(callId, fromTag, answer.toTag);
    if (known !== undefined && !known.isEarly) {
      if (answer.status >= 200) this.#answeredAgain(known);
      return;
    }
    const target = uriOf(answer.header('contact'));
    const routes = answer.recordRoute.map(uriOf).reverse();
    const offer = sent.message.body;
    const dialog =
      known ??
      this.#make({
        callId,
        localTag: fromTag,
        remoteTag: answer.toTag,
        isOurs: true,
        target,
        routes,
        hop: sent.hop,
        offer,
      });
    this.#touched = dialog;
    this.#hearAbilities(dialog, answer);
    if (answer.status < 200) return;
    // Its route set is the 2xx's, whatever the provisional ones said (RFC 3261 §13.2.2.4).
    dialog.isEarly = false;
    dialog.target = target;
    dialog.routes = routes;
    this.#hearTimer(dialog, answer, true, false);
  }

  /** Its ACK gets lost on the way: after three of these we heal, and acknowledge by the new route. */
  #answeredAgain(dialog: Modelled): void {
    dialog.repetitions++;
    if (dialog.repetitions >= 3) this.#mayHealFor(dialog, quickMs);
  }

  #wishAnswered(sent: Sent, wish: Wish, answer: Message, flow: FlowId): void {
    const { dialog } = wish;
    const { status } = answer;
    const isOld = sent.generation < dialog.generation;
    // It was given up, and what the peer says to a heal is waited for.
    if (wish.state === 'confirming') return;
    if (status < 300) {
      if (this.#isOpen(wish)) this.#take('2xx');
      if (this.#isOpen(wish)) this.#owe(wish, status, false);
      else if (wish.method === 'INVITE') {
        // Told of long ago: it is acknowledged, and what it brings may be taken or not.
        const target = uriOf(answer.header('contact')) || dialog.target;
        dialog.alternative ??= { routes: dialog.routes, target, hop: dialog.hop };
        return;
      }
      if (wish.method === 'UPDATE' || wish.method === 'INVITE') this.#refreshed(sent, dialog, answer);
      return;
    }
    if (!this.#isOpen(wish)) {
      this.#givenUpAnswered(dialog, wish.method, answer, isOld);
      return;
    }
    // Nothing is mended for a dialog that ends.
    if (dialog.byeAtMs !== undefined) return;
    // A younger request overtook it (RFC 3261 §12.2.2): that says nothing of the route.
    const isOvertaken =
      status === 500 && answer.cseq < this.#lastNumber(dialog.callId, dialog.localTag, dialog.remoteTag);
    if (this.#mayTryAgain(wish, answer, isOvertaken)) {
      wish.tries++;
      // RFC 3261 §14.1: the owner of the Call-ID waits for 2.1 s and more.
      const isLong = status === 491 && dialog.isOurs;
      const retryAfterS = status === 500 ? Number.parseInt(answer.header('retry-after'), 10) || 0 : 0;
      wish.againFromMs = this.#nowMs + (isLong ? 2100 : retryAfterS * 1000);
      wish.state = 'again';
      this.#take(isOvertaken ? 'overtaken' : status === 500 ? '500 with a short Retry-After' : `${status}, again`);
      return;
    }
    const action = actionOf(answer);
    const verdict = isOvertaken ? 'told' : requestVerdict(this.#end.mode, wish.method, status, action);
    if (isOvertaken) this.#take('overtaken');
    else this.#world.take(requestRow(this.#end.mode, wish.method, status, action));
    if (verdict === 'told') this.#owe(wish, status, false);
    else if (verdict === 'ends-dialog' || verdict === 'ends-usage') {
      this.#owe(wish, status, false);
      dialog.byeAtMs ??= this.#nowMs;
    } else if (verdict === 'mended') this.#refusedOnce(sent, wish, isOld, flow);
    else if (wish.confirm && verdict === 'broken') {
      wish.state = 'confirming';
      wish.refusedAtMs = this.#nowMs;
      this.#mayHealFor(dialog, quickMs);
    } else {
      // Without a route set another hop may be tried when the hop itself says 503.
      const mayFailOver = status === 503 && dialog.routes.length === 0;
      this.#owe(wish, status, mayFailOver);
      if (mayFailOver || dialog.alternative !== undefined) this.#mayBreak.add(dialog);
      else if (!isOld) {
        // Only a heal of ours can try a claim, and a 430 may ask for one.
        const asksUs = status === 481 || verdict === 'registers' || (status === 430 && action === 'Wait and Dialog');
        this.#break(dialog, asksUs);
      }
    }
  }

  /** Nobody waits for it any more; what an answer to a refresh says of the route holds all the same. */
  #givenUpAnswered(dialog: Modelled, method: string, answer: Message, isOld: boolean): void {
    this.#mayBreak.add(dialog);
    if (method !== 'UPDATE' && method !== 'INVITE') return;
    const verdict = requestVerdict(this.#end.mode, method, answer.status, actionOf(answer));
    const isWalked = verdict === 'mended' || verdict === 'registers' || answer.status === 481;
    if (!isOld && isWalked) this.#mayHealFor(dialog, quickMs);
  }

  /** What is put right at the next try, without a word to anyone. */
  #mayTryAgain({ method, tries, dialog }: Wish, answer: Message, isOvertaken: boolean): boolean {
    const { status } = answer;
    const isRefresh = method === 'UPDATE' || method === 'INVITE';
    // While a route is broken its heals have the word.
    if (dialog.status === 'recovering') return false;
    if (isOvertaken && isRefresh) return tries < 3;
    if (status === 491 && isRefresh) return tries < 3;
    if (status === 500 && isRefresh && answer.has('retry-after'))
      return tries < 3 && Number.parseInt(answer.header('retry-after'), 10) <= 10;
    if (status === 422 && isRefresh) return tries < 3;
    return false;
  }

  #refusedOnce(sent: Sent, wish: Wish, isOld: boolean, flow: FlowId): void {
    const { dialog } = wish;
    // Some hop may have repeated it by UDP, and the 430 answer the repetition; one by another flow may be a stranger's.
    const mayHaveArrived = this.#nowMs - sent.atMs >= 500 || flow !== sent.flow;
    if (wish.resends >= 2 || (mayHaveArrived && !repeatable.has(wish.method))) {
      this.#world.take(lateRow(wish.resends >= 2));
      if (wish.confirm) {
        wish.state = 'confirming';
        this.#mayHealFor(dialog, quickMs);
        return;
      }
      this.#owe(wish, 430, false);
      // Only we can mend it: even a passive stack does.
      if (dialog.alternative !== undefined) this.#mayBreak.add(dialog);
      else if (!isOld) this.#break(dialog, true);
      return;
    }
    // The heals for it and its sending again share their time.
    if (wish.resends === 0) wish.refusedAtMs = this.#nowMs;
    wish.state = isOld ? 'again' : 'waits';
    if (isOld) wish.resends++;
    this.#mayHealFor(dialog, quickMs);
  }

  #healAnswered(sent: Sent, answer: Message): void {
    const { dialog } = sent;
    if (dialog === undefined) return;
    const heal = dialog.heal;
    if (heal === undefined || heal.cseq !== sent.message.cseq) {
      if (answer.status >= 300) return;
      // Of a hop that was taken for dead, and was not.
      if (dialog.status === 'recovering' && sent.generation === dialog.generation)
        this.#mayBeWell.set(dialog, () => this.#healed(dialog, sent.message.route.map(uriOf), sent, answer));
      this.#adoptLate(dialog, sent, answer);
      return;
    }
    const isLast = !this.#hasRungBelow(dialog, heal.rung);
    const action = actionOf(answer);
    const tried = { rung: heal.rung, isBare: !heal.isRouted, isLast };
    const verdict = healVerdict(answer.status, action, tried);
    if (heal.isDoubtful && !this.#hasWaiting(dialog)) {
      dialog.heal = undefined;
      if (verdict === 'healed') {
        this.#mayBeWell.set(dialog, () => this.#healed(dialog, heal.routes, sent, answer));
        this.#healsGroup(dialog);
        const routes = answer.recordRoute.map(uriOf).reverse();
        const target = uriOf(answer.header('contact')) || dialog.target;
        dialog.alternative = { routes: routes.length > 0 ? routes : heal.routes, target, hop: sent.hop };
      } else if (verdict === 'gone') this.#mayEnd.add(dialog);
      else {
        this.#mayBreak.add(dialog);
        this.#mayFail.add(dialog);
        if (verdict === 'path' || verdict === 'next-rung') this.#mayHealFor(dialog, 0);
      }
      return;
    }
    this.#world.take(healAnswerRow(answer.status, action, verdict, tried));
    const isOld = heal.generation < dialog.generation;
    dialog.heal = undefined;
    switch (verdict) {
      case 'healed':
        this.#healed(dialog, heal.routes, sent, answer);
        break;
      case 'path':
        if (isOld) this.#mayHealFor(dialog, quickMs);
        else dialog.move = { rung: heal.rung, hop: heal.hop, isRouted: true };
        this.#world.take(pathRow(heal.rung));
        break;
      case 'next-rung':
        if (isOld) this.#mayHealFor(dialog, quickMs);
        else dialog.move = { rung: rungs[rungs.indexOf(heal.rung) + 1], hop: heal.hop, isRouted: heal.isRouted };
        this.#world.take(moveRow(heal.rung));
        break;
      case 'longer':
      case 'credentials':
        // With what it asks for once more at once, else by the schedule: then who waits is told.
        this.#attemptFailed(dialog);
        dialog.nextFromMs = this.#nowMs;
        this.#mayFail.add(dialog);
        break;
      case 'glare':
        this.#mayHealFor(dialog, glareMs);
        break;
      case 'gone':
        if (!isOld) this.#over(dialog);
        break;
      case 'registers':
      case 'trouble':
      case 'refused':
        this.#failed(dialog, answer.status, verdict !== 'refused', isOld);
        break;
    }
  }

  /** Whoever waits for a heal would have been told that it is over. */
  #hasWaiting(dialog: Modelled): boolean {
    for (const wish of this.#wishes.values()) if (wish.dialog === dialog && wish.state === 'waits') return true;
    return false;
  }

  #hasRungBelow(dialog: Modelled, rung: Rung): boolean {
    if (rung === 'INVITE with Replaces') return false;
    const mayReplace = this.#end.replaces && dialog.takesReplaces;
    return rung === 're-INVITE' ? mayReplace : dialog.offer !== '' || mayReplace;
  }

  /** The attempt is over; who waits hears of it, then the program, then the schedule goes on. */
  #failed(dialog: Modelled, status: number | undefined, isTrouble: boolean, isOld: boolean): void {
    this.#attemptFailed(dialog);
    // Those behind, too, that were never sent.
    this.#mayFail.add(dialog);
    for (const wish of this.#wishes.values()) {
      if (wish.dialog === dialog && wish.state === 'waits') this.#owe(wish, status === 430 ? 430 : undefined, false);
    }
    // What was asked by an older route is asked again at once.
    if (isOld) dialog.nextFromMs = this.#nowMs;
    else if (isTrouble) this.#break(dialog, true);
  }

  #attemptFailed(dialog: Modelled): void {
    dialog.heal = undefined;
    dialog.move = undefined;
    dialog.attempts++;
    const delayMs = Math.min(60, 2 ** dialog.attempts) * 1000;
    dialog.nextFromMs = this.#nowMs + delayMs / 2;
    dialog.nextToMs = this.#nowMs + delayMs;
  }

  #healed(dialog: Modelled, routes: readonly string[], sent: Sent, answer: Message): void {
    const isOlder = this.#isOlderWord(dialog, answer);
    // The far end has healed it meanwhile, and then moved.
    if (isOlder && sent.generation < dialog.generation) {
      this.#isWell(dialog);
      return;
    }
    if (sent.message.toTag === '') this.#rename(dialog, answer.callId, answer.fromTag, answer.toTag);
    const recordRoute = answer.recordRoute.map(uriOf).reverse();
    const before = dialog.generation;
    this.#moveTo(dialog, recordRoute.length > 0 ? recordRoute : routes, sent.hop);
    // That its route works is news, were it the same as before.
    dialog.generation = before + 1;
    if (!isOlder) this.#retarget(dialog, answer);
    this.#hearTimer(dialog, answer, true, true);
    this.#isWell(dialog);
    this.#healsGroup(dialog);
  }

  /** The dialogs that take the same way may be healed once, within a second of this one. */
  #healsGroup({ group }: Modelled): void {
    if (group === undefined) return;
    for (const other of this.#dialogs.values())
      if (other.group === group) {
        this.#mayHealFor(other, pendingInviteMs);
        other.anyTimeUntilMs = this.#nowMs + 1000 + slackMs;
      }
  }

  /** Both routes live; the last one is kept (Q6). */
  #adoptLate(dialog: Modelled, sent: Sent, answer: Message): void {
    const target = uriOf(answer.header('contact'));
    if (target !== '' && target !== dialog.target) return;
    const recordRoute = answer.recordRoute.map(uriOf).reverse();
    this.#moveTo(dialog, recordRoute.length > 0 ? recordRoute : sent.message.route.map(uriOf), sent.hop);
  }

  /** A broken route, or another one: what was sent by the old one says nothing of it. */
  #moveTo(dialog: Modelled, routes: readonly string[], hop: string | undefined): void {
    if (dialog.status === 'recovering' || routes.join(', ') !== dialog.routes.join(', ')) dialog.generation++;
    dialog.routes = routes;
    dialog.hop = hop ?? dialog.hop;
    dialog.alternative = undefined;
  }

  #isWell(dialog: Modelled): void {
    for (const wish of this.#wishes.values()) {
      if (wish.dialog !== dialog || wish.state !== 'waits') continue;
      wish.state = 'again';
      wish.resends++;
    }
    dialog.attempts = 0;
    dialog.move = undefined;
    if (dialog.status === 'healthy') return;
    dialog.status = 'healthy';
    // The program has been told that it is over, or will be by the BYE.
    if (dialog.byeAtMs !== undefined) return;
    this.#due.push(dueOf('status', dialog, { routeStatus: 'healthy' }));
    this.#healsGroup(dialog);
  }

  #over(dialog: Modelled): void {
    for (const wish of this.#wishes.values()) {
      if (wish.dialog === dialog && this.#isOpen(wish)) this.#owe(wish, undefined, false);
    }
    this.#due.push(dueOf('ended', dialog, {}));
  }

  #refreshAnswered(sent: Sent, answer: Message): void {
    const { dialog } = sent;
    if (dialog === undefined) return;
    if (answer.status < 300) {
      this.#refreshed(sent, dialog, answer);
      // It may have been a heal: without a route set they look the same.
      const routes = answer.recordRoute.map(uriOf).reverse();
      if (sent.message.route.length === 0 && routes.length > 0)
        dialog.alternative = { routes, target: uriOf(answer.header('contact')) || dialog.target, hop: sent.hop };
    } else if (answer.status === 430 && actionOf(answer) === 'Dialog') {
      this.#mayHealFor(dialog, quickMs);
      this.#mayBreak.add(dialog);
    } else {
      this.#mayBreak.add(dialog);
      // Without a route set a heal looks the same.
      this.#mayEnd.add(dialog);
      const eighthMs = (dialog.timer?.intervalS ?? 0) * 125;
      const isSoon = answer.status === 491 || answer.status === 422 || answer.status === 500;
      dialog.refreshFromMs = this.#nowMs + (isSoon ? 0 : eighthMs);
    }
  }

  /** A target refresh of ours was taken (RFC 3261 §12.2.1.2, RFC 4028 §7.2). */
  #refreshed({ message, isEarly }: Sent, dialog: Modelled, answer: Message): void {
    if (!this.#isOlderWord(dialog, answer)) this.#retarget(dialog, answer);
    if (message.body !== '') dialog.offer = message.body;
    // Without a route set a heal looks the same as a request of the program's.
    this.#healsGroup(dialog);
    // The session begins with the call's own 2xx.
    if (!isEarly) this.#hearTimer(dialog, answer, true, false);
  }

  /** A peer that moves says so by a request (RFC 6141 §4.8): the answer to what was sent before that came is the older word. */
  #isOlderWord(dialog: Modelled, answer: Message): boolean {
    const target = uriOf(answer.header('contact'));
    return target !== '' && target !== dialog.target && answer.cseq < dialog.movedBefore;
  }

  #retarget(dialog: Modelled, message: Message): void {
    const target = uriOf(message.header('contact'));
    if (target === '' || target === dialog.target) return;
    dialog.target = target;
    const last = this.#lastNumber(dialog.callId, dialog.localTag, dialog.remoteTag);
    dialog.movedBefore = message.isRequest ? last + 1 : message.cseq;
  }

  #hearAbilities(dialog: Modelled, message: Message): void {
    if (message.has('allow')) dialog.allowsUpdate = message.lists('allow', 'update');
    if (!message.has('supported')) return;
    dialog.isResilient = message.lists('supported', tag);
    dialog.takesReplaces ||= message.lists('supported', 'replaces');
  }

  #hearTimer(dialog: Modelled, answer: Message, isOurs: boolean, isHeal: boolean): void {
    if (!answer.has('session-expires')) {
      if (!isHeal) dialog.timer = undefined;
      else if (dialog.timer !== undefined) dialog.timer.sinceMs = this.#nowMs;
      return;
    }
    const value = answer.header('session-expires');
    const byUac = paramOf(paramsOf(value), 'refresher')?.toLowerCase() !== 'uas';
    dialog.timer = { intervalS: Number.parseInt(value, 10), isOurs: byUac === isOurs, sinceMs: this.#nowMs };
  }

  // Breaks

  /** `isWalked`: even a passive stack heals. */
  #break(dialog: Modelled, isWalked = false): void {
    if (!this.#isOn || dialog.byeAtMs !== undefined || dialog.isEarly) return;
    if (isWalked) dialog.isLeft = false;
    if (dialog.status === 'recovering') return;
    if (dialog.id === undefined) {
      // The program has not heard of it: an INVITE that was given up, or one that waits for its ACK.
      this.#mayBreak.add(dialog);
      return;
    }
    // What the program has asked for goes on.
    dialog.isLeft = this.#end.passive && !isWalked && this.#nowMs > dialog.mayHealUntilMs;
    for (const wish of this.#wishes.values()) {
      if (wish.dialog === dialog && wish.state === 'waits') this.#owe(wish, 430, false);
    }
    dialog.status = 'recovering';
    dialog.brokeAtMs = this.#nowMs;
    dialog.nextFromMs = this.#nowMs;
    dialog.nextToMs = this.#nowMs;
    dialog.attempts = 0;
    this.#due.push(dueOf('status', dialog, { routeStatus: 'recovering' }));
  }

  #isOpen(wish: Wish): boolean {
    return this.#wishes.get(wish.id) === wish && !this.#due.some((due) => due.wish === wish);
  }

  #owe(wish: Wish, status: number | undefined, orSent: boolean): void {
    if (!this.#isOpen(wish) || wish.dialog.isEarly) return;
    if (wish.isGivenUp) return;
    this.#due.push(dueOf('result', wish.dialog, { wish, status, orSent }));
  }

  // Outputs

  #takeOutput(output: Output<EngineEvent>): void {
    switch (output.kind) {
      case 'open':
        this.#opens.set(output.openId, key(output.remote));
        break;
      case 'close':
        this.#flows.delete(output.flow);
        break;
      case 'send': {
        const name = this.#flows.get(output.flow)?.hop;
        const hop = name === undefined ? undefined : this.#hops.get(name);
        if (hop !== undefined && wantsAnswer(output.bytes)) hop.askedMs ??= this.#nowMs;
        if (isProbe(output.bytes)) break;
        const message = read(output.bytes);
        if (message?.isRequest === true) this.#sends(message, output.flow);
        else if (message !== undefined) this.#answers(message);
        break;
      }
      case 'event':
        this.#tells(output.event);
        break;
    }
  }

  #sends(message: Message, flow: FlowId): void {
    const { method, toTag, callId, fromTag } = message;
    const branch = branchOf(message);
    if ((method === 'ACK' || method === 'PRACK') && message.body !== '' && !this.#described.has(branch)) {
      this.#described.add(branch);
      this.#describe(message, fromTag, toTag);
    }
    if (method === 'ACK' || method === 'CANCEL' || this.#sent.has(branch)) return;
    const lastNumber = this.#lastNumber(callId, fromTag, toTag);
    this.#numbers.set(dialogKey(callId, fromTag, toTag), Math.max(lastNumber, message.cseq));
    const hop = this.#flows.get(flow)?.hop;
    const note = (kind: Sent['kind'], dialog: Modelled | undefined, wish?: Wish): void => {
      const generation = dialog?.generation ?? 0;
      const atMs = this.#nowMs;
      const isEarly = dialog?.isEarly ?? false;
      this.#sent.set(branch, { kind, message, flow, hop, atMs, dialog, wish, generation, isEarly, isDone: false });
    };
    if (toTag === '') {
      const replaced = this.#replacedBy(message, 'from-tag', 'to-tag');
      if (replaced !== undefined) {
        note('heal', replaced);
        this.#numbers.set(dialogKey(replaced.callId, replaced.localTag, replaced.remoteTag), message.cseq);
        this.#healsWith(replaced, message, 'INVITE with Replaces', flow, hop);
        return;
      }
      note('call', undefined);
      if (this.#inviting !== undefined) this.#calls.set(this.#inviting, callId);
      this.#inviting = undefined;
      return;
    }
    const dialog = this.#find(callId, fromTag, toTag);
    if (dialog === undefined) {
      note('loose', undefined);
      return;
    }
    const { alternative } = dialog;
    if (alternative !== undefined && message.route.map(uriOf).join(', ') === alternative.routes.join(', ')) {
      this.#moveTo(dialog, alternative.routes, alternative.hop);
      dialog.generation++;
    }
    if (alternative !== undefined && message.requestUri === alternative.target) dialog.target = alternative.target;
    if (method === 'BYE') {
      dialog.byeAtMs ??= this.#nowMs;
      dialog.heal = undefined;
      note('own', dialog);
      return;
    }
    if (method === 'PRACK') {
      note('own', dialog);
      return;
    }
    const wish = this.#wishFor(dialog, message);
    if (wish !== undefined) {
      note('wish', dialog, wish);
      this.#sendsFor(wish, message);
    } else if (method === 'UPDATE' || method === 'INVITE')
      this.#refreshes(dialog, message, flow, hop, lastNumber, note);
    else {
      note('loose', dialog);
      this.#violate(`sends ${method} ${message.cseq}, for which nobody asked`, dialog);
    }
  }

  /** What we have said of our session, where nobody may refuse it any more. */
  #describe({ callId, body }: Message, localTag: string, remoteTag: string): void {
    const dialog = this.#find(callId, localTag, remoteTag);
    if (dialog !== undefined) dialog.offer = body;
  }

  /** Each branch of a call goes on from its INVITE's number. */
  #lastNumber(callId: string, localTag: string, remoteTag: string): number {
    const own = this.#numbers.get(dialogKey(callId, localTag, remoteTag)) ?? 0;
    return Math.max(own, this.#numbers.get(dialogKey(callId, localTag, '')) ?? 0);
  }

  #wishFor(dialog: Modelled, message: Message): Wish | undefined {
    const { method, body, cseq } = message;
    // A heal looks like a wish of the same method, but for its Route.
    const isRefresh = method === 'UPDATE' || method === 'INVITE';
    const isHeld = isRefresh && (this.#isHeld(dialog) || dialog.move !== undefined);
    // A walk goes on at once, and a break is followed by a heal.
    const heals = dialog.move !== undefined || (dialog.status === 'recovering' && dialog.brokeAtMs === this.#nowMs);
    if (isRefresh && heals && this.#commanded === undefined) return undefined;
    if (isRefresh && message.route.map(uriOf).join(', ') !== dialog.routes.join(', ')) return undefined;
    let found = this.#commanded;
    if (found?.dialog === dialog && found.state === 'new' && found.method === method && found.body === body)
      return found;
    found = undefined;
    for (const wish of this.#wishes.values()) {
      if (wish.dialog !== dialog || wish.method !== method || wish.body !== body) continue;
      if (isHeld && wish.state === 'new') continue;
      if (wish.state === 'again' && this.#nowMs < wish.againFromMs - slackMs) continue;
      if (wish.state === 'again' || wish.state === 'new') found ??= wish;
      else if (wish.state === 'sent' && this.#due.some((due) => due.wish === wish && due.orSent)) found ??= wish;
      else if (wish.state === 'sent' && wish.cseq === cseq) found ??= wish;
    }
    return found;
  }

  #sendsFor(wish: Wish, message: Message): void {
    const { dialog } = wish;
    if (wish.state === 'new' && this.#isHeld(dialog))
      this.#violate(`sends ${wish.method} ${message.cseq} while requests wait for the route`, dialog);
    if (wish.state === 'again') {
      if (message.cseq <= wish.cseq) this.#violate(`sends ${wish.method} again with an old number`, dialog);
    }
    wish.state = 'sent';
    wish.sentAtMs = this.#nowMs;
    wish.cseq = message.cseq;
    const routes = message.route.map(uriOf).join(', ');
    if (routes !== dialog.routes.join(', '))
      this.#violate(
        `sends ${wish.method} ${message.cseq} by [${routes}], its route is [${dialog.routes.join(', ')}]`,
        dialog,
      );
    if (message.requestUri !== dialog.target)
      this.#violate(`sends ${wish.method} ${message.cseq} to ${message.requestUri}, not to ${dialog.target}`, dialog);
  }

  /** Requests wait: for a quick heal, or in `limited` for any. */
  #isHeld(dialog: Modelled): boolean {
    if (dialog.status === 'recovering') return this.#end.mode === 'limited';
    return this.#hasWaiting(dialog);
  }

  #refreshes(
    dialog: Modelled,
    message: Message,
    flow: FlowId,
    hop: string | undefined,
    lastNumber: number,
    note: (kind: Sent['kind'], dialog: Modelled) => void,
  ): void {
    for (const wish of this.#wishes.values()) {
      const isLost = wish.state === 'sent' && this.#nowMs - wish.sentAtMs >= transactionMs - slackMs;
      if (wish.dialog !== dialog || !wish.confirm || !isLost) continue;
      wish.state = 'confirming';
      this.#mayHealFor(dialog, quickMs);
    }
    const routes = message.route.map(uriOf);
    const isQuick = [...this.#wishes.values()].some(
      (wish) => wish.dialog === dialog && (wish.state === 'waits' || wish.state === 'confirming'),
    );
    const isHealing = dialog.status === 'recovering' || isQuick || dialog.move !== undefined;
    const isRefresh = !isHealing && routes.join(', ') === dialog.routes.join(', ');
    if (isRefresh && (this.#isRefreshDue(dialog) || !this.#mayHeal(dialog))) {
      note('refresh', dialog);
      const isDue = this.#isRefreshDue(dialog);
      dialog.refreshFromMs = Number.POSITIVE_INFINITY;
      if (!isDue) this.#violate(`sends ${message.method} ${message.cseq} without a cause`, dialog);
      return;
    }
    if (!isHealing && !this.#mayHeal(dialog)) this.#violate(`heals with ${message.cseq} without a cause`, dialog);
    note('heal', dialog);
    const rung = message.method === 'INVITE' ? 're-INVITE' : message.body === '' ? 'UPDATE' : 'UPDATE with the offer';
    this.#checkHeal(dialog, message, routes, hop, lastNumber);
    this.#healsWith(dialog, message, rung, flow, hop);
  }

  #healsWith(dialog: Modelled, message: Message, rung: Rung, flow: FlowId, hop: string | undefined): void {
    const routes = message.route.map(uriOf);
    const isRouted = routes.length > 0;
    this.#checkTime(dialog, message);
    const { move } = dialog;
    const isOtherPath = move !== undefined && move.hop === hop && isRouted !== move.isRouted;
    if (move !== undefined && (isOtherPath || (move.rung !== undefined && rung !== move.rung)))
      this.#violate(`goes on with ${rung} [${routes}], not with ${move.rung} ${move.isRouted}`, dialog);
    dialog.move = undefined;
    // Heals go where somebody lives.
    const place = this.#hops.get(hop ?? '');
    if (place !== undefined) place.isDead = false;
    const { cseq } = message;
    const { generation } = dialog;
    dialog.heal = {
      cseq,
      rung,
      isRouted,
      routes,
      hop: hop ?? '',
      flow,
      atMs: this.#nowMs,
      generation,
      isDoubtful: false,
    };
    this.#world.take(sentRow(rung, isRouted));
  }

  /** The dialog of ours that an INVITE is to take the place of (RFC 3891 §6.1): whose tags are called what depends on who sends it. */
  #replacedBy(invite: Message, ours: 'from-tag' | 'to-tag', theirs: 'from-tag' | 'to-tag'): Modelled | undefined {
    const value = invite.header('replaces');
    if (value === '') return undefined;
    const [callId = ''] = value.split(';', 1);
    const params = value.slice(callId.length);
    return this.#find(callId.trim(), paramOf(params, ours) ?? '', paramOf(params, theirs) ?? '');
  }

  /** It keeps its handle, and is another dialog otherwise. */
  #rename(dialog: Modelled, callId: string, localTag: string, remoteTag: string): void {
    this.#dialogs.delete(dialogKey(dialog.callId, dialog.localTag, dialog.remoteTag));
    Object.assign(dialog, { callId, localTag, remoteTag });
    this.#dialogs.set(dialogKey(callId, localTag, remoteTag), dialog);
  }

  /** §2.3: what a healing request is made of. */
  #checkHeal(
    dialog: Modelled,
    message: Message,
    routes: readonly string[],
    hop: string | undefined,
    lastNumber: number,
  ): void {
    const wrong = (what: string): void => this.#violate(`heals ${what} (${message.method} ${message.cseq})`, dialog);
    if (!this.#isOn) wrong('although it does not recover');
    if (dialog.isLeft) wrong('although it leaves that to the far end');
    if (routes.length > 1 || (routes.length === 1 && hostPortOf(routes[0] ?? '') !== hop)) wrong(`by [${routes}]`);
    if (message.requestUri !== dialog.target) wrong(`${message.requestUri}, not ${dialog.target}`);
    if (lastNumber > 0 && message.cseq !== lastNumber + 1) wrong(`with a number that is not ${lastNumber + 1}`);
    if (!message.lists('supported', tag)) wrong('without the option tag');
    if (!message.has('contact')) wrong('without Contact');
    if (dialog.timer !== undefined && !message.has('session-expires')) wrong('without Session-Expires');
    if (message.body !== '' && message.body !== dialog.offer) wrong('with another offer');
    if (this.#due.some((due) => due.dialog === dialog && due.kind !== 'ended'))
      wrong('before it has told whom it must tell');
  }

  #checkTime(dialog: Modelled, message: Message): void {
    const { heal } = dialog;
    if (heal !== undefined) {
      if (heal.isDoubtful || this.#nowMs - heal.atMs >= transactionMs - slackMs || this.#isSilent(heal.hop)) {
        if (this.#hasHealTimedOut(dialog)) this.#world.take(healRow('no answer'));
        dialog.heal = undefined;
        return;
      }
      this.#violate(`heals with ${message.cseq} while ${heal.cseq} is under way`, dialog);
    }
    if (dialog.move !== undefined) return;
    if (this.#nowMs <= dialog.anyTimeUntilMs) {
      dialog.attempts = 0;
      return;
    }
    if (this.#nowMs < dialog.nextFromMs - slackMs)
      this.#violate(`heals ${dialog.nextFromMs - this.#nowMs} ms before its time`, dialog);
  }

  #mayHeal(dialog: Modelled): boolean {
    return this.#nowMs <= dialog.mayHealUntilMs || this.#isUnacknowledged(dialog) || this.#isOverdue(dialog);
  }

  #isUnacknowledged({ unacked }: Modelled): boolean {
    return unacked !== undefined && this.#nowMs - unacked.sinceMs >= transactionMs - slackMs;
  }

  /** Its peer should have refreshed the session by now; it would be ended otherwise (RFC 4028 §10). */
  #isOverdue({ timer, isResilient }: Modelled): boolean {
    if (timer === undefined || !isResilient) return false;
    const marginS = Math.min(32, timer.intervalS / 3);
    return this.#nowMs >= timer.sinceMs + (timer.intervalS - marginS) * 1000 - slackMs;
  }

  #isRefreshDue({ timer, refreshFromMs }: Modelled): boolean {
    if (this.#nowMs >= refreshFromMs - slackMs) return true;
    return timer !== undefined && this.#nowMs >= timer.sinceMs + timer.intervalS * 500 - slackMs;
  }

  #answers(message: Message): void {
    const received = this.#received.get(serverKey(message));
    const { status, method } = message;
    if (received === undefined || received.isAnswered) return;
    received.isAnswered = status >= 200;
    if (status <= 100 || status >= 300) return;
    const request = received.message;
    if (request.toTag === '') {
      if (method === 'INVITE' && message.toTag !== '') this.#answersCall(request, message, received.flow);
      return;
    }
    if (status < 200) return;
    const dialog = this.#find(message.callId, message.toTag, message.fromTag);
    if (dialog !== undefined && method === 'PRACK' && message.body !== '') dialog.offer = message.body;
    if (dialog === undefined || (method !== 'UPDATE' && method !== 'INVITE')) return;
    this.#touched = dialog;
    this.#takesRefresh(dialog, request, message, received.flow);
  }

  #answersCall(request: Message, answer: Message, flow: FlowId): void {
    const replaced = this.#replacedBy(request, 'to-tag', 'from-tag');
    if (replaced !== undefined) {
      if (answer.status < 200) return;
      this.#rename(replaced, answer.callId, answer.toTag, answer.fromTag);
      replaced.target = uriOf(request.header('contact'));
      this.#hearAbilities(replaced, request);
      this.#hearTimer(replaced, answer, false, false);
      if (answer.body !== '') replaced.offer = answer.body;
      this.#moveTo(replaced, request.recordRoute.map(uriOf), this.#flows.get(flow)?.hop);
      this.#isWell(replaced);
      return;
    }
    const { callId, toTag: localTag, fromTag: remoteTag } = answer;
    const target = uriOf(request.header('contact'));
    const routes = request.recordRoute.map(uriOf);
    const hop = this.#flows.get(flow)?.hop;
    const dialog =
      this.#find(callId, localTag, remoteTag) ??
      this.#make({ callId, localTag, remoteTag, isOurs: false, target, routes, hop, offer: '' });
    this.#touched = dialog;
    if (answer.body !== '') dialog.offer = answer.body;
    this.#hearAbilities(dialog, request);
    if (answer.status < 200) return;
    dialog.isEarly = false;
    dialog.unacked = { cseq: answer.cseq, sinceMs: this.#nowMs };
    this.#hearTimer(dialog, answer, false, false);
  }

  /** Q4, and trust rule 11: whose refresh moves what. */
  #takesRefresh(dialog: Modelled, request: Message, answer: Message, flow: FlowId): void {
    this.#hearAbilities(dialog, request);
    this.#hearTimer(dialog, answer, false, false);
    if (answer.body !== '') dialog.offer = answer.body;
    if (answer.method === 'INVITE') dialog.unacked = { cseq: answer.cseq, sinceMs: this.#nowMs };
    const recordRoute = request.recordRoute.map(uriOf);
    const by = this.#flows.get(flow);
    const isFromHop =
      by?.isOurs === false && this.#end.protocol === 'tcp'
        ? this.#isListed(sentBy(request))
        : this.#isListed(by?.remote ?? '');
    const isTrusted = this.#end.trust === 'dialog-tags' || isFromHop;
    const offersTag = request.lists('supported', tag);
    this.#retarget(dialog, request);
    if (!this.#isOn || !isTrusted || !offersTag) return;
    if (recordRoute.length === 0 && dialog.status === 'healthy') return;
    if (!recordRoute.every((uri) => /^sips?:.*;lr/i.test(uri)) || recordRoute.length > 30) return;
    this.#moveTo(dialog, recordRoute, this.#flows.get(flow)?.hop);
    this.#isWell(dialog);
  }

  // Events

  #tells(event: EngineEvent): void {
    switch (event.kind) {
      case 'result':
        this.#handsOver(event);
        if (event.failure !== undefined) this.#callFailed(this.#calls.get(event.id));
        if (event.value.dialog !== undefined) this.#know(event.value.dialog.id, event.value.dialog.callId);
        this.#tellsResult(event);
        break;
      case 'incoming-call':
        this.#incoming.set(event.call, event.callId);
        break;
      case 'provisional':
        if (event.dialog !== undefined) this.#know(event.dialog.id, event.dialog.callId);
        break;
      case 'fork':
      case 'request':
      case 'media-lost':
      case 'session-changed':
        this.#know(event.dialog.id, event.dialog.callId);
        break;
      case 'route-status': {
        const dialog = this.#know(event.dialog.id, event.dialog.callId);
        if (dialog !== undefined) this.#tellsStatus(dialog, event);
        break;
      }
      case 'ended': {
        const dialog = this.#know(event.dialog.id, event.dialog.callId);
        if (dialog !== undefined) this.#tellsEnd(dialog, event);
        break;
      }
    }
  }

  /** What has become of its dialogs nobody is told but by that. */
  #callFailed(callId: string | undefined): void {
    if (callId === undefined) return;
    this.#failedCalls.add(callId);
    for (const dialog of this.#dialogs.values()) if (dialog.callId === callId) this.#forget(dialog);
  }

  /** Dialogs that come as records, and those that go. */
  #handsOver({ id, failure }: Extract<EngineEvent, { kind: 'result' }>): void {
    const record = this.#adopted.get(id);
    const released = this.#released.get(id);
    if (failure !== undefined) return;
    if (released !== undefined) this.#forget(released);
    if (record === undefined) return;
    const {
      callId,
      localTag,
      remoteTag,
      remoteTarget: target,
      routeSet: routes = [],
      localSession: offer = '',
    } = record;
    const { sessionTimer, peer = {}, hop, group } = record;
    const isOurs = record.role === 'uac';
    const dialog = this.#make({
      callId,
      localTag,
      remoteTag,
      isOurs,
      target,
      routes,
      hop: hop && hostPortOf(hop),
      offer,
    });
    this.#numbers.delete(dialogKey(callId, localTag, remoteTag));
    dialog.isEarly = false;
    dialog.group = group;
    dialog.allowsUpdate = peer.allowsUpdate;
    dialog.isResilient = peer.resilient ?? false;
    dialog.takesReplaces = peer.replaces ?? false;
    if (record.routeStatus === 'recovering') {
      // With recovery off one refresh is all that tells the peer where its dialog is now.
      if (this.#isOn) this.#break(dialog, true);
      else dialog.refreshFromMs = this.#nowMs;
    }
    if (sessionTimer === undefined) return;
    const { intervalS, refresher, remainingS = intervalS } = sessionTimer;
    const sinceMs = this.#nowMs - (intervalS - remainingS) * 1000;
    dialog.timer = { intervalS, isOurs: refresher === 'local', sinceMs };
  }

  #tellsResult({ id, failure }: Extract<EngineEvent, { kind: 'result' }>): void {
    const wish = this.#wishes.get(id);
    if (wish?.dialog.isEarly) this.#wishes.delete(id);
    if (wish === undefined || wish.dialog.isEarly) return;
    const due = this.#due.find((each) => each.wish === wish);
    this.#wishes.delete(id);
    const status = failure === undefined ? 200 : failure.response?.status;
    const { dialog, method } = wish;
    if (failure?.origin === 'local' && wish.state === 'sent') {
      if (status === 408) this.#take('no answer');
      if (status === 503) this.#take('hop gone');
    }
    if (due !== undefined) {
      this.#meet(due);
      const isRight = due.status === undefined || (due.status < 300 ? failure === undefined : status === due.status);
      if (!isRight) this.#violate(`tells ${status ?? failure?.code} of ${method}, not ${due.status}`, dialog);
      return;
    }
    if (failure === undefined) {
      this.#violate(`tells a success of ${method} that nobody has answered`, dialog);
      return;
    }
    if (failure.code !== 'SIP_FAILURE_RESPONSE' || wish.isGivenUp) return;
    if (wish.state === 'confirming') {
      this.#mayBreak.add(dialog);
      return;
    }
    // The session ends for want of an ACK, and all that was wished for in it.
    if (this.#isUnacknowledged(dialog)) return;
    if (this.#mayFail.has(dialog) || dialog.byeAtMs !== undefined) return;
    // An INVITE is not waited for any longer, whatever became of it.
    if (wish.method === 'INVITE' && wish.sentAtMs > 0 && this.#nowMs - wish.sentAtMs >= transactionMs - slackMs) {
      this.#mayBreak.add(dialog);
      return;
    }
    // The heal has had no answer: who waits for it has the same, who was not sent too.
    if (
      (this.#hasHealTimedOut(dialog) || this.#hasTimedOut(dialog) || this.#isSilent(dialog.heal?.hop ?? '')) &&
      (wish.state === 'waits' || wish.state === 'new')
    ) {
      this.#mayBreak.add(dialog);
      return;
    }
    // Nor will it have one: its hop is gone.
    if (dialog.heal !== undefined && this.#isSilent(dialog.heal.hop) && wish.state === 'waits') {
      this.#mayBreak.add(dialog);
      return;
    }
    const what = `${method} ${wish.cseq} fails with ${status}`;
    const sent = [...this.#sent.values()].findLast((each) => each.wish === wish);
    const isSlow = wish.state === 'sent' && wish.resends > 0 && this.#nowMs - wish.refusedAtMs >= quickMs - slackMs;
    if (wish.state === 'waits' || (isSlow && status === 430)) {
      if (this.#nowMs - wish.refusedAtMs < quickMs - slackMs)
        this.#violate(`${what} before the heal has had its time`, dialog);
      this.#break(dialog, true);
    } else if (failure.origin !== 'local') {
      if (wish.state !== 'again') this.#violate(`${what}, which nobody has said`, dialog);
      this.#mayBreak.add(dialog);
    } else if (status === 408) {
      if (sent !== undefined && this.#nowMs - sent.atMs < transactionMs - slackMs)
        this.#violate(`${what} too soon`, dialog);
      if (sent !== undefined) sent.isDone = true;
      if (dialog.alternative !== undefined) this.#mayBreak.add(dialog);
      else if (sent === undefined || sent.generation === dialog.generation) this.#break(dialog);
    } else if (status === 503) {
      const hop = sent?.hop ?? this.#hopOf(dialog);
      if (hop !== undefined && this.#isSilent(hop)) this.#hopDied(hop);
      this.#mayBreak.add(dialog);
    }
  }

  #tellsStatus(dialog: Modelled, { routeStatus }: Extract<EngineEvent, { kind: 'route-status' }>): void {
    const { status, cause } = routeStatus;
    if (dialog.isEarly) {
      dialog.isEarly = false;
      if (dialog.isAnswered) this.#mayBreak.add(dialog);
      else this.#violate(`tells ${status} of an early dialog`, dialog);
    }
    let due = this.#due.find((each) => each.dialog === dialog && each.routeStatus === status);
    if (due === undefined && status === 'recovering' && dialog.status === 'healthy') {
      const hop = this.#hopOf(dialog);
      if (cause === 'hop-silent' && hop !== undefined && this.#isSilent(hop)) this.#hopDied(hop);
      // The hop may be another one than the route set names: where that cannot be read, it is the one that last worked.
      if (cause === 'hop-silent' && [...this.#hops.keys()].some((each) => this.#isSilent(each)))
        this.#mayBreak.add(dialog);
      // Or a heal of it, though healthy, was on its way by a hop that is gone.
      if (dialog.heal !== undefined && this.#isSilent(dialog.heal.hop)) this.#mayBreak.add(dialog);
      if (this.#hasHealTimedOut(dialog)) this.#mayBreak.add(dialog);
      if (this.#mayBreak.has(dialog) || (cause === 'timeout' && this.#hasTimedOut(dialog))) this.#break(dialog, true);
      due = this.#due.find((each) => each.dialog === dialog && each.routeStatus === status);
    } else if (due === undefined && status === 'healthy' && dialog.status === 'recovering') {
      const becomeWell = this.#mayBeWell.get(dialog);
      if (becomeWell !== undefined) becomeWell();
      else this.#answersUnseen(dialog);
      due = this.#due.find((each) => each.dialog === dialog && each.routeStatus === status);
    }
    // A new dialog in its place has another Call-ID: that is told in any case.
    if (due === undefined && status === 'healthy' && routeStatus.replaced && dialog.status === 'healthy') return;
    if (due === undefined) {
      this.#violate(`tells ${status} (${cause}) without a cause, it is ${dialog.status}`, dialog);
      dialog.status = status;
    } else this.#meet(due);
    if (this.#isOn) return;
    this.#violate(`tells ${status} although it does not recover`, dialog);
  }

  /** A refresh of the peer's was accepted, and its answer has no way yet. */
  #answersUnseen(dialog: Modelled): void {
    for (const { message, flow, isAnswered } of this.#received.values()) {
      const isOurs = message.callId === dialog.callId && message.toTag === dialog.localTag;
      if (isAnswered || !isOurs || (message.method !== 'UPDATE' && message.method !== 'INVITE')) continue;
      this.#retarget(dialog, message);
      this.#moveTo(dialog, message.recordRoute.map(uriOf), this.#flows.get(flow)?.hop);
      this.#isWell(dialog);
    }
  }

  #hasTimedOut(dialog: Modelled): boolean {
    if (this.#isUnacknowledged(dialog) || this.#isOverdue(dialog)) return true;
    for (const { message, atMs, isAnswered } of this.#received.values()) {
      // Answered perhaps, by a 2xx that had no way, and so no ACK.
      const isInvite = message.method === 'INVITE' && !isAnswered && this.#nowMs - atMs >= transactionMs - slackMs;
      if (isInvite && message.callId === dialog.callId && message.toTag === dialog.localTag) return true;
    }
    for (const sent of this.#sent.values()) {
      if (sent.isDone || this.#nowMs - sent.atMs < transactionMs - slackMs) continue;
      const { callId, fromTag, toTag } = sent.message;
      // What was sent before the dialog was confirmed belongs to it as well.
      if (sent.dialog === dialog || this.#find(callId, fromTag, toTag) === dialog) return true;
    }
    return false;
  }

  #hasHealTimedOut({ heal }: Modelled): boolean {
    return heal !== undefined && this.#nowMs - heal.atMs >= transactionMs - slackMs;
  }

  #tellsEnd(dialog: Modelled, { reason, by }: Extract<EngineEvent, { kind: 'ended' }>): void {
    const due = this.#due.find((each) => each.dialog === dialog && each.kind === 'ended');
    if (due !== undefined) this.#meet(due);
    const wrong = (): void => this.#violate(`ends (${by} ${reason}) without a cause`, dialog);
    if (reason === 'does-not-exist' && due === undefined && this.#isOn && !this.#mayEnd.has(dialog)) wrong();
    else if (reason === 'session-expired' && by === 'local' && dialog.status === 'recovering') wrong();
    this.#forget(dialog);
  }

  #forget(dialog: Modelled): void {
    this.#dialogs.delete(dialogKey(dialog.callId, dialog.localTag, dialog.remoteTag));
    if (dialog.id !== undefined) this.#byId.delete(dialog.id);
    this.#due = this.#due.filter((each) => each.dialog !== dialog);
    for (const wish of this.#wishes.values()) if (wish.dialog === dialog) this.#wishes.delete(wish.id);
    for (const sent of this.#sent.values()) if (sent.dialog === dialog) sent.isDone = true;
  }

  #meet(due: Due): void {
    for (const before of this.#due) {
      if (before === due) break;
      if (before.kind === 'result' && due.kind === 'result') continue;
      if (before.dialog === due.dialog && !before.orSent)
        this.#violate(
          `tells ${due.kind} ${due.routeStatus ?? ''} before ${before.kind} ${before.routeStatus ?? ''}`,
          due.dialog,
        );
    }
    this.#due.splice(this.#due.indexOf(due), 1);
  }

  // Names

  #make(
    given: Pick<Modelled, 'callId' | 'localTag' | 'remoteTag' | 'isOurs' | 'target' | 'routes' | 'hop' | 'offer'>,
  ): Modelled {
    const dialog: Modelled = {
      ...given,
      id: undefined,
      isEarly: true,
      isAnswered: false,
      status: 'healthy',
      brokeAtMs: 0,
      generation: 0,
      allowsUpdate: undefined,
      isResilient: false,
      takesReplaces: false,
      timer: undefined,
      heal: undefined,
      attempts: 0,
      nextFromMs: 0,
      nextToMs: dayMs,
      move: undefined,
      mayHealUntilMs: -1,
      anyTimeUntilMs: -1,
      isLeft: false,
      byeAtMs: undefined,
      mediaDeadAtMs: undefined,
      group: undefined,
      unacked: undefined,
      repetitions: 0,
      isDoubtful: false,
      movedBefore: 0,
      refreshFromMs: Number.POSITIVE_INFINITY,
      alternative: undefined,
    };
    const name = dialogKey(given.callId, given.localTag, given.remoteTag);
    this.#dialogs.set(name, dialog);
    this.#touched = dialog;
    return dialog;
  }

  #find(callId: string, localTag: string, remoteTag: string): Modelled | undefined {
    return this.#dialogs.get(dialogKey(callId, localTag, remoteTag));
  }

  /** The dialog that the engine calls so; forks share their Call-ID, then it is the one that this step is about. */
  #know(id: DialogId, callId: string): Modelled | undefined {
    const known = this.#byId.get(id);
    if (known !== undefined) return known;
    let found: Modelled | undefined;
    let count = 0;
    for (const dialog of this.#dialogs.values()) {
      if (dialog.callId !== callId || dialog.id !== undefined) continue;
      if (dialog === this.#touched || count === 0) found = dialog;
      count++;
    }
    if (found === undefined || (count > 1 && found !== this.#touched)) return undefined;
    found.id = id;
    this.#byId.set(id, found);
    return found;
  }

  /** Whoever is written to: listed hops, and those that only some dialog's route names. */
  #hopAt(remote: string): string | undefined {
    if (remote === '') return undefined;
    if (!this.#hops.has(remote)) this.#hops.set(remote, { askedMs: undefined, isDead: false });
    return remote;
  }

  #isListed(remote: string): boolean {
    return this.#world.hops.includes(remote);
  }

  #hopOf(dialog: Modelled): string | undefined {
    const [first = ''] = dialog.routes;
    const protocol = /;transport=tcp/i.test(first) ? 'tcp' : 'udp';
    // What we do not speak leads to the hop that last worked.
    return first !== '' && protocol === this.#end.protocol ? this.#hopAt(hostPortOf(first)) : dialog.hop;
  }

  /** Counts a row of the classification table. */
  #take(kind: string): void {
    this.#world.take(classification(this.#end.mode, kind));
  }

  #violate(what: string, dialog: Modelled): void {
    if (dialog.isDoubtful || dialog.isEarly) return;
    dialog.isDoubtful = true;
    this.#world.violate(what, dialog.callId);
  }
}

function dueOf(kind: Due['kind'], dialog: Modelled, given: Partial<Due>): Due {
  return { kind, dialog, wish: undefined, status: undefined, routeStatus: undefined, orSent: false, ...given };
}

function key({ host, port }: Address): string {
  return `${host}:${port}`;
}

function dialogKey(callId: string, localTag: string, remoteTag: string): string {
  return `${callId} ${localTag} ${remoteTag}`;
}

function textOf(body: Uint8Array | undefined): string {
  return body === undefined ? '' : Buffer.from(body).toString('latin1');
}

/** Neither a response nor an ACK. */
function wantsAnswer(bytes: Uint8Array): boolean {
  return !(bytes[0] === 0x53 && bytes[1] === 0x49) && !(bytes[0] === 0x41 && bytes[1] === 0x43);
}

function sentBy({ topVia }: Message): string {
  return (
    topVia
      .slice(topVia.indexOf(' ') + 1)
      .split(';', 1)[0]
      ?.trim() ?? ''
  );
}

function branchOf(message: Message): string {
  return paramOf(paramsOf(message.topVia), 'branch') ?? '';
}

function serverKey(message: Message): string {
  return `${message.method} ${message.cseq} ${branchOf(message)}`;
}
