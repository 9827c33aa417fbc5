import type { Command } from '../../../core/engine/command.ts';
import type { Engine } from '../../../core/engine/engine.ts';
import type { EngineEvent } from '../../../core/engine/event.ts';
import type { EngineOptions } from '../../../core/engine/options.ts';
import type { Ground } from '../world/ground.ts';

/** What an engine is driven in. */
export type EngineGround = Ground<Command, EngineEvent>;

/** What of an engine there must be to be driven. */
export type EngineLike = Pick<Engine, 'step' | 'counts'>;
export type MakeEngine = (options: EngineOptions) => EngineLike;
