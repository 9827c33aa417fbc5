import { Child } from './child.ts';
import { nowMs } from './clock.ts';
import type { Endpoint, News } from './messages.ts';
import type { Fault, Scenario } from './scenario.ts';
import { Sipp } from './sipp.ts';

/** Everybody but the caller, each a process of its own: the far end and two edges. */
export class Cast {
  readonly #members: { end(): Promise<void> }[] = [];
  readonly #death: (who: string) => void;
  #farEnd: Child | undefined;
  #edgeA: Child | undefined;
  #hops: readonly string[] = [];
  #target = '';

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
    const { dialogs, mode } = scenario;
    const farEnd =
      scenario.farEnd === 'sipp' ? await Sipp.start(signal) : await Child.start('far-end', { mode, dialogs });
    this.#add('the far end', farEnd);
    if (farEnd instanceof Child) this.#farEnd = farEnd;
    const clients = [caller, farEnd.local].map(({ host, port }) => `${host}:${port}`);
    const edgeA = await Child.start('edge', { clients });
    this.#add('edge A', edgeA);
    const edgeB = await Child.start('edge', { clients });
    this.#add('edge B', edgeB);
    edgeB.tell({ order: 'guard', pids: [edgeA.pid, farEnd.pid] });
    this.#edgeA = edgeA;
    this.#target = `sip:far@${farEnd.local.host}:${farEnd.local.port}`;
    this.#hops = [edgeA, edgeB].map(({ local }) => `sip:${local.host}:${local.port}`);
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

  /** Breaks the route; resolves, when it is broken, with the instant at which it was told to. */
  async break(fault: Fault): Promise<number> {
    const edge = this.#edgeA;
    if (edge === undefined) throw new Error('there is no edge to break');
    const atMs = nowMs();
    if (fault === 'lost-state') {
      await new Promise<void>((resolve) => {
        edge.hear((report) => {
          if (report.report === 'memory-lost') resolve();
        });
        edge.tell({ order: 'lose-memory' });
      });
    } else {
      edge.signal(fault === 'dead-hop' ? 'SIGKILL' : 'SIGSTOP');
    }
    return atMs;
  }

  /** Ends everybody who is left. */
  async end(): Promise<void> {
    await Promise.all(this.#members.map((member) => member.end()));
  }

  #add(name: string, member: { end(): Promise<void>; onDeath(listener: (how: string) => void): void }): void {
    this.#members.push(member);
    member.onDeath((how) => this.#death(`${name} died: ${how}`));
  }
}
