import * as assert from 'uvu/assert';
import type { FlowId } from '../../core/contract.ts';
import { type SipTimers, sipTimers } from '../../core/time/sip-timers.ts';
import { Wheel } from '../../core/time/wheel.ts';
import { ClientTransactions } from '../../core/transaction/client.ts';
import type { ClientTransaction, ClientUser } from '../../core/transaction/client-transaction.ts';
import { request, response, scanned, seededRandom, text } from './messages.ts';

export const flow = 1 as FlowId;

export interface WorldOptions {
  readonly timers?: SipTimers;
  readonly capacity?: number;
  /** Hears every send, too. */
  readonly send?: (bytes: Uint8Array) => void;
}

/** Client transactions in virtual time; `log` holds what they sent and told, each line with its instant. */
export function clientWorld(options: WorldOptions = {}) {
  const wheel = new Wheel({ nowMs: 0 });
  const log: string[] = [];
  const note = (line: string): void => {
    log.push(`${wheel.nowMs} ${line}`);
  };
  const clients = new ClientTransactions({
    wheel,
    timers: options.timers ?? sipTimers(),
    shard: 5,
    random: seededRandom(),
    send: (_flow, bytes) => {
      note(`send ${text(bytes).split(' ')[0]}`);
      options.send?.(bytes);
    },
    capacity: options.capacity ?? 100,
  });
  const user: ClientUser = {
    onResponse: (_tx, message) => note(`tell ${message.status}`),
    onFailure: (_tx, why) => note(`tell ${why}`),
  };

  /** Begins and starts one. */
  const call = (method: string, reliable = false): ClientTransaction => {
    const tx = clients.begin(method, flow, reliable, user, 0);
    assert.ok(tx);
    clients.start(tx, request({ method, branch: tx.branch }));
    return tx;
  };
  const answer = (status: number, method: string, branch: string): ClientTransaction | 'stray' =>
    clients.receive(scanned(response(status, method, branch)));
  /** Lets time pass, waking as often as the wheel asks for. */
  const pass = (ms: number): void => {
    const end = wheel.nowMs + ms;
    for (let next = wheel.nextMs(); next !== undefined && next <= end; next = wheel.nextMs()) wheel.advance(next);
    wheel.advance(end);
  };
  /** What was logged since the last look. */
  const seen = (): string[] => log.splice(0);
  return { wheel, clients, user, call, answer, pass, seen, note };
}

/** One transaction, brought to a state by responses; nothing logged yet, and no time passed. */
export function client(method: string, options: WorldOptions & { reliable?: boolean; after?: number[] } = {}) {
  const world = clientWorld(options);
  const tx = world.call(method, options.reliable);
  const branch = tx.branch;
  const respond = (status: number): ClientTransaction | 'stray' => world.answer(status, method, branch);
  for (const status of options.after ?? []) respond(status);
  if ((options.after ?? []).length > 0) world.seen();
  return { ...world, tx, branch, respond };
}
