import { setMaxListeners } from 'node:events';

/** Gives `work` a signal that aborts when `outer` does, or after `limitMs`; the timer goes with the work. */
export async function within<T>(
  limitMs: number,
  outer: AbortSignal,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const limited = new AbortController();
  setMaxListeners(0, limited.signal); // every request under way listens
  const stop = (): void => limited.abort(outer.reason);
  const timer = setTimeout(() => limited.abort(new Error(`not done after ${limitMs} ms`)), limitMs);
  outer.addEventListener('abort', stop);
  if (outer.aborted) stop();
  try {
    return await work(limited.signal);
  } finally {
    clearTimeout(timer);
    outer.removeEventListener('abort', stop);
  }
}
