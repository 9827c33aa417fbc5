const fatalSignals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** Does work that ends early when this process is told to end. */
export async function untilInterrupted<T>(work: (stop: AbortController) => Promise<T>): Promise<T> {
  const stop = new AbortController();
  const interrupt = (name: NodeJS.Signals): void => stop.abort(new Error(`interrupted by ${name}`));
  for (const name of fatalSignals) process.on(name, interrupt);
  try {
    return await work(stop);
  } finally {
    for (const name of fatalSignals) process.off(name, interrupt);
  }
}
