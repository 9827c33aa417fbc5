import type { MemoryUse } from './contract.ts';
import type { EngineMemory } from './engine/event.ts';
import { SipError } from './errors.ts';

type Numbers<T> = { readonly [Name in keyof T]: number };

/** What several shards count, added up. */
export function sumOf<T extends Numbers<T>>(parts: readonly (T | undefined)[]): T {
  const [first, ...rest] = sound(parts);
  return rest.reduce((sum, part) => added(sum, part), { ...first });
}

export function sumOfMemory(parts: readonly (EngineMemory | undefined)[]): EngineMemory {
  const memories = sound(parts);
  const of = (name: keyof EngineMemory): MemoryUse => sumOf(memories.map((memory) => memory[name]));
  return {
    dialogs: of('dialogs'),
    clientTransactions: of('clientTransactions'),
    serverTransactions: of('serverTransactions'),
    timers: of('timers'),
  };
}

function sound<T>(parts: readonly (T | undefined)[]): [T, ...T[]] {
  const [first, ...rest] = parts.filter((part) => part !== undefined);
  if (first === undefined) throw new SipError('SIP_SHARD_LOST', 'Every shard is being started anew.');
  return [first, ...rest];
}

function added<T extends Numbers<T>>(left: T, right: T): T {
  const names = Object.keys(left) as (keyof T)[];
  return Object.fromEntries(names.map((name) => [name, left[name] + right[name]])) as T;
}
