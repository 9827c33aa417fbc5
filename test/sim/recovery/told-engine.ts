import type { FlowId, Input, Output } from '../../../core/contract.ts';
import type { DialogId } from '../../../core/dialog/table.ts';
import type { Command } from '../../../core/engine/command.ts';
import type { CommandFailure, EngineEvent, ResponseOrigin } from '../../../core/engine/event.ts';
import type { RouteStatus } from '../../../core/recovery/route-health.ts';
import type { OurEnd } from '../plan.ts';
import { EndModel } from './end-model.ts';

const flow = 1 as FlowId;
export const dialog = { id: 1 as DialogId, callId: 'call' };
export const firstRoute = '<sip:10.0.0.1:5060;lr;by=first>';
export const secondRoute = '<sip:10.0.0.1:5060;lr;by=second>';

const ordinary: OurEnd = {
  kind: 'ours',
  protocol: 'udp',
  mode: 'maximum',
  passive: false,
  trust: 'hops',
  replaces: false,
  probeIntervalMs: 3000,
  sessionIntervalS: 0,
  schedule: 'doubling',
  registration: 'none',
  driftPpm: 0,
};

/** What a message of the one dialog carries beside what it is recognised by. */
export interface Part {
  readonly headers?: readonly string[];
  readonly route?: string;
  readonly body?: string;
  readonly branch?: string;
  /** Of the peer; another than the dialog's is another branch's. */
  readonly tag?: string;
}

/** An engine that does whatever a test tells it to, in one call that it has made; and what the model says of it. */
export class ToldEngine {
  readonly complaints: string[] = [];
  readonly #model: EndModel;
  #nowMs = 1000;
  #branches = 0;

  /** `other`: the tag of a branch that answers at once with the first. */
  constructor(end: Partial<OurEnd> = {}, other?: string) {
    this.#model = new EndModel({
      end: { ...ordinary, ...end },
      hops: ['10.0.0.1:5060'],
      take: () => {},
      violate: (what) => this.complaints.push(what),
    });
    this.step([{ kind: 'flow-open', flow, remote: { protocol: 'udp', host: '10.0.0.1', port: 5060 }, openId: 1 }], []);
    const invite = this.request(
      'INVITE',
      1,
      { branch: 'call', headers: ['Contact: <sip:us@10.0.1.1>'], body: 'v=0' },
      '',
    );
    this.step([], [invite]);
    if (other === undefined) this.step([this.callAnswer()], [this.result(100)]);
    else this.step([this.callAnswer(), this.callAnswer(other)], [this.result(100), this.fork()]);
  }

  /** A branch of the call answers it. */
  callAnswer(tag = 'theirs'): Input<Command> {
    const headers = [`Record-Route: ${firstRoute}`, 'Contact: <sip:peer@10.0.2.2>', 'Allow: INVITE, UPDATE'];
    return this.response(200, 'INVITE', 1, { branch: 'call', headers, tag });
  }

  /** The program hears of the other branch. */
  fork(): Output<EngineEvent> {
    return { kind: 'event', event: { kind: 'fork', id: 100, dialog: { id: 2 as DialogId, callId: dialog.callId } } };
  }

  pass(ms: number): void {
    this.#nowMs += ms;
  }

  step(inputs: readonly Input<Command>[], outputs: readonly Output<EngineEvent>[]): void {
    this.#model.see({ inputs, outputs, nowMs: this.#nowMs });
  }

  /** The program wants an INFO, and it is sent; gives its branch. */
  inform(id: number, cseq: number, route: string = firstRoute): string {
    const branch = `info-${id}`;
    this.step([this.ask(id, 'INFO')], [this.request('INFO', cseq, { branch, route })]);
    return branch;
  }

  /** The program wants a request; `confirm`: and to know what the peer says. */
  ask(id: number, method: string, body?: string, confirm = false): Input<Command> {
    const content = { contentType: undefined, body: body === undefined ? undefined : Buffer.from(body), headers: [] };
    return this.command({ name: 'request', id, dialog: dialog.id, method, content, confirm });
  }

  /** The program wants a heal. */
  askHeal(id: number): Input<Command> {
    return this.command({ name: 'heal', id, dialog: dialog.id });
  }

  command(command: Command): Input<Command> {
    return { kind: 'command', command };
  }

  /** A heal as it is to be, but for what is given. */
  heal(cseq: number, part: Part = {}): Output<EngineEvent> {
    const headers = ['Contact: <sip:us@10.0.1.1>', 'Supported: ms-dialog-route-set-update', ...(part.headers ?? [])];
    return this.request('UPDATE', cseq, { branch: `heal-${cseq}`, ...part, headers });
  }

  /** The 2xx to a heal. */
  healed(cseq: number, part: Part = {}): Input<Command> {
    const headers = [`Record-Route: ${secondRoute}`, 'Contact: <sip:peer@10.0.2.2>', ...(part.headers ?? [])];
    return this.response(200, 'UPDATE', cseq, { branch: `heal-${cseq}`, headers });
  }

  request(method: string, cseq: number, part: Part = {}, toTag = tagOf(part)): Output<EngineEvent> {
    const route = part.route === undefined ? [] : [`Route: ${part.route}`];
    const lines = [`${method} sip:peer@10.0.2.2 SIP/2.0`, ...this.#lines(method, cseq, part, toTag), ...route];
    return { kind: 'send', flow, bytes: bytesOf(lines, part.body) };
  }

  response(status: number, method: string, cseq: number, part: Part = {}): Input<Command> {
    const lines = [`SIP/2.0 ${status} Said`, ...this.#lines(method, cseq, part, tagOf(part))];
    return { kind: 'message', flow, bytes: bytesOf(lines, part.body) };
  }

  /** A request of the peer's. */
  asked(method: string, cseq: number, part: Part = {}): Input<Command> {
    return {
      kind: 'message',
      flow,
      bytes: bytesOf([`${method} sip:us@10.0.1.1 SIP/2.0`, ...theirs(method, cseq, part)]),
    };
  }

  /** Our answer to it. */
  answered(status: number, method: string, cseq: number, part: Part = {}): Output<EngineEvent> {
    return { kind: 'send', flow, bytes: bytesOf([`SIP/2.0 ${status} Said`, ...theirs(method, cseq, part)]) };
  }

  /** A request of the peer's comes, and is answered. */
  answer(status: number, method: string, cseq: number): void {
    const part = { headers: ['Contact: <sip:peer@10.0.2.2>'] };
    this.step([this.asked(method, cseq, part)], [this.answered(status, method, cseq, part)]);
  }

  /** The program hears how its request ended. */
  result(id: number, status = 200, origin: ResponseOrigin = 'intermediary'): Output<EngineEvent> {
    const headers = [{ name: 'To', value: `<sip:peer@10.0.2.2>${tagOf({})}` }];
    const response = { status, reason: 'Said', headers, body: new Uint8Array() };
    const failure: CommandFailure | undefined =
      status < 300 ? undefined : { code: 'SIP_FAILURE_RESPONSE', message: 'Said', response, origin };
    return { kind: 'event', event: { kind: 'result', id, failure, value: { response, dialog } } };
  }

  status(status: RouteStatus['status'], cause: RouteStatus['cause'] = 'response'): Output<EngineEvent> {
    const routeStatus = { status, cause, replaced: false } as RouteStatus;
    return { kind: 'event', event: { kind: 'route-status', dialog, routeStatus } };
  }

  ended(reason: 'does-not-exist' | 'session-expired', by: 'local' | 'remote'): Output<EngineEvent> {
    const end = { atMs: this.#nowMs, notBeforeMs: this.#nowMs, notAfterMs: this.#nowMs };
    return { kind: 'event', event: { kind: 'ended', dialog, by, reason, end } };
  }

  #lines(method: string, cseq: number, { branch, headers = [] }: Part, toTag: string): string[] {
    return [
      `Via: SIP/2.0/UDP 10.0.1.1;branch=z9hG4bK${branch ?? ++this.#branches}`,
      'From: <sip:us@10.0.1.1>;tag=ours',
      `To: <sip:peer@10.0.2.2>${toTag}`,
      'Call-ID: call',
      `CSeq: ${cseq} ${method}`,
      ...headers,
    ];
  }
}

function tagOf({ tag = 'theirs' }: Part): string {
  return `;tag=${tag}`;
}

function theirs(method: string, cseq: number, { headers = [] }: Part): string[] {
  return [
    `Via: SIP/2.0/UDP 10.0.0.1;branch=z9hG4bKtheirs-${cseq}`,
    'From: <sip:peer@10.0.2.2>;tag=theirs',
    'To: <sip:us@10.0.1.1>;tag=ours',
    'Call-ID: call',
    `CSeq: ${cseq} ${method}`,
    ...headers,
  ];
}

function bytesOf(lines: readonly string[], body = ''): Uint8Array {
  return Buffer.from(`${[...lines, `Content-Length: ${body.length}`].join('\r\n')}\r\n\r\n${body}`, 'latin1');
}
