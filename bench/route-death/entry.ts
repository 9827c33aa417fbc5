import type { Report } from './messages.ts';

/* What the entry files of child processes share. */

/** Ties this process to the main one: it ends with it, after `lastWill`; Ctrl-C is the main one's to handle. */
export function belongToParent(lastWill: () => void = () => undefined): void {
  process.on('SIGINT', () => undefined);
  process.once('disconnect', () => {
    lastWill();
    process.exit(1);
  });
}

/** Tells the main process; if it is gone, nobody. */
export function tell(report: Report): void {
  process.send?.(report, undefined, undefined, () => undefined);
}
