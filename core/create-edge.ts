import { needClock, needFunction, needObject, needText, needTransports, refuseUnknown } from './checks.ts';
import type { Address, RandomSource } from './contract.ts';
import type { EdgeCounters, EdgeRefusalCounter } from './edge/counters.ts';
import type { EdgeEvent } from './edge/event.ts';
import type { RefusalReport } from './engine/refusals.ts';
import { asSipError, SipError, UsageError } from './errors.ts';
import { addressOfText } from './message/numeric-address.ts';
import { checkClient, checkClients, type EdgeShard, startEdge } from './shard/edge.ts';
import type { Clock, Transport } from './shard/inline.ts';
import { systemClock, systemRandom } from './shard/system.ts';

/** What an edge is made of. Only `transports` and `clients` have no default. */
export interface CreateEdgeOptions {
  /** Where it listens: `udp({ host, port })`, or a memory network's. */
  readonly transports: readonly Transport[];
  /**
   * Who may ask it to forward something: `192.0.2.1`, `192.0.2.1:5060`, `2001:db8::1` or `[2001:db8::1]:5060`. Both ends of
   * a call belong here when both are to heal it. A port counts for UDP only: connections come from any.
   */
  readonly clients: readonly string[];
  /**
   * Where requests go whose Request-URI is the edge itself or a name: `sip:` with a numeric host. Without it they get 404.
   */
  readonly defaultTarget?: string;
  readonly onEvent?: (event: EdgeEvent) => void;
  /**
   * Something of a peer's was refused, dropped, or its connection closed; not what is asked to heal. Told at a bounded rate: see
   * `Application.onRefused`.
   */
  readonly onRefused?: (report: RefusalReport<EdgeRefusalCounter>) => void;
  /** Something an operator should know; nothing has failed. */
  readonly onWarning?: (message: string) => void;
  /** Time and turns: a `VirtualClock` in tests. */
  readonly clock?: Clock;
  /** Fills arrays with random octets: a seeded source in tests. */
  readonly random?: RandomSource;
}

const optionNames: readonly (keyof CreateEdgeOptions)[] = [
  'transports',
  'clients',
  'defaultTarget',
  'onEvent',
  'onRefused',
  'onWarning',
  'clock',
  'random',
];

/**
 * Starts an edge: a record-routing proxy that sees when a dialog's state is lost and asks for healing.
 *
 * @throws UsageError when an option is wrong; SipError `SIP_PORT_IN_USE` or `SIP_BIND_FAILED` when a socket cannot be opened.
 */
export async function createEdge(options: CreateEdgeOptions): Promise<EdgeHost> {
  needObject('createEdge()', options);
  refuseUnknown('', options, optionNames);
  const { transports, clients, defaultTarget, onEvent, onRefused, onWarning, clock, random } = options;
  needTransports(transports);
  needClients(clients);
  if (defaultTarget !== undefined) needText('defaultTarget', defaultTarget);
  for (const [name, value] of Object.entries({ onEvent, onRefused, onWarning, random })) needFunction(name, value);
  needClock(clock);
  try {
    const edge = await startEdge({
      transports,
      clients,
      defaultTarget: defaultTarget === undefined ? undefined : targetOf(defaultTarget),
      clock: clock ?? systemClock,
      random: random ?? systemRandom,
      reportsRefusals: onRefused !== undefined,
      onEvents: (events) => {
        for (const event of events) {
          if (event.kind === 'refused') onRefused?.(event.report);
          else onEvent?.(event);
        }
      },
      onWarning: (message) => onWarning?.(message),
    });
    return new EdgeHost(edge);
  } catch (error) {
    throw asSipError(error);
  }
}

/** An edge with its sockets. Made by `createEdge`. */
export class EdgeHost implements AsyncDisposable {
  readonly #edge: EdgeShard;
  #closed = false;

  /** @internal `createEdge` makes them. */
  constructor(edge: EdgeShard) {
    this.#edge = edge;
  }

  /** Where it is reached, one for each transport. */
  get locals(): readonly Address[] {
    return this.#edge.shard.locals;
  }

  /** Where it is reached by its first transport. */
  get local(): Address {
    const [first] = this.locals;
    if (first === undefined) throw new SipError('SIP_CLOSED', 'The edge has no transport.');
    return first;
  }

  /** What it has done so far. */
  get counters(): Readonly<EdgeCounters> {
    return { ...this.#edge.counters };
  }

  /** Messages dropped for want of room between the sockets and the edge. */
  get shed(): number {
    return this.#edge.shard.shed;
  }

  /** Forgets the state of all dialogs, as a restart would: each is asked to heal when it sends its next request. */
  loseMemory(): void {
    this.#command({ name: 'lose-memory' });
  }

  /**
   * Says that the flow to a client is another one now, although its address may live: what the routes of dialogs say of it so far
   * is void. Requests for it inside those dialogs get 430 with Wait-For-Session-Update, its own get Dialog-Route-Set-Update;
   * any heal of a dialog ends both. A connection that breaks needs no such word.
   *
   * @throws UsageError when `client` is no numeric address; entries are as in `clients`
   */
  loseFlow(client: string): void {
    needText('client', client);
    checkClient(client);
    this.#command({ name: 'lose-flow', client });
  }

  /**
   * Says that a client's registration is gone, as only a registrar can know: whatever the client sends inside a dialog, heals too, gets
   * 430 with Registration-Route-Set-Update and Dialog-Route-Set-Update, or 481 where it does not offer the option tag. It ends with
   * the first 2xx to a REGISTER of the client's that passes through this edge, or with `restoreRegistration`.
   *
   * @throws UsageError when `client` is no numeric address; entries are as in `clients`
   */
  loseRegistration(client: string): void {
    needText('client', client);
    checkClient(client);
    this.#command({ name: 'lose-registration', client });
  }

  /** Takes back `loseRegistration` for a client that has registered again elsewhere. */
  restoreRegistration(client: string): void {
    needText('client', client);
    checkClient(client);
    this.#command({ name: 'restore-registration', client });
  }

  /** Replaces the list of clients while the edge runs. @throws UsageError that names the entry which is no numeric address */
  setClients(clients: readonly string[]): void {
    needClients(clients);
    checkClients(clients);
    this.#command({ name: 'clients', clients: [...clients] });
  }

  /** Closes the sockets. There is nothing to drain. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#edge.shard.destroy();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #command(command: Parameters<EdgeShard['shard']['command']>[0]): void {
    if (this.#closed) throw new SipError('SIP_CLOSED', 'The edge is closed.');
    this.#edge.shard.command(command);
  }
}

function needClients(clients: unknown): void {
  if (!Array.isArray(clients)) throw new UsageError('clients: give a list of numeric addresses; it may be empty.');
  for (const client of clients) needText('clients: each entry', client);
}

function targetOf(uri: string): Address {
  const address = addressOfText(uri);
  if (address !== undefined) return address;
  throw new UsageError(`defaultTarget: '${uri}' needs the scheme sip and a numeric host: names are not looked up.`);
}
