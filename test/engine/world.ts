import * as assert from 'uvu/assert';
import {
  type Application,
  createStack,
  FailureResponseError,
  type RandomSource,
  SipError,
  type Stack,
  type StackOptions,
} from '../../core/index.ts';
import {
  type Datagram,
  type MemoryNetwork,
  type MemoryNetworkOptions,
  memoryNetwork,
  type Protocol,
  type Transport,
  VirtualClock,
} from '../../transport/index.ts';

/** Stacks and edges on one network in memory, in virtual time. */
export interface World {
  readonly clock: VirtualClock;
  readonly network: MemoryNetwork;
  /** The ladder and what the test adds to it, in order. Probes are left out: `probes` counts them. */
  readonly log: string[];
  readonly probes: { count: number };
  /** By what all speak unless told otherwise. */
  readonly protocol: Protocol;
  transport(port: number, protocol?: Protocol): Transport;
  /** Names a port in the ladder. */
  name(port: number, name: string): void;
  stack(name: string, port: number, options?: Partial<StackOptions>): Promise<Stack>;
  random(salt: number): RandomSource;
  /** Passes time until the promise has settled. */
  take<T>(promise: Promise<T>): Promise<T>;
  /** Writes into the log what becomes of a promise: `info 200`, `info failed 430 intermediary`, `info failed SIP_ABORTED`. */
  note(label: string, promise: Promise<unknown>): void;
  /** The lines of the log that are no datagrams: what programs saw. */
  seen(): string[];
  /** Lets everything come to its end and sees that no stack holds anything. */
  rest(): Promise<void>;
}

/** A BYE that could not be delivered is owed for an hour. */
const restWithinMs = 2 * 3_600_000;

export const host = '10.0.0.1';

/** The URI of a port, by that protocol. */
export function uriOf(port: number, protocol: Protocol): string {
  return `sip:${host}:${port}${protocol === 'udp' ? '' : `;transport=${protocol}`}`;
}

export function world(conditions: Partial<MemoryNetworkOptions> = {}, protocol: Protocol = 'udp'): World {
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
  let hasStreams = false;
  const transport = (port: number, by: Protocol = protocol): Transport => {
    hasStreams ||= by !== 'udp';
    return network[by]({ host, port });
  };
  const stacks: Stack[] = [];
  const take = async <T>(promise: Promise<T>): Promise<T> => {
    let settled = false;
    const done = (): void => {
      settled = true;
    };
    promise.then(done, done);
    for (let ms = 0; !settled && ms < 70_000; ms++) await clock.run(1);
    assert.ok(settled, `nothing became of it:\n${log.join('\n')}`);
    return promise;
  };
  return {
    clock,
    network,
    log,
    probes,
    random,
    protocol,
    transport,
    name: (port, name) => void names.set(port, name),
    stack: async (name, port, options = {}) => {
      names.set(port, name);
      const stack = await createStack({
        transports: [transport(port)],
        clock,
        random: random(port),
        limits: { dialogs: 1024, transactions: 4096 },
        ...options,
      });
      stacks.push(stack);
      return stack;
    },
    take,
    note: (label, promise) => {
      promise.then(
        (value) => log.push(`${label} ${told(value)}`),
        (error) => log.push(`${label} failed ${toldError(error)}`),
      );
    },
    seen: () => log.filter((line) => !line.includes(' > ')),
    rest: async () => {
      await clock.runUntilIdle({ maxMs: restWithinMs });
      for (const stack of stacks) {
        const { healedRequests: _grows, ...counts } = await take(stack.counts());
        const left = Object.entries(counts).filter(([, count]) => count !== 0);
        assert.equal(left, [], `what ${stack.locals[0]?.port} holds at rest; before that:\n${log.join('\n')}`);
        await stack.destroy();
      }
      if (hasStreams) await clock.run(5_000); // the peers of the connections learn that they are closed
      assert.is(clock.pending, 0);
    },
  };
}

function told(value: unknown): string {
  return typeof value === 'object' && value !== null && 'status' in value ? String(value.status) : 'done';
}

function toldError(error: unknown): string {
  if (!(error instanceof FailureResponseError)) return error instanceof SipError ? error.code : String(error);
  const { cause } = error;
  const because = cause instanceof FailureResponseError ? ` because of ${cause.response.status}` : '';
  return `${error.response.status} ${error.origin}${because}`;
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
