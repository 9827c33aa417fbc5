import { Child } from './child.ts';
import { nowMs } from './clock.ts';
import type { EdgeSettings, Endpoint, News } from './messages.ts';
import { uriOf } from './network.ts';
import type { Fault, Scenario } from './scenario.ts';
import { Sipp } from './sipp.ts';
import { noTraffic, type Traffic } from './traffic.ts';

interface Pair<T> {
  readonly a: T;
  readonly b: T;
}

type Edges = Pair<Child>;

/** Everybody but the caller, each a process of its own: the far end and two edges. */
export class Cast {
  readonly #members: { end(): Promise<void> }[] = [];
  readonly #death: (who: string) => void;
  #farEnd: Child | undefined;
  #edges: Edges | undefined;
  #hops: readonly string[] = [];
  #target = '';
  #farEndAt = '';
  /** The far end's process, which is not to outlive the main one. */
  #guarded = 0;
  #settings: Pair<EdgeSettings> | undefined;

  /** `death` hears of a member that died without being told to. */
  constructor(death: (who: string) => void) {
    this.#death = death;
  }

  /** What the caller calls. */
  get target(): string {
    return this.#target;
  }

  /** Edge A, then edge B. */
  get hops(): readonly string[] {
    return this.#hops;
  }

  /** Starts everybody; they forward and answer for `caller`. */
  async start(scenario: Scenario, caller: Endpoint, signal: AbortSignal): Promise<void> {
    const { dialogs, transport, mode, shards } = scenario;
    const farEnd =
      scenario.farEnd === 'sipp'
        ? await Sipp.start(signal)
        : await Child.start('far-end', { transport, mode, dialogs, shards });
    this.#add('the far end', farEnd);
    if (farEnd instanceof Child) this.#farEnd = farEnd;
    const clients = [caller, farEnd.local].map(({ host, port }) => `${host}:${port}`);
    this.#farEndAt = `${farEnd.local.host}:${farEnd.local.port}`;
    this.#target = uriOf(transport, farEnd.local, 'far');
    this.#guarded = farEnd.pid;
    const { a, b } = await this.#startEdges({ a: { transport, clients, port: 0 }, b: { transport, clients, port: 0 } });
    this.#settings = {
      a: { transport, clients, port: a.local.port },
      b: { transport, clients, port: b.local.port },
    };
    this.#hops = [a, b].map(({ local }) => uriOf(transport, local));
  }

  /** Tells the far end its next hops. SIPp has none: it follows the route set. */
  setHops(hops: readonly string[]): void {
    this.#farEnd?.tell({ order: 'hops', hops });
  }

  /** Hears what happens at the far end; SIPp says nothing. */
  hearNews(listener: (news: News) => void): void {
    this.#farEnd?.hear((report) => {
      if (report.report === 'news') listener(report);
    });
  }

  /** Has the far end send its INFOs. */
  informFromFarEnd(withinMs: number): void {
    this.#farEnd?.tell({ order: 'inform', withinMs });
  }

  /** Has the far end heal every dialog. */
  healFromFarEnd(withinMs: number): void {
    this.#farEnd?.tell({ order: 'heal', withinMs });
  }

  /** What the far end has sent so far. SIPp sends nothing of its own. */
  async farEndTraffic(): Promise<Traffic> {
    if (this.#farEnd === undefined) return noTraffic;
    const report = await this.#farEnd.ask({ order: 'count-traffic' }, 'traffic');
    return report.traffic;
  }

  /** Breaks the route; resolves, when it is broken, with the instant at which it was told to. */
  async break(fault: Fault): Promise<number> {
    const edges = this.#edges;
    if (edges === undefined) throw new Error('there is no edge to break');
    const atMs = nowMs();
    switch (fault) {
      case 'dead-hop':
        edges.a.signal('SIGKILL');
        break;
      case 'silent-hop':
        edges.a.signal('SIGSTOP');
        break;
      case 'lost-state':
        await edges.a.ask({ order: 'lose-memory' }, 'lost');
        break;
      case 'flow-lost':
        await edges.a.ask({ order: 'lose-connections' }, 'lost');
        break;
      case 'far-end':
        await edges.a.ask({ order: 'lose-flow', client: this.#farEndAt }, 'lost');
        break;
      case 'outage':
        await Promise.all([edges.a.end(), edges.b.end()]);
        break;
    }
    return atMs;
  }

  /** Starts both edges again, empty, where they were. */
  async restart(): Promise<void> {
    if (this.#settings !== undefined) await this.#startEdges(this.#settings);
  }

  /** Ends everybody who is left. */
  async end(): Promise<void> {
    await Promise.all(this.#members.map((member) => member.end()));
  }

  async #startEdges(settings: Pair<EdgeSettings>): Promise<Edges> {
    const a = await Child.start('edge', settings.a);
    this.#add('edge A', a);
    const b = await Child.start('edge', settings.b);
    this.#add('edge B', b);
    b.tell({ order: 'guard', pids: [a.pid, this.#guarded] });
    this.#edges = { a, b };
    return this.#edges;
  }

  #add(name: string, member: { end(): Promise<void>; onDeath(listener: (how: string) => void): void }): void {
    this.#members.push(member);
    member.onDeath((how) => this.#death(`${name} died: ${how}`));
  }
}
