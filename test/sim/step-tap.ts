import type { Input, Step } from '../../core/contract.ts';
import type { Command } from '../../core/engine/command.ts';
import { Engine } from '../../core/engine/engine.ts';
import type { EngineEvent } from '../../core/engine/event.ts';

/** Hears of each step of one engine, after it. */
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
    const step = original.call(this, nowMs, inputs);
    listener?.(nowMs, inputs, step);
    return step;
  };
}

/** Whoever makes an engine next has its steps heard by this listener. */
export function tapNext(listener: StepListener): void {
  newcomer = listener;
}

/** Engines are themselves again. */
export function untapSteps(): void {
  Engine.prototype.step = original;
  newcomer = undefined;
}
