import { setTimeout as sleep } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import * as assert from 'uvu/assert';
import { inLanes } from '../../bench/route-death/lanes.ts';
import { sessionDescription } from '../../bench/route-death/scenario.ts';
import {
  createEdge,
  createStack,
  type Dialog,
  type DialogRecord,
  type EdgeHost,
  type EdgeRefusalCounter,
  type IncomingCall,
  type RefusalReport,
  type Stack,
  type StackCounters,
  type StackOptions,
} from '../../core/index.ts';
import { type Protocol, type Transport, tcp, udp } from '../../transport/index.ts';
import { Attack } from './attack.ts';
import { burstMax, type Deeds, type Job, type Target } from './job.ts';

/** Everybody has an address of his own on loopback, so that a source tells who it is. */
export const hosts = {
  near: '127.0.0.11',
  far: '127.0.0.12',
  edges: ['127.0.0.21', '127.0.0.22'],
  attackers: ['127.0.0.61', '127.0.0.62', '127.0.0.63', '127.0.0.64'],
} as const;

const atOnce = 64;
/** Nothing here takes so long: whoever waits longer waits in vain. */
const waitMaxMs = 40_000;

export interface BattlefieldOptions {
  readonly protocol: Protocol;
  readonly dialogs: number;
  readonly near?: Partial<StackOptions>;
  /** False: the near end has no `onCall`, and so all calls are its own. */
  readonly takesCalls?: boolean;
  /** True: calls of anybody but the far end are left undecided by the near one. */
  readonly rings?: boolean;
  /** Put around the near end's transport. */
  readonly around?: (transport: Transport) => Transport;
}

type AttackJob = Job extends infer J
  ? J extends Job
    ? Omit<J, 'to' | 'hosts'> & Partial<Pick<J, 'to' | 'hosts'>>
    : never
  : never;

/** One call, as its two ends have it. */
interface Pair {
  readonly near: Dialog;
  readonly far: Dialog;
}

/** Two stacks with live dialogs through two edges, all of it in this process and on real sockets; the near one is what is attacked. */
export class Battlefield {
  readonly near: Stack;
  readonly far: Stack;
  readonly reports: RefusalReport[];
  readonly edgeReports: RefusalReport<EdgeRefusalCounter>[];
  /** What happened to dialogs: Call-ID and word. */
  readonly #endings: string[];
  readonly #protocol: Protocol;
  readonly #edges: (EdgeHost | undefined)[];
  readonly #edgePorts: readonly number[];
  readonly #attacks: Attack[] = [];
  #pairs: readonly Pair[] = [];

  private constructor(parts: {
    readonly protocol: Protocol;
    readonly near: Stack;
    readonly far: Stack;
    readonly edges: readonly EdgeHost[];
    readonly reports: RefusalReport[];
    readonly edgeReports: RefusalReport<EdgeRefusalCounter>[];
    readonly endings: string[];
  }) {
    this.#protocol = parts.protocol;
    this.near = parts.near;
    this.far = parts.far;
    this.#edges = [...parts.edges];
    this.#edgePorts = parts.edges.map(({ local }) => local.port);
    this.reports = parts.reports;
    this.edgeReports = parts.edgeReports;
    this.#endings = parts.endings;
  }

  static async open(options: BattlefieldOptions): Promise<Battlefield> {
    const { protocol, dialogs, takesCalls = true, rings = false, around = (transport) => transport } = options;
    const reports: RefusalReport[] = [];
    const edgeReports: RefusalReport<EdgeRefusalCounter>[] = [];
    const endings: string[] = [];
    const onEnded = (who: string) => (dialog: Dialog, by: string, reason: string) =>
      void endings.push(`${who} ${dialog.callId} ${by} ${reason}`);
    const edges = await Promise.all(hosts.edges.map((host) => edgeOn(protocol, host, 0, edgeReports)));
    const hops = edges.map(({ local }) => uriOf(protocol, local.host, local.port));
    const limits = { dialogs: 8192, transactions: 32_768 };
    const taken = new Map<string, Dialog>();
    const onCall = (call: IncomingCall): void => {
      call.answer({ body: sessionDescription }).then(
        (dialog) => void taken.set(dialog.callId, dialog),
        () => undefined,
      );
    };
    const far = await createStack({
      transports: [listening(protocol, hosts.far)],
      hops,
      limits,
      application: { onCall, onEnded: onEnded('far') },
    });
    const near = await createStack({
      transports: [around(listening(protocol, hosts.near))],
      hops,
      limits,
      ...options.near,
      application: {
        ...(takesCalls && {
          onCall: (call) => {
            if (!rings || call.from.includes(hosts.far)) onCall(call);
          },
        }),
        onEnded: onEnded('near'),
        onRefused: (report) => void reports.push(report),
      },
    });
    const field = new Battlefield({ protocol, near, far, edges, reports, edgeReports, endings });
    const [farLocal] = far.locals;
    const pairs: Pair[] = [];
    await inLanes(dialogs, atOnce, AbortSignal.timeout(waitMaxMs), async (index) => {
      const isOut = !takesCalls || index % 2 === 0;
      const [caller, { host, port }] = isOut ? [near, farLocal as Target] : [far, field.target];
      const dialog = await caller.invite(uriOf(protocol, host, port, 'x'), { body: sessionDescription });
      await until('the other end has the dialog', () => taken.has(dialog.callId));
      const other = taken.get(dialog.callId) as Dialog;
      pairs.push(isOut ? { near: dialog, far: other } : { near: other, far: dialog });
    });
    field.#pairs = pairs;
    return field;
  }

  /** Where the near stack is reached. */
  get target(): Target {
    const [local] = this.near.locals;
    if (local === undefined) throw new Error('the stack has no address');
    return local;
  }

  get edges(): readonly EdgeHost[] {
    return this.#edges.filter((edge) => edge !== undefined);
  }

  get pairs(): readonly Pair[] {
    return this.#pairs;
  }

  /** Has somebody do that: to the near stack, from all attackers' hosts, where it says no other. */
  async attack(job: AttackJob): Promise<Attack> {
    const attack = await Attack.begin({ to: this.target, hosts: hosts.attackers, ...job });
    this.#attacks.push(attack);
    return attack;
  }

  /** Kills one edge, waits until all dialogs go by the other, starts it again, kills the other, and waits again: so every route has died. */
  async rollRoutes(): Promise<void> {
    for (const dead of [0, 1]) {
      await this.#edges[dead]?.close();
      this.#edges[dead] = undefined;
      await until(`all dialogs leave edge ${dead}`, async () => {
        if (this.#endings.length > 0) return true;
        const { recovering } = await this.near.counts();
        const there = await this.far.counts();
        return recovering + there.recovering === 0 && (await this.#areBy(1 - dead));
      });
      const host = hosts.edges[dead] as string;
      if (dead === 0)
        this.#edges[0] = await edgeOn(this.#protocol, host, this.#edgePorts[0] as number, this.edgeReports);
    }
  }

  /** Sees that no dialog has ended, that each works both ways, and that both ends have it by the edge that lives. */
  async verify(): Promise<void> {
    assert.equal(this.#endings, []);
    const failures: string[] = [];
    await inLanes(this.#pairs.length, atOnce, AbortSignal.timeout(waitMaxMs), async (index) => {
      const pair = this.#pairs[index] as Pair;
      for (const end of ['near', 'far'] as const) {
        await pair[end].request('INFO').catch((error) => failures.push(`${end}: ${error.message}`));
      }
    });
    assert.equal(failures, []);
    assert.equal(this.#endings, []);
    const [{ port: farPort = 0 } = {}] = this.far.locals;
    await inLanes(this.#pairs.length, this.#pairs.length, AbortSignal.timeout(waitMaxMs), async (index) => {
      const pair = this.#pairs[index] as Pair;
      const [near, far] = await Promise.all([pair.near.export(), pair.far.export()]);
      assert.ok(this.#leadsToLife(near), near.routeSet?.join());
      assert.ok(this.#leadsToLife(far), far.routeSet?.join());
      assert.match(near.remoteTarget, `${hosts.far}:${farPort}`);
      assert.match(far.remoteTarget, `${hosts.near}:${this.target.port}`);
      assert.is((await pair.near.routeStatus()).status, 'healthy');
    });
  }

  /** What the near stack has counted since a former count. */
  async countersSince(before: StackCounters): Promise<StackCounters> {
    const after = await this.near.counters();
    const differences = Object.entries(after).map(([name, count]) => [
      name,
      count - before[name as keyof StackCounters],
    ]);
    return Object.fromEntries(differences);
  }

  async end(): Promise<void> {
    await Promise.all(this.#attacks.map((attack) => attack.end()));
    await Promise.all([this.near.destroy(), this.far.destroy()]);
    await Promise.all(this.edges.map((edge) => edge.close()));
  }

  async #areBy(edge: number): Promise<boolean> {
    const alive = this.#isOf(edge);
    // All at once: each of them takes a turn of the event loop.
    const dialogs = this.#pairs.flatMap(({ near, far }) => [near, far]);
    const records = await Promise.all(dialogs.map((dialog) => dialog.export().catch(() => undefined)));
    return records.every((record) => record !== undefined && alive(record));
  }

  #leadsToLife(record: DialogRecord): boolean {
    return this.#edges.some((edge, index) => edge !== undefined && this.#isOf(index)(record));
  }

  #isOf(edge: number): (record: DialogRecord) => boolean {
    const place = `@${hosts.edges[edge]}:${this.#edgePorts[edge]}`;
    return ({ routeSet = [] }) => routeSet.length > 0 && routeSet.every((uri) => uri.includes(place));
  }
}

/** Opens a battlefield for what is tried there, and ends it whatever comes of that. */
export async function onBattlefield(
  options: BattlefieldOptions,
  act: (field: Battlefield) => Promise<void>,
): Promise<void> {
  const field = await Battlefield.open(options);
  try {
    await act(field);
  } finally {
    await field.end();
  }
}

/** Sees that so many were counted as were sent, less what a full buffer may have dropped where a marker had to be repeated. */
export function assertCounted(counted: number, sent: number, { repeated }: Deeds, what: string): void {
  assert.ok(sent > 0, `${what}: none was sent`);
  const text = `${what}: ${counted} counted of ${sent}, ${repeated} markers repeated`;
  if (repeated === 0) assert.is(counted, sent, text);
  else assert.ok(counted <= sent && counted >= sent - repeated * burstMax, text);
}

/** Octets that this process holds after a collection. */
export function heldOctets(): number {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

/** Waits until it is so; this is no test of how long it takes. */
export async function until(what: string, look: () => boolean | Promise<boolean>): Promise<void> {
  for (const endMs = performance.now() + waitMaxMs; !(await look()); ) {
    if (performance.now() > endMs) throw new Error(`in vain: ${what}`);
    await sleep(100);
  }
}

function listening(protocol: Protocol, host: string, port = 0): Transport {
  return protocol === 'tcp' ? tcp({ host, port }) : udp({ host, port });
}

function edgeOn(
  protocol: Protocol,
  host: string,
  port: number,
  reports: RefusalReport<EdgeRefusalCounter>[],
): Promise<EdgeHost> {
  return createEdge({
    transports: [listening(protocol, host, port)],
    clients: [hosts.near, hosts.far],
    onRefused: (report) => void reports.push(report),
  });
}

export function uriOf(protocol: Protocol, host: string, port: number, user = ''): string {
  return `sip:${user}${user === '' ? '' : '@'}${host}:${port}${protocol === 'udp' ? '' : `;transport=${protocol}`}`;
}

export function sum(counts: readonly number[]): number {
  return counts.reduce((all, count) => all + count, 0);
}
