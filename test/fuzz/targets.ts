import type { Target } from './target.ts';

/** What is fuzzed, each loaded when it is asked for: coverage begins before. */
const loaders = {
  scan: () => import('./targets/scan.ts'),
  getters: () => import('./targets/getters.ts'),
  framer: () => import('./targets/framer.ts'),
  writer: () => import('./targets/writer.ts'),
  engine: () => import('./targets/engine.ts'),
  edge: () => import('./targets/edge.ts'),
} as const satisfies Readonly<Record<string, () => Promise<{ readonly target: Target }>>>;

export type TargetName = keyof typeof loaders;

export const targetNames: readonly TargetName[] = Object.keys(loaders) as TargetName[];

export function isTargetName(name: string): name is TargetName {
  return name in loaders;
}

export async function loadTarget(name: TargetName): Promise<Target> {
  const { target } = await loaders[name]();
  return target;
}
