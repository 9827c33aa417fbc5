import { type Application, createStack, type RandomSource, type Stack, type StackOptions } from '../../core/index.ts';
import {
  type Datagram,
  type MemoryNetwork,
  type MemoryNetworkOptions,
  memoryNetwork,
  VirtualClock,
} from '../../transport/index.ts';

/** Stacks and edges on one network in memory, in virtual time. */
export interface World {
  readonly clock: VirtualClock;
  readonly network: MemoryNetwork;
  /** The ladder and what the test adds to it, in order. Probes are left out: `probes` counts them. */
  readonly log: string[];
  readonly probes: { count: number };
  /** Names a port in the ladder. */
  name(port: number, name: string): void;
  stack(name: string, port: number, options?: Partial<StackOptions>): Promise<Stack>;
  random(salt: number): RandomSource;
}

export const host = '10.0.0.1';

export function world(conditions: Partial<MemoryNetworkOptions> = {}): World {
  const clock = new VirtualClock();
  const log: string[] = [];
  const probes = { count: 0 };
  const names = new Map<number, string>();
  const seed = conditions.seed ?? 1;
  const nameOf = (port: number): string => names.get(port) ?? String(port);
  const onDatagram = (datagram: Datagram): void => {
    const text = new TextDecoder().decode(datagram.bytes);
    if (/^CSeq: \d+ OPTIONS/m.test(text)) {
      probes.count++;
      return;
    }
    const fate = datagram.fate === 'delivered' ? '' : ` ${datagram.fate}`;
    log.push(`${nameOf(datagram.from.port)} > ${nameOf(datagram.to.port)} ${summary(text)}${fate}`);
  };
  const network = memoryNetwork({ delayMs: 1, ...conditions, clock, seed, onDatagram });
  const random = (salt: number): RandomSource => seeded(seed * 65_536 + salt);
  return {
    clock,
    network,
    log,
    probes,
    random,
    name: (port, name) => void names.set(port, name),
    stack: (name, port, options = {}) => {
      names.set(port, name);
      return createStack({
        transports: [network.udp({ host, port })],
        clock,
        random: random(port),
        limits: { dialogs: 1024, transactions: 4096 },
        ...options,
      });
    },
  };
}

/** `INFO`, or `200 INFO`. */
function summary(text: string): string {
  const [first = ''] = text.split('\r\n', 1);
  if (!first.startsWith('SIP/2.0 ')) return first.split(' ', 1)[0] ?? '';
  const method = /^CSeq: \d+ (\S+)/m.exec(text)?.[1] ?? '';
  return `${first.split(' ')[1]} ${method}`;
}

/** A small generator (mulberry32) as a source of octets. */
export function seeded(seed: number): RandomSource {
  let state = seed >>> 0;
  return (target) => {
    for (let i = 0; i < target.length; i++) {
      state = (state + 0x6d2b79f5) >>> 0;
      let mixed = Math.imul(state ^ (state >>> 15), state | 1);
      mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
      target[i] = ((mixed ^ (mixed >>> 14)) >>> 0) & 0xff;
    }
  };
}

export const nearOffer = 'v=0\r\no=near 1 1 IN IP4 10.0.0.1\r\ns=-\r\n';
export const farAnswer = 'v=0\r\no=far 1 1 IN IP4 10.0.0.1\r\ns=-\r\n';

/** Answers every call and every request. */
export const obliging: Application = {
  onCall: (call) => void call.answer({ body: farAnswer }).catch(() => undefined),
  onRequest: (request) => request.respond(200),
};

/** Writes what the program sees into a log. */
export function noted(log: string[], application: Application = {}): Application {
  return {
    ...application,
    onRouteStatus: (_dialog, { status }) => void log.push(status),
    onEnded: (_dialog, by, reason) => void log.push(`ended ${by} ${reason}`),
  };
}
