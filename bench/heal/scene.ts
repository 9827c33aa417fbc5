import type { FlowId, Input } from '../../core/contract.ts';
import type { Command } from '../../core/engine/command.ts';
import { Engine } from '../../core/engine/engine.ts';
import type { EngineEvent } from '../../core/engine/event.ts';
import { resolveOptions } from '../../core/stack-options.ts';
import { udp } from '../../transport/index.ts';
import { sessionDescription, transactionsOf } from '../route-death/scenario.ts';
import { hopUri, targetOf } from '../storm/far-end/address-book.ts';
import { Answers, answerExtraMax } from '../storm/far-end/answers.ts';
import { FarEnd, type HopSide } from '../storm/far-end/far-end.ts';

/** What one storm took of CPU: other work of the machine has no part in that. */
export interface Storm {
  /** The step that marks them all. */
  readonly markMs: number;
  /** From there until the last is healed. */
  readonly healMs: number;
  readonly broken: number;
  readonly healed: number;
}

/** A storm's requests, as the far end got them. */
interface Asked {
  readonly bytes: Buffer;
  readonly hop: HopSide;
}

const ports: readonly number[] = [7001, 7002];
/** As many datagrams as a socket reads at once. */
const datagramsPerStep = 32;
/** A message takes so long, by the clock that the engine is told. */
const stepMs = 0.05;
const callsAtOnce = 64;
/** 64*T1, and the probes of the hops: all that is left of the calls is over. */
const restMs = 40_000;
/** Refused hops are left alone for less. */
const betweenStormsMs = 2_000;

/** An engine and the far end of the storms, face to face in one thread: no sockets, no program, and a clock that is told. */
export class Scene {
  readonly #dialogs: number;
  readonly #engine: Engine;
  readonly #far: FarEnd;
  readonly #hops: readonly HopSide[] = ports.map((port, index) => ({ index, answers: new Answers(port, 'udp') }));
  readonly #hopOf = new Map<FlowId, HopSide>();
  /** The newest flow to each hop. */
  readonly #flows: FlowId[] = [];
  readonly #out = Buffer.allocUnsafe(0x10000 + answerExtraMax);
  #due: Input<Command>[] = [];
  #nowMs = 1000;
  #flowCount = 0;
  #answered = 0;
  #recovering = 0;
  #healthy = 0;
  /** What the far end gets is kept where there is a list. */
  #asked: Asked[] | undefined;

  constructor(dialogs: number) {
    this.#dialogs = dialogs;
    this.#far = new FarEnd(dialogs);
    const options = resolveOptions({
      transports: [udp({ host: '127.0.0.1', port: 0 })],
      hops: ports.map((port) => hopUri(port, 'udp')),
      limits: { dialogs, transactions: transactionsOf(dialogs) },
      application: { onRouteStatus: () => undefined },
    });
    const locals = [{ protocol: 'udp', host: '127.0.0.1', port: 5060 }];
    this.#engine = new Engine({ ...options, shard: 0, locals, nowMs: this.#nowMs, epochMs: undefined });
  }

  /** Sets up all calls; gives how many are up. */
  establish(): number {
    for (let first = 0; first < this.#dialogs; first += callsAtOnce) {
      for (let dialog = first; dialog < Math.min(this.#dialogs, first + callsAtOnce); dialog++) {
        this.#due.push({ kind: 'command', command: inviteOf(dialog) });
      }
      this.#settle();
    }
    this.#pass(restMs);
    return this.#answered;
  }

  /** Loses the flow that carries most. */
  storm(): Storm {
    this.#pass(betweenStormsMs);
    this.#recovering = 0;
    this.#healthy = 0;
    const hop = this.#far.carriedBy(0) >= this.#far.carriedBy(1) ? 0 : 1;
    const flow = this.#flows[hop] as FlowId;
    const startMs = cpuMs();
    this.#due.push({ kind: 'flow-lost', flow, failure: { code: 'SIP_FLOW_REFUSED', message: 'refused' } });
    this.#hopOf.delete(flow);
    this.#step();
    const markedMs = cpuMs();
    this.#settle();
    const markMs = markedMs - startMs;
    return { markMs, healMs: cpuMs() - markedMs, broken: this.#recovering, healed: this.#healthy };
  }

  /** A storm whose requests are then put to the far end alone once more; gives the milliseconds which that takes. */
  farEndMs(): number {
    const asked: Asked[] = [];
    this.#asked = asked;
    this.storm();
    this.#asked = undefined;
    const startMs = cpuMs();
    for (const { bytes, hop } of asked) this.#answer(bytes, hop);
    return cpuMs() - startMs;
  }

  /** Until nothing is under way any more. */
  #settle(): void {
    while (this.#due.length > 0) this.#step();
  }

  #pass(ms: number): void {
    this.#nowMs += ms;
    this.#step();
    this.#settle();
  }

  #step(): void {
    const inputs = this.#due.length > datagramsPerStep ? this.#due.slice(0, datagramsPerStep) : this.#due;
    const rest = this.#due.slice(inputs.length);
    const next: Input<Command>[] = [];
    for (const output of this.#engine.step(this.#nowMs, inputs).outputs) {
      if (output.kind === 'send') this.#carry(output.flow, output.bytes, next);
      else if (output.kind === 'event') this.#hear(output.event);
      else if (output.kind === 'open') {
        const { openId, remote } = output;
        const flow = ++this.#flowCount as FlowId;
        const hop = this.#hops[ports.indexOf(remote.port)] as HopSide;
        this.#hopOf.set(flow, hop);
        this.#flows[hop.index] = flow;
        next.push({ kind: 'flow-open', flow, remote, openId });
      }
    }
    this.#due = rest.length === 0 ? next : rest.concat(next);
    this.#nowMs += stepMs;
  }

  #carry(flow: FlowId, request: Uint8Array, next: Input<Command>[]): void {
    const hop = this.#hopOf.get(flow);
    if (hop === undefined) return;
    const bytes = Buffer.from(request.buffer, request.byteOffset, request.length);
    this.#asked?.push({ bytes, hop });
    const answer = this.#answer(bytes, hop);
    if (answer !== undefined) next.push({ kind: 'message', flow, bytes: answer });
  }

  #answer(request: Buffer, hop: HopSide): Buffer | undefined {
    const end = this.#far.receive(request, 0, request.length, hop, this.#out, 0);
    return end === 0 ? undefined : Buffer.from(this.#out.subarray(0, end));
  }

  #hear(event: EngineEvent): void {
    if (event.kind === 'result') this.#answered++;
    else if (event.kind !== 'route-status') return;
    else if (event.routeStatus.status === 'healthy') this.#healthy++;
    else this.#recovering++;
  }
}

function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

function inviteOf(dialog: number): Command {
  return {
    name: 'invite',
    id: dialog + 1,
    target: targetOf(dialog, 'udp'),
    from: undefined,
    content: { headers: [], contentType: 'application/sdp', body: Buffer.from(sessionDescription) },
    takesForks: false,
    answersOffers: false,
    expiresS: undefined,
  };
}
