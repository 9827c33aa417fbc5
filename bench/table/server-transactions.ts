import type { FlowId } from '../../core/contract.ts';
import { Message } from '../../core/message/message.ts';
import { sipTimers } from '../../core/time/sip-timers.ts';
import { Wheel } from '../../core/time/wheel.ts';
import { ServerTransactions } from '../../core/transaction/server.ts';
import type { ServerTransaction } from '../../core/transaction/server-transaction.ts';
import type { Laps } from '../stopwatch.ts';
import { Exchange } from './requests.ts';

const flow = 1 as FlowId;

/** Longer than any server transaction absorbs: 64*T1. */
const absorbMs = 40_000;

/** What is done with a call of a peer: `calls` are answered and ended by the peer, `requests` are INFOs inside dialogs. */
export type Traffic = 'calls' | 'requests';

/** Server transactions that are answered at once and then only absorb. */
export class FinishedTransactions {
  readonly #wheel: Wheel;
  readonly #servers: ServerTransactions;
  readonly #message = new Message();
  readonly #invite = new Exchange('INVITE');
  readonly #bye = new Exchange('BYE');
  readonly #info = new Exchange('INFO');
  readonly #count: number;
  readonly #traffic: Traffic;
  #sent = 0;

  /** There is room for twice as many. */
  constructor(count: number, traffic: Traffic) {
    this.#count = count;
    this.#traffic = traffic;
    this.#wheel = new Wheel({ nowMs: 0, capacity: 4 * count });
    this.#servers = new ServerTransactions({
      wheel: this.#wheel,
      timers: sipTimers(),
      random: (target) => target.fill(7),
      send: () => {
        this.#sent++;
      },
      capacity: 2 * count,
    });
  }

  get count(): number {
    return this.#servers.count;
  }

  /** Octets of transactions and their timers. */
  get usedSize(): number {
    return this.#servers.memory.usedSize + this.#wheel.memory.usedSize;
  }

  /** Octets of the response that is kept for retransmissions. */
  get responseSize(): number {
    return (this.#traffic === 'calls' ? this.#bye : this.#info).response.length;
  }

  /** Takes and answers all requests; A lap ends with each. Gives how many were not new. */
  finish(laps: Laps): number {
    let wrong = 0;
    for (let call = 0; this.#servers.count < this.#count && wrong === 0; call++) {
      if (this.#traffic === 'calls') {
        const tx = this.#answer(this.#invite, call);
        laps.lap();
        if (tx === undefined) wrong++;
        // Its ACK is found by the dialog.
        else this.#servers.acknowledge(tx);
        if (this.#answer(this.#bye, call) === undefined) wrong++;
      } else if (this.#answer(this.#info, call) === undefined) wrong++;
      laps.lap();
    }
    return wrong;
  }

  /** The last request of each of the first so many calls comes again; gives how many were not answered as before, once each. */
  repeat(calls: number): number {
    const exchange = this.#traffic === 'calls' ? this.#bye : this.#info;
    const before = this.#sent;
    let wrong = 0;
    for (let call = 0; call < calls; call++) {
      exchange.write(call);
      this.#message.scan(exchange.request);
      if (this.#servers.receive(this.#message, flow, false).kind !== 'absorbed') wrong++;
    }
    return wrong + Math.abs(this.#sent - before - calls);
  }

  /** Lets time pass until none should be left; gives what is. */
  end(): number {
    for (let ms = 100; ms <= absorbMs; ms += 100) this.#wheel.advance(ms);
    return this.#servers.count + this.#wheel.count + this.usedSize;
  }

  #answer(exchange: Exchange, call: number): ServerTransaction | undefined {
    exchange.write(call);
    if (this.#message.scan(exchange.request) !== undefined) return undefined;
    const received = this.#servers.receive(this.#message, flow, false);
    if (received.kind !== 'new') return undefined;
    this.#servers.respond(received.tx, 200, exchange.response);
    return received.tx;
  }
}
