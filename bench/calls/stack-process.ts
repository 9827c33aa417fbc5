import { writeFileSync } from 'node:fs';
import { Session } from 'node:inspector/promises';
import { Looker } from './looker.ts';
import { figuresOf, type Look, type Order, type Report, type StackSettings } from './messages.ts';
import { StackEnd } from './stack-end.ts';

/* The process of the stack that is measured. */

const settings = JSON.parse(process.argv[2] ?? '') as StackSettings;
process.on('SIGINT', () => undefined);
process.once('disconnect', () => process.exit(1));

const looker = new Looker();
const end = await StackEnd.open(settings);
let session: Session | undefined;
process.on('message', (order: Order) => void follow(order));
tell({ report: 'ready', port: end.port });

async function follow(order: Order): Promise<void> {
  switch (order.order) {
    case 'call': {
      const { port, calls, callsPerSecond, hold } = order;
      const called = await end.call({ port, count: calls, perSecond: callsPerSecond, hold });
      tell({ report: 'called', figures: figuresOf(called, end.failures) });
      break;
    }
    case 'look':
      tell({ report: 'looked', look: await look(order.collect) });
      break;
    case 'profile':
      await (order.isOn ? beginProfile() : endProfile());
      tell({ report: 'profiled' });
      break;
  }
}

async function look(collect: boolean): Promise<Look> {
  const seen = looker.look(collect);
  const { repeatedRequests, shed } = await end.stack.counters();
  const { dialogs } = await end.stack.memory();
  const repetitions = { received: repeatedRequests, sent: 0 };
  return { ...seen, dialogsSize: dialogs.usedSize, repetitions, shed, failures: [] };
}

async function beginProfile(): Promise<void> {
  session = new Session();
  session.connect();
  await session.post('Profiler.enable');
  await session.post('Profiler.start');
}

async function endProfile(): Promise<void> {
  if (session === undefined || settings.profile === undefined) return;
  const { profile } = await session.post('Profiler.stop');
  session.disconnect();
  writeFileSync(settings.profile, JSON.stringify(profile));
}

/** Tells the main process; if it is gone, nobody. */
function tell(report: Report): void {
  process.send?.(report, undefined, undefined, () => undefined);
}
