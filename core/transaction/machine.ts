import type { Length, SipTimers, TimerSpec } from '../time/sip-timers.ts';
import type { TimerId, TimerKind, Wheel } from '../time/wheel.ts';
import type { Runs } from './runs.ts';

/** What one event, or one timer, does in one state: the next state, and what is done on the way, in order. */
export interface Rule<State, Action> {
  readonly to: State;
  readonly act?: readonly Action[];
  /** The timer that fired runs again for this long, instead of twice as long as before. */
  readonly again?: Length;
}

export interface StateSpec<State, Timer, Event extends PropertyKey, Action> {
  /**
   * The timers that run in this state: at most two, one that stands in two neighbouring states at the same place in both.
   * It then runs on from one to the other; every other timer starts and stops with the state.
   */
  readonly timers: readonly Timer[];
  /** What is not listed is ignored. */
  readonly on: { readonly [Happening in Event | Extract<Timer, PropertyKey>]?: Rule<State, Action> };
}

/** A state machine as a table, to be held against the RFC's figure cell by cell. In `terminated` it has ended. */
export type Spec<State extends string, Timer extends string, Event extends string, Action extends string> = {
  readonly [S in State | 'terminated']: StateSpec<State | 'terminated', Timer, Event, Action>;
};

/** A table together with where it starts and what its timers are. */
export interface Plan<State extends string, Timer extends string, Event extends string, Action extends string> {
  readonly initial: State;
  readonly states: Spec<State, Timer, Event, Action>;
  readonly timers: { readonly [T in Timer]: TimerSpec };
}

/** Who runs machines: it does what a table says. `index` tells which run. */
export interface Host<Action> {
  /** May do anything, ending this run included. */
  act(index: number, action: Action): void;
  /** The run has come to `terminated`: nothing is armed any more. */
  end(index: number): void;
}

interface CompiledTimer {
  readonly lane: 0 | 1;
  readonly kind: TimerKind;
  readonly firstMs: number;
  /** 0: it does not repeat. */
  readonly capMs: number;
  readonly reliable: TimerSpec['reliable'];
}

interface CompiledRule<State, Action> {
  readonly to: CompiledState<State, Action>;
  readonly act: readonly Action[];
  readonly againMs: number;
}

interface CompiledState<State, Action> {
  readonly name: State | 'terminated';
  readonly number: number;
  readonly lanes: [CompiledTimer | undefined, CompiledTimer | undefined];
  readonly on: Record<string, CompiledRule<State, Action>>;
  /** Over a reliable transport this state is left at once, by the rule of its timer of zero length. */
  passing: CompiledRule<State, Action> | undefined;
}

/** The number of `terminated`, so that fresh columns hold runs that have ended. */
const TERMINATED = 0;
const nothing: readonly never[] = [];

/**
 * Runs one table for any number of transactions: a run is a row of `Runs`, not an object.
 *
 * A transition sets the state, then starts and stops timers, then acts: what an action calls finds a finished transition,
 * and may cause the next one. In a table whoever tells a user does so last, for the user may end the run.
 */
export class Machine<State extends string, Timer extends string, Event extends string, Action extends string> {
  readonly #runs: Runs;
  readonly #wheel: Wheel;
  readonly #host: Host<Action>;
  readonly #states: CompiledState<State, Action>[] = [];
  readonly #initial: CompiledState<State, Action>;
  readonly #terminated: CompiledState<State, Action>;

  constructor(
    plan: Plan<State, Timer, Event, Action>,
    deps: { readonly runs: Runs; readonly wheel: Wheel; readonly sip: SipTimers; readonly host: Host<Action> },
  ) {
    this.#runs = deps.runs;
    this.#wheel = deps.wheel;
    this.#host = deps.host;
    this.#terminated = this.#declare('terminated', TERMINATED);
    const names = (Object.keys(plan.states) as (State | 'terminated')[]).filter((name) => name !== 'terminated');
    for (const name of names) this.#declare(name, this.#states.length);
    this.#initial = this.#named(plan.initial);
    const timers = this.#compileTimers(plan, deps.sip);
    for (const state of this.#states) this.#compileState(state, plan.states[state.name], timers, deps.sip);
  }

  /** Starts a run in the initial state. */
  begin(index: number, reliable: boolean): void {
    const runs = this.#runs;
    runs.reliable[index] = reliable ? 1 : 0;
    runs.states[index] = this.#initial.number;
    this.#settle(index, 0, this.#terminated, this.#initial, undefined, 0);
    this.#settle(index, 1, this.#terminated, this.#initial, undefined, 0);
  }

  /** Takes an event; false when the state ignores it. */
  handle(index: number, event: Event): boolean {
    const rule = this.#stateOf(index).on[event];
    if (rule === undefined) return false;
    this.#follow(index, rule, undefined);
    return true;
  }

  /** Would `handle` do anything? */
  takes(index: number, event: Event): boolean {
    return this.#stateOf(index).on[event] !== undefined;
  }

  state(index: number): State | 'terminated' {
    return this.#stateOf(index).name;
  }

  /** Ends a run without a word to its host; needed, too, for one that has ended by itself. */
  stop(index: number): void {
    const runs = this.#runs;
    runs.lives[index] = (runs.lives[index] as number) + 1;
    runs.states[index] = TERMINATED;
    this.#disarm(index, runs.lanes[0]);
    this.#disarm(index, runs.lanes[1]);
  }

  #follow(index: number, rule: CompiledRule<State, Action>, fired: CompiledTimer | undefined): void {
    const runs = this.#runs;
    const life = runs.lives[index];
    const from = this.#stateOf(index);
    const to = rule.to;
    runs.states[index] = to.number;
    this.#settle(index, 0, from, to, fired, rule.againMs);
    this.#settle(index, 1, from, to, fired, rule.againMs);
    for (let i = 0; i < rule.act.length; i++) {
      this.#host.act(index, rule.act[i] as Action);
      if (runs.lives[index] !== life) return;
    }
    if (to === this.#terminated) {
      this.#host.end(index);
      return;
    }
    if (to.passing === undefined || from === to || runs.reliable[index] === 0) return;
    // An action may have led on already.
    if (runs.states[index] === to.number) this.#follow(index, to.passing, undefined);
  }

  #fire(index: number, timer: CompiledTimer, name: Timer): void {
    this.#runs.lanes[timer.lane][index] = 0;
    const rule = this.#stateOf(index).on[name];
    if (rule !== undefined) this.#follow(index, rule, timer);
  }

  #settle(
    index: number,
    lane: 0 | 1,
    from: CompiledState<State, Action>,
    to: CompiledState<State, Action>,
    fired: CompiledTimer | undefined,
    againMs: number,
  ): void {
    const runs = this.#runs;
    const timer = to.lanes[lane];
    if (timer === from.lanes[lane]) {
      if (timer === undefined || timer !== fired || timer.capMs === 0) return;
      const lastMs = runs.intervals[index] as number;
      this.#arm(index, timer, againMs > 0 ? againMs : Math.min(2 * lastMs, timer.capMs));
      return;
    }
    this.#disarm(index, runs.lanes[lane]);
    if (timer !== undefined && (timer.reliable === 'same' || runs.reliable[index] === 0)) {
      this.#arm(index, timer, timer.firstMs);
    }
  }

  #arm(index: number, timer: CompiledTimer, intervalMs: number): void {
    const runs = this.#runs;
    if (timer.capMs > 0) runs.intervals[index] = intervalMs;
    runs.lanes[timer.lane][index] = this.#wheel.arm(timer.kind, index, this.#wheel.nowMs + intervalMs);
  }

  #disarm(index: number, lane: Int32Array): void {
    const id = lane[index] as TimerId;
    if (id === 0) return;
    this.#wheel.disarm(id);
    lane[index] = 0;
  }

  #stateOf(index: number): CompiledState<State, Action> {
    return this.#states[this.#runs.states[index] as number] as CompiledState<State, Action>;
  }

  #declare(name: State | 'terminated', number: number): CompiledState<State, Action> {
    const state = { name, number, lanes: [undefined, undefined], on: {}, passing: undefined } satisfies CompiledState<
      State,
      Action
    >;
    this.#states.push(state);
    return state;
  }

  #named(name: State | 'terminated'): CompiledState<State, Action> {
    const state = this.#states.find((each) => each.name === name);
    if (state === undefined) throw new TypeError(`no such state: ${name}`);
    return state;
  }

  #compileTimers(plan: Plan<State, Timer, Event, Action>, sip: SipTimers): Map<Timer, CompiledTimer> {
    const timers = new Map<Timer, CompiledTimer>();
    for (const state of Object.values(plan.states) as StateSpec<State, Timer, Event, Action>[]) {
      if (state.timers.length > 2) throw new TypeError('a state has room for two timers');
      for (const [place, name] of state.timers.entries()) {
        const lane = place === 0 ? 0 : 1;
        const known = timers.get(name);
        if (known === undefined) timers.set(name, this.#compileTimer(name, plan.timers[name], lane, sip));
        else if (known.lane !== lane) throw new TypeError(`timer ${name} must stand at one place`);
      }
    }
    return timers;
  }

  #compileTimer(name: Timer, spec: TimerSpec, lane: 0 | 1, sip: SipTimers): CompiledTimer {
    const timer: CompiledTimer = {
      lane,
      kind: this.#wheel.kind((index) => this.#fire(index, timer, name)),
      firstMs: sip[spec.first],
      capMs: spec.doublesUpTo === undefined ? 0 : sip[spec.doublesUpTo],
      reliable: spec.reliable,
    };
    return timer;
  }

  #compileState(
    state: CompiledState<State, Action>,
    spec: StateSpec<State | 'terminated', Timer, Event, Action>,
    timers: ReadonlyMap<Timer, CompiledTimer>,
    sip: SipTimers,
  ): void {
    const rules = Object.entries(spec.on) as [Event | Timer, Rule<State | 'terminated', Action> | undefined][];
    for (const [happening, rule] of rules) {
      if (rule === undefined) continue;
      const { to, act = nothing, again } = rule;
      state.on[happening] = { to: this.#named(to), act, againMs: again === undefined ? 0 : sip[again] };
    }
    for (const [place, name] of spec.timers.entries()) {
      const timer = timers.get(name);
      state.lanes[place === 0 ? 0 : 1] = timer;
      if (timer?.reliable === 'zero') state.passing = state.on[name];
    }
  }
}
