import { type Dialog, type DialogRecord, SipError } from '../../core/index.ts';
import { edgesAt, HuntGround, hosts, type Place, placeNames, places } from './hunt-ground.ts';
import type { Program } from './hunt-program.ts';

/** A failed heal is tried again after a minute at most, and may itself take 32 s twice: once more by another rung. */
const healedWithinMs = 60_000 + 2 * 32_000 + 8_000;
/** An owed BYE is tried every 15 minutes at least. */
const noGhostAfterMs = 900_000 + 40_000;

/** Two edges that lose what there is to lose, three stacks, and programs that do everything they may; all of it decided by one seed. */
export class Hunt {
  readonly ground: HuntGround;
  /** Their peer may ask the old owner once more, which knows nothing of them after a quarter of an hour. */
  readonly #handedOver = new Set<string>();
  /** Dialogs of a stack that was closed before all peers could be told, and how many these were. */
  readonly #untold = { callIds: new Set<string>(), count: 0 };
  #closedEarly: Place | undefined;

  constructor(seed: number) {
    this.ground = new HuntGround(seed);
  }

  async run(troubles: number): Promise<void> {
    const dice = this.ground.dice;
    for (const at of edgesAt) this.ground.edges.push(await this.ground.openEdge(at));
    const passive = dice.pick(['near', 'far', '', '', '']);
    for (const place of placeNames) await this.ground.open(place, place === passive);
    this.ground.network.change({ loss: dice.pick([0, 0, 0.02, 0.1]), duplication: 0.02, reordering: 0.05 });
    for (let call = 0; call < 5; call++) {
      const isOurs = dice.chance(0.5);
      this.ground.program(isOurs ? 'near' : 'far').invite(this.ground.target(isOurs ? 'far' : 'near'));
    }
    await this.ground.clock.run(3000);
    for (let trouble = 0; trouble < troubles; trouble++) {
      if (dice.chance(0.4)) await this.#makeTrouble();
      const actions = dice.below(5);
      for (let action = 0; action < actions; action++) await this.#act();
      await this.ground.clock.run(dice.pick([0, 1, 3, 20, 300, 1500, 5000, dice.chance(0.1) ? 40_000 : 500]));
    }
    if (dice.chance(0.3)) await this.#outage();
    if (dice.chance(0.1)) await this.#closeEarly();
    await this.#calmDown();
    await this.#close();
  }

  async #act(): Promise<void> {
    const place = this.ground.dice.pick(placeNames);
    const program = this.ground.program(place);
    if (this.ground.dice.chance(0.06)) await this.#handOver();
    else if (place === 'heir') {
      if (program.dialogs.size > 0) program.act([this.ground.target('far')]);
    } else program.act([this.ground.target(place === 'near' ? 'far' : 'near')]);
  }

  async #makeTrouble(): Promise<void> {
    const dice = this.ground.dice;
    const network = this.ground.network;
    const index = dice.below(2);
    const at = edgesAt[index] ?? edgesAt[0];
    const edge = this.ground.edges[index];
    const place = places[dice.pick(placeNames)];
    const kind = dice.pick(['memory', 'flow', 'registration', 'reset', 'death', 'partition', 'pause'] as const);
    this.ground.say(`${kind} ${index} ${place.host}`);
    if (kind === 'memory') edge?.loseMemory();
    else if (kind === 'flow') edge?.loseFlow(place.host);
    else if (kind === 'registration') edge?.loseRegistration(place.host);
    else if (kind === 'reset') network.reset(at, place);
    else if (kind === 'death') {
      network.kill(at);
      await edge?.close();
      await this.#passTime(dice.pick([10, 500, 3000, 8000]));
      this.ground.edges[index] = await this.ground.openEdge(at);
    } else if (kind === 'partition') {
      network.partition(at, place);
      this.ground.ledger.wake(dice.pick([100, 1500, 5000, 45_000]), () => network.heal(at, place));
    } else {
      network.pause(at);
      await this.#passTime(dice.pick([100, 1000, 4000]));
      network.resume(at);
    }
  }

  async #passTime(ms: number): Promise<void> {
    for (let part = 0; part < 4; part++) {
      await this.#act();
      await this.ground.clock.run(ms / 4);
    }
  }

  /** Nothing lives between the stacks: what they send meanwhile is bounded, however many dialogs wait. */
  async #outage(): Promise<void> {
    this.ground.say('outage');
    for (const [index, at] of edgesAt.entries()) {
      this.ground.network.kill(at);
      await this.ground.edges[index]?.close();
    }
    for (const program of this.ground.programs.values())
      for (const dialog of program.dialogs.values()) if (this.ground.dice.chance(0.3)) program.bye(dialog);
    await this.ground.clock.run(70_000);
    const count = (): number =>
      this.ground.transports.reduce((sum, { traffic }) => sum + traffic.messages + traffic.connects, 0);
    const before = count();
    await this.ground.clock.run(60_000);
    const perSecond = (count() - before) / 60;
    if (perSecond > 18) this.ground.faults.push(`${perSecond} messages a second in an outage`);
    for (const [index, at] of edgesAt.entries()) this.ground.edges[index] = await this.ground.openEdge(at);
  }

  async #handOver(): Promise<void> {
    const [from, to] = this.ground.dice.pick([
      ['near', 'heir'],
      ['heir', 'near'],
      ['near', 'near'],
    ] as const);
    const dialog = this.ground.dice.pick([...this.ground.program(from).dialogs.values()]);
    if (dialog === undefined) return;
    const release = this.ground.dice.chance(0.8);
    this.ground.say(`hand over ${dialog.callId} from ${from} to ${to}${release ? '' : ', not really'}`);
    const record = await this.ground.take(dialog.export({ release }).catch((error: unknown) => error));
    if (record instanceof SipError || !release) return;
    if (record instanceof Error) throw record;
    this.ground.program(from).dialogs.delete(dialog.id);
    const isFar = from !== to;
    const { localContact: _its, ...rest } = record as DialogRecord;
    const sent =
      isFar || this.ground.dice.chance(0.5)
        ? ({ ...rest, routeStatus: 'recovering' } as DialogRecord)
        : (record as DialogRecord);
    this.#handedOver.add(dialog.callId);
    const heir = this.ground.program(to);
    heir.watch(
      'adopt',
      undefined,
      heir.stack.adopt(sent).then(
        (adopted) => {
          heir.own(adopted);
        },
        (error: unknown) => void this.ground.faults.push(`${heir.name} does not adopt: ${error}`),
      ),
    );
    await this.ground.clock.run(0);
  }

  async #closeEarly(): Promise<void> {
    const place = this.ground.dice.pick(placeNames);
    this.ground.say(`close ${place}`);
    const at = edgesAt[0];
    this.ground.network.partition(at, places[place]);
    this.ground.ledger.wake(20_000, () => this.ground.network.heal(at, places[place]));
    const program = this.ground.program(place);
    program.isClosed = true;
    this.#closedEarly = place;
    const { undelivered = 0 } = await this.ground.take(program.stack.close(), 600_000);
    this.#untold.count = undelivered;
    if (undelivered > 0) for (const name of program.names.values()) this.#untold.callIds.add(callIdOf(name));
    program.dialogs.clear();
    this.ground.programs.delete(place);
    await this.ground.clock.run(1000);
    if (program.pending.size > 0) this.ground.faults.push(`${place} closed with ${waiting(program)} unsettled`);
  }

  /** Everybody behaves from now on: what lives is healed in time, and nothing lives on one side alone. */
  async #calmDown(): Promise<void> {
    const clock = this.ground.clock;
    this.ground.say('calm');
    this.ground.network.change({ loss: 0, duplication: 0, reordering: 0 });
    await clock.run(45_000); // partitions end
    for (const edge of this.ground.edges) for (const host of hosts) edge.restoreRegistration(host);
    for (const program of this.ground.programs.values()) program.calmDown();
    await this.#informAll(40_000); // finds out what is broken, and nobody has met yet
    await clock.run(healedWithinMs);
    for (const program of this.ground.programs.values())
      for (const dialog of program.dialogs.values()) {
        const { status } = await this.ground.take(dialog.routeStatus());
        if (program.isPassive && status === 'recovering') await this.ground.take(dialog.heal().catch(() => undefined));
        else if (status !== 'healthy' && this.#opposite(program, dialog))
          this.ground.faults.push(
            `${program.name}: ${dialog.callId} is ${JSON.stringify(await this.ground.take(dialog.routeStatus()))}`,
          );
      }
    await clock.run(noGhostAfterMs);
    const isForgetful = this.ground.forgetful !== undefined;
    if (isForgetful) await this.#informAll(40_000);
    for (const program of this.ground.programs.values())
      for (const dialog of program.dialogs.values())
        if (!this.#opposite(program, dialog) && !this.#isUntold(dialog) && !this.#isExcused(dialog))
          this.ground.faults.push(`${dialog.callId} is a ghost of ${program.name}: ${this.#story(program, dialog)}`);
    this.#seeEnds();
    this.#countUntold();
    const failed = await this.#informAll(40_000);
    if (!isForgetful) this.ground.faults.push(...failed);
    for (const program of this.ground.programs.values())
      if (program.pending.size > 0) this.ground.faults.push(`${program.name} waits for ${waiting(program)}`);
  }

  async #close(): Promise<void> {
    const byBye = this.ground.dice.chance(0.5);
    const programs = [...this.ground.programs.values()];
    if (byBye) {
      for (const program of programs) for (const dialog of program.dialogs.values()) program.bye(dialog);
      await this.ground.clock.run(130_000);
      for (const { name, stack } of programs) {
        const { healedRequests: _grows, ...counts } = await this.ground.take(stack.counts());
        const left = Object.entries(counts).filter(([, count]) => count !== 0 && this.#closedEarly === undefined);
        if (left.length > 0) this.ground.faults.push(`${name} still holds ${left.join('; ')}`);
      }
    }
    for (const program of programs) {
      await this.ground.take(program.stack.close(), 120_000);
      program.dialogs.clear();
    }
    for (const program of programs)
      if (program.pending.size > 0)
        this.ground.faults.push(`${program.name} closed with ${waiting(program)} unsettled`);
    for (const edge of this.ground.edges) await edge.close();
    await this.ground.clock.run(60_000);
    if (this.ground.clock.pending > 0) this.ground.faults.push(`${this.ground.clock.pending} timers are left`);
    this.ground.faults.push(...this.ground.sequences.finish());
  }

  /** An INFO in each dialog of each side; what did not succeed. */
  async #informAll(ms: number): Promise<string[]> {
    const failed: string[] = [];
    for (const program of this.ground.programs.values())
      for (const dialog of program.dialogs.values())
        void program
          .inform(dialog)
          .then(
            (ok) =>
              ok ||
              this.#isExcused(dialog) ||
              this.#isUntold(dialog) ||
              failed.push(`${program.name}: no INFO in ${dialog.callId}`),
          );
    await this.ground.clock.run(ms);
    return failed;
  }

  #opposite(program: Program, { id }: Dialog): boolean {
    const name = program.names.get(id);
    const others: readonly Place[] = program.name === 'far' ? ['near', 'heir'] : ['far'];
    return others.some((place) => this.ground.programs.get(place)?.has(name));
  }

  /** No end is one that each side has only heard of: then nobody meant it. */
  #seeEnds(): void {
    const ends = new Map<string, string[]>();
    for (const program of this.ground.programs.values())
      for (const [id, name] of program.names) {
        const end = program.ends.get(id);
        if (end !== undefined) ends.set(name, [...(ends.get(name) ?? []), end]);
      }
    for (const [name, both] of ends) {
      const isHandedOver = this.#handedOver.has(callIdOf(name));
      if (isHandedOver || this.ground.forgetful !== undefined || both.length < 2) continue;
      if (both.every((end) => end.includes('does-not-exist')))
        this.ground.faults.push(`nobody has ended ${name}: ${both.join(', ')}`);
    }
  }

  /** No more of them are left than whoever closed has said. */
  #countUntold(): void {
    let left = 0;
    for (const program of this.ground.programs.values())
      for (const dialog of program.dialogs.values())
        if (this.#isUntold(dialog) && !this.#opposite(program, dialog)) left++;
    if (left > this.#untold.count)
      this.ground.faults.push(`${left} are left of ${this.#untold.count} that could not be told`);
  }

  /** One who closed cannot say again what was not heard: of a dialog that moved, or when it takes a hop's 481 for the end. */
  #isExcused({ callId }: Dialog): boolean {
    return this.#closedEarly !== undefined && (this.ground.forgetful !== undefined || this.#handedOver.has(callId));
  }

  /** Its peer has closed, and said that so many could not be told. */
  #isUntold({ callId }: Dialog): boolean {
    return this.#untold.callIds.has(callId);
  }

  #story(program: Program, { id }: Dialog): string {
    const name = program.names.get(id);
    const lives: string[] = [];
    for (const [place, { names, ends }] of this.ground.programs)
      for (const [each, itsName] of names) if (itsName === name) lives.push(`${place} ${ends.get(each) ?? '-'}`);
    return `${name}: ${lives.join(', ')}`;
  }
}

function callIdOf(name: string): string {
  return name.split(' ')[0] ?? '';
}

function waiting({ pending }: Program): string {
  return [...pending].map(({ method, atMs, callId }) => `${method} of ${atMs} ${callId}`).join(', ');
}
