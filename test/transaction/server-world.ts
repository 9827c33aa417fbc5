import * as assert from 'uvu/assert';
import type { FlowId } from '../../core/contract.ts';
import { type SipTimers, sipTimers } from '../../core/time/sip-timers.ts';
import { Wheel } from '../../core/time/wheel.ts';
import { type Received, ServerTransactions } from '../../core/transaction/server.ts';
import type { ServerTransaction, ServerUser } from '../../core/transaction/server-transaction.ts';
import { octets, type RequestParts, request, scanned, seededRandom, text } from './messages.ts';

export const flow = 1 as FlowId;
export const otherFlow = 2 as FlowId;

export interface WorldOptions {
  readonly timers?: SipTimers;
  readonly capacity?: number;
  /** Hears every send, too. */
  readonly send?: (flow: FlowId) => void;
  /** Hears of each that is forgotten for want of room. */
  readonly forgotten?: () => void;
}

/** Server transactions in virtual time; `log` holds what they sent and told, each line with its instant. */
export function serverWorld(options: WorldOptions = {}) {
  const wheel = new Wheel({ nowMs: 0 });
  const log: string[] = [];
  const note = (line: string): void => {
    log.push(`${wheel.nowMs} ${line}`);
  };
  const servers = new ServerTransactions({
    wheel,
    timers: options.timers ?? sipTimers(),
    random: seededRandom(),
    send: (to, bytes) => {
      note(`send ${text(bytes).split(' ')[1]}${to === flow ? '' : ` by flow ${to}`}`);
      options.send?.(to);
    },
    capacity: options.capacity ?? 100,
    ...(options.forgotten && { forgotten: options.forgotten }),
  });
  const user: ServerUser = {
    onAck: () => note('tell ACK'),
    onFailure: (_tx, why) => note(`tell ${why}`),
    onFlowLost: () => note('tell flow-lost'),
  };

  /** Requests with branches of their own are requests of their own, not copies of one: each has its Call-ID. */
  const offer = (parts: RequestParts, options: { reliable?: boolean; by?: FlowId } = {}): Received => {
    const callId = parts.branch === undefined ? {} : { callId: `call-${parts.branch}-${parts.sentBy ?? ''}` };
    return servers.receive(scanned(request({ ...callId, ...parts })), options.by ?? flow, options.reliable ?? false);
  };
  /** A request that must be new. */
  const take = (parts: RequestParts, options: { reliable?: boolean } = {}): ServerTransaction => {
    const received = offer(parts, options);
    assert.is(received.kind, 'new');
    if (received.kind !== 'new') throw new Error('not reached');
    received.tx.user = user;
    return received.tx;
  };
  const respond = (tx: ServerTransaction, status: number): boolean => servers.respond(tx, status, reply(status));
  /** Lets time pass, waking as often as the wheel asks for. */
  const pass = (ms: number): void => {
    const end = wheel.nowMs + ms;
    for (let next = wheel.nextMs(); next !== undefined && next <= end; next = wheel.nextMs()) wheel.advance(next);
    wheel.advance(end);
  };
  /** What was logged since the last look. */
  const seen = (): string[] => log.splice(0);
  return { wheel, servers, user, offer, take, respond, pass, seen, note };
}

/** A response as far as the transaction layer looks at it: not at all. */
export function reply(status: number): Uint8Array {
  return octets(`SIP/2.0 ${status} Because`);
}

export const branch = 'z9hG4bKnashds8';

/** One transaction, brought to a state by responses of its TU; nothing logged yet, and no time passed. */
export function server(method: string, options: WorldOptions & { reliable?: boolean; after?: number[] } = {}) {
  const world = serverWorld(options);
  const reliable = options.reliable ?? false;
  const tx = world.take({ method, branch }, { reliable });
  for (const status of options.after ?? []) world.respond(tx, status);
  world.seen();
  return {
    ...world,
    tx,
    respond: (status: number) => world.respond(tx, status),
    pend: () => world.servers.pend(tx, reply(100)),
    /** The request comes again. */
    again: (by: FlowId = flow) => world.offer({ method, branch }, { reliable, by }),
    ack: () => world.offer({ method: 'ACK', branch, toTag: '99sa0xk' }, { reliable }),
  };
}
