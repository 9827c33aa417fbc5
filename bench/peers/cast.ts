import { End } from '../calls/end.ts';
import { ours } from '../figures.ts';
import { Kamailio } from './kamailio.ts';
import { ProcessFamily } from './process-family.ts';
import type { Measured } from './row.ts';

/** Who is called by a raw far end: what it listens on, and what it takes. */
export interface Contestant {
  readonly who: string;
  readonly role: Measured['role'];
  readonly port: number;
  readonly family: ProcessFamily;
  /** Lets go of garbage, where it can be told to; gives the octets that it says are in use, where it says so, else 0. */
  settle(): Promise<number>;
  end(): Promise<void>;
}

/** Our stack, with a program that answers. */
export async function startOurs(callsPerSecond: number, held: number, stop: AbortController): Promise<Contestant> {
  const spread = { shards: 0, perShardPorts: false };
  const end = await End.stack({ transport: 'udp', callsPerSecond, held, ...spread }, stop);
  return calleeOf(ours, end);
}

/** The npm package sip, with a program that answers. */
export async function startNpmSip(stop: AbortController): Promise<Contestant> {
  return calleeOf('npm sip', await End.start('peers/npm-sip-process', {}, stop));
}

/** Kamailio, and a raw far end that it relays to. */
export async function startKamailio(stop: AbortController): Promise<Contestant> {
  const callee = await End.farEnd({ transport: 'udp', as: 'uas' }, stop);
  try {
    const kamailio = await Kamailio.start(callee.port);
    return {
      who: 'Kamailio',
      role: 'proxy',
      port: kamailio.port,
      family: kamailio.family,
      settle: async () => (await kamailio.holdings()).usedSize,
      end: async () => void (await Promise.all([kamailio.end(), callee.end()])),
    };
  } catch (error) {
    await callee.end();
    throw error;
  }
}

function calleeOf(who: string, end: End): Contestant {
  return {
    who,
    role: 'callee',
    port: end.port,
    family: new ProcessFamily(end.pid),
    settle: async () => (await end.look(true)).dialogsSize ?? 0,
    end: () => end.end(),
  };
}
