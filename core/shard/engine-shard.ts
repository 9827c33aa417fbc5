import type { Command } from '../engine/command.ts';
import type { EngineCounters } from '../engine/counters.ts';
import { Engine } from '../engine/engine.ts';
import type { EngineEvent } from '../engine/event.ts';
import type { EngineOptions } from '../engine/options.ts';
import { type InlineOptions, type InlineShard, startInline } from './inline.ts';

/** An engine and the sockets that it is to have. */
export interface EngineShardOptions extends Omit<InlineOptions<Command, EngineEvent>, 'make' | 'onStep'> {
  /** What is known of the engine before its sockets are open. */
  readonly engine: Omit<EngineOptions, 'shard' | 'locals' | 'nowMs' | 'epochMs'>;
  /** Hears after each step what the engine has counted, and how many dialogs it has. */
  readonly onCounted?: (counters: EngineCounters, dialogs: number) => void;
}

/** Starts an engine beside its sockets, in this thread. @throws TransportError when a socket cannot be opened. */
export function startEngine(options: EngineShardOptions): Promise<InlineShard<Command>> {
  const { engine, onCounted, ...rest } = options;
  const { shard, clock } = options;
  let made: Engine | undefined;
  return startInline({
    ...rest,
    make: (locals) => {
      made = new Engine({ ...engine, shard, locals, nowMs: clock.nowMs(), epochMs: clock.epochMs });
      return made;
    },
    onStep: onCounted && (() => made && onCounted(made.counters, made.dialogCount)),
  });
}
