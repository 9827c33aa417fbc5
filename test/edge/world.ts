import type { Address, FlowId, Input, MessageFault, RandomSource } from '../../core/contract.ts';
import type { EdgeCommand } from '../../core/edge/command.ts';
import { Edge, type EdgeOptions } from '../../core/edge/edge.ts';
import type { EdgeNews } from '../../core/edge/event.ts';

/** A message that left the edge. */
export interface Sent {
  /** `host:port`, or `tcp:host:port` by a connection. */
  readonly to: string;
  readonly text: string;
}

export const edgeAt = '10.0.0.1:5060';
export const alice = '10.0.1.1:5070';
export const bob = '10.0.2.2:5080';
export const stranger = '192.0.2.66:6666';

/** An edge without sockets: what it opens is there at once, unless its host and port are `dead`. */
export class World {
  readonly edge: Edge;
  /** Host and port of who answers to nothing. */
  readonly dead: Set<string> = new Set();
  readonly events: EdgeNews[] = [];
  /** `host:port` and whether the flow was to be connected, for each one that was opened. */
  readonly opened: string[] = [];
  /** Whose connections were closed. */
  readonly closed: string[] = [];
  /** False: what is opened waits for `answerOpens`. */
  opens: boolean = true;
  readonly #asked: { readonly name: string; readonly openId: number }[] = [];
  nowMs: number = 0;
  readonly #flows = new Map<string, FlowId>();
  readonly #names = new Map<FlowId, string>();
  #flowIds = 0;

  constructor(options: Partial<EdgeOptions> = {}) {
    this.edge = new Edge({
      locals: [addressOf(edgeAt)],
      clients: ['10.0.1.1', bob],
      random: countingRandom(1),
      ...options,
    });
  }

  /** Gives what the edge sends when `text` comes from `source`. */
  from(source: string, text: string): Sent[] {
    const inputs: Input<EdgeCommand>[] = [];
    const flow = this.#flows.get(source) ?? this.#newFlow(source, undefined, inputs);
    inputs.push({ kind: 'message', flow, bytes: new TextEncoder().encode(text) });
    return this.step(inputs);
  }

  /** Gives what the edge sends when a stream has brought more than it may. */
  refuse(source: string, head: string, fault: MessageFault): Sent[] {
    const inputs: Input<EdgeCommand>[] = [];
    const flow = this.#flows.get(source) ?? this.#newFlow(source, undefined, inputs);
    inputs.push({ kind: 'message-refused', flow, head: new TextEncoder().encode(head), fault });
    return this.step(inputs);
  }

  command(command: EdgeCommand): void {
    this.step([{ kind: 'command', command }]);
  }

  /** The flow to `remote` is gone. */
  lose(remote: string, code: 'SIP_FLOW_REFUSED' | 'SIP_FLOW_IDLE' | 'SIP_FLOW_LOST' = 'SIP_FLOW_REFUSED'): Sent[] {
    const flow = this.#flows.get(remote);
    if (flow === undefined) throw new Error(`no flow to ${remote}`);
    this.#flows.delete(remote);
    return this.step([{ kind: 'flow-lost', flow, failure: { code, message: 'in a test' } }]);
  }

  /** What was asked for is opened now, or fails where it is dead. Gives what is sent then. */
  answerOpens(): Sent[] {
    this.opens = true;
    const inputs: Input<EdgeCommand>[] = [];
    for (const { name, openId } of this.#asked.splice(0)) {
      if (this.dead.has(name)) {
        inputs.push({ kind: 'open-failed', openId, failure: { code: 'SIP_OPEN_FAILED', message: 'in a test' } });
      } else {
        this.#newFlow(name, openId, inputs);
      }
    }
    return this.step(inputs);
  }

  step(first: readonly Input<EdgeCommand>[]): Sent[] {
    const sent: Sent[] = [];
    let inputs = [...first];
    while (inputs.length > 0) {
      const { outputs } = this.edge.step(this.nowMs, inputs);
      inputs = [];
      for (const output of outputs) {
        if (output.kind === 'send') {
          sent.push({ to: this.#names.get(output.flow) ?? '', text: new TextDecoder().decode(output.bytes) });
        } else if (output.kind === 'event') {
          this.events.push(output.event);
        } else if (output.kind === 'close') {
          const name = this.#names.get(output.flow) ?? '';
          this.closed.push(name);
          this.#flows.delete(name);
        } else {
          const { protocol, host, port } = output.remote;
          const name = `${protocol === 'udp' ? '' : `${protocol}:`}${host}:${port}`;
          this.opened.push(`${name}${output.connected ? ' connected' : ''}`);
          if (!this.opens) {
            this.#asked.push({ name, openId: output.openId });
          } else if (this.dead.has(name)) {
            const failure = { code: 'SIP_OPEN_FAILED', message: 'in a test' } as const;
            inputs.push({ kind: 'open-failed', openId: output.openId, failure });
          } else {
            this.#newFlow(name, output.openId, inputs);
          }
        }
      }
    }
    return sent;
  }

  #newFlow(name: string, openId: number | undefined, inputs: Input<EdgeCommand>[]): FlowId {
    const flow = this.#flows.get(name) ?? (++this.#flowIds as FlowId);
    this.#flows.set(name, flow);
    this.#names.set(flow, name);
    inputs.push({ kind: 'flow-open', flow, remote: addressOf(name), openId });
    return flow;
  }
}

/** A request, made of what a test wants to say of it; the rest is as Alice, who calls Bob, would write it. */
export function request(
  method: string,
  parts: {
    readonly uri?: string;
    readonly sentBy?: string;
    readonly protocol?: string;
    readonly viaParams?: string;
    readonly branch?: string;
    readonly toTag?: string;
    readonly callId?: string;
    readonly cseq?: number;
    /** Header lines without their line ends. */
    readonly lines?: readonly string[];
    readonly maxForwards?: string;
    readonly body?: string;
    /** False: no Content-Length. */
    readonly length?: boolean;
  } = {},
): string {
  const {
    uri = `sip:bob@${bob}`,
    sentBy = alice,
    viaParams = ';rport',
    branch = 'z9hG4bKalice1',
    toTag,
    body = '',
  } = parts;
  const { callId = 'call-1', cseq = 1, lines = [], maxForwards = '70', protocol = 'UDP', length = true } = parts;
  return [
    `${method} ${uri} SIP/2.0`,
    `Via: SIP/2.0/${protocol} ${sentBy}${viaParams};branch=${branch}`,
    ...(maxForwards === '' ? [] : [`Max-Forwards: ${maxForwards}`]),
    'From: <sip:alice@example.com>;tag=alice',
    `To: <sip:bob@example.com>${toTag === undefined ? '' : `;tag=${toTag}`}`,
    `Call-ID: ${callId}`,
    `CSeq: ${cseq} ${method}`,
    ...lines,
    ...(length ? [`Content-Length: ${body.length}`] : []),
    '',
    body,
  ].join('\r\n');
}

/** The response of a well-behaved server: it copies what it must. */
export function response(to: string, status: number, lines: readonly string[] = []): string {
  const copied = linesOf(to).filter((line) => /^(?:Via|From|Call-ID|CSeq|Record-Route):/.test(line));
  const tagged = header(to, 'To').includes(';tag=') ? header(to, 'To') : `${header(to, 'To')};tag=bob`;
  return [`SIP/2.0 ${status} Whatever`, ...copied, `To: ${tagged}`, ...lines, 'Content-Length: 0', '', ''].join('\r\n');
}

export function linesOf(text: string): string[] {
  return text.split('\r\n\r\n')[0]?.split('\r\n') ?? [];
}

/** The values of all lines called `name`, joined; '' when there is none. */
export function header(text: string, name: string): string {
  const prefix = `${name}: `;
  const values = linesOf(text).filter((line) => line.startsWith(prefix));
  return values.map((line) => line.slice(prefix.length)).join(', ');
}

/** The Record-Route URI that the edge wrote on top. */
export function recordRoute(text: string): string {
  return header(text, 'Record-Route').split(', ')[0] ?? '';
}

/** The branch of the topmost Via. */
export function branchOf(text: string): string {
  return /;branch=([^;,\r]*)/.exec(header(text, 'Via'))?.[1] ?? '';
}

/** The only message that left. */
export function only(sent: readonly Sent[]): Sent {
  const [message] = sent;
  if (message === undefined || sent.length !== 1) throw new Error(`${sent.length} messages left`);
  return message;
}

/** Start line and destination of each message: what a ladder shows. */
export function ladder(sent: readonly Sent[]): string[] {
  return sent.map(({ to, text }) => `${to} ${text.slice(0, text.indexOf('\r\n'))}`);
}

/** A random source that never repeats itself: a test's keys need be different, not secret. */
export function countingRandom(seed: number): RandomSource {
  let state = seed;
  return (target) => {
    for (let i = 0; i < target.length; i++) {
      state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
      target[i] = state >>> 16;
    }
  };
}

export function addressOf(name: string): Address {
  const isTcp = name.startsWith('tcp:');
  const start = isTcp ? 4 : 0;
  const colon = name.lastIndexOf(':');
  return { protocol: isTcp ? 'tcp' : 'udp', host: name.slice(start, colon), port: Number(name.slice(colon + 1)) };
}
