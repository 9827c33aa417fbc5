/** Kills the route of many dialogs at once and times their healing. */
export function run(_args: readonly string[]): Promise<number> {
  console.error('sipmend-bench: route-death is not built yet.');
  return Promise.resolve(1);
}
