import type { Input, Step } from '../../core/contract.ts';
import type { Command } from '../../core/engine/command.ts';
import { Engine } from '../../core/engine/engine.ts';
import type { EngineEvent } from '../../core/engine/event.ts';

/**
 * Hears of each step of one engine, after it. Each has one input at most, or none and what timers have caused: so it is plain what
 * caused what.
 */
export type StepListener = (nowMs: number, inputs: readonly Input<Command>[], step: Step<EngineEvent>) => void;

const original = Engine.prototype.step;
const listeners = new WeakMap<Engine, StepListener>();
let newcomer: StepListener | undefined;

/** Listens at every engine of this process that is made from now on. Does nothing when it is done already. */
export function tapSteps(): void {
  Engine.prototype.step = function tapped(nowMs, inputs) {
    let listener = listeners.get(this);
    if (listener === undefined && newcomer !== undefined) {
      listener = newcomer;
      newcomer = undefined;
      listeners.set(this, listener);
    }
    if (listener === undefined) return original.call(this, nowMs, inputs);
    let step = original.call(this, nowMs, none);
    if (inputs.length === 0 || step.outputs.length > 0) listener(nowMs, none, step);
    const outputs = [...step.outputs];
    for (const [index, input] of inputs.entries()) {
      // What the one before has set to go off at once.
      if (index > 0) step = original.call(this, nowMs, none);
      if (index > 0 && step.outputs.length > 0) {
        listener(nowMs, none, step);
        outputs.push(...step.outputs);
      }
      const alone = [input];
      step = original.call(this, nowMs, alone);
      listener(nowMs, alone, step);
      outputs.push(...step.outputs);
    }
    return { outputs, wakeAtMs: step.wakeAtMs };
  };
}

const none: readonly Input<Command>[] = [];

/** Whoever makes an engine next has its steps heard by this listener. */
export function tapNext(listener: StepListener): void {
  newcomer = listener;
}

/** Engines are themselves again. */
export function untapSteps(): void {
  Engine.prototype.step = original;
  newcomer = undefined;
}
