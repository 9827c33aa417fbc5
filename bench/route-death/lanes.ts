/**
 * Does `work` for each index below `count`, `width` at a time; none is begun once `signal` aborts. Failures are for `work` to handle:
 * the first that escapes rejects.
 */
export async function inLanes(
  count: number,
  width: number,
  signal: AbortSignal,
  work: (index: number) => Promise<void>,
): Promise<void> {
  let next = 0;
  const lane = async (): Promise<void> => {
    while (next < count && !signal.aborted) await work(next++);
  };
  await Promise.all(Array.from({ length: Math.min(width, count) }, lane));
}
