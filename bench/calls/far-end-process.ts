import { Callee } from '../far-end/callee.ts';
import { Caller } from '../far-end/caller.ts';
import { Looker } from './looker.ts';
import { type FarEndSettings, figuresOf, type Look, type Order, type Report } from './messages.ts';

/* The process of a raw far end, which calls or is called. */

const settings = JSON.parse(process.argv[2] ?? '') as FarEndSettings;
process.on('SIGINT', () => undefined);
process.once('disconnect', () => process.exit(1));

const looker = new Looker();
const end = settings.as === 'uac' ? await Caller.open(settings.transport) : await Callee.open(settings.transport);
process.on('message', (order: Order) => void follow(order));
tell({ report: 'ready', port: end.port });

async function follow(order: Order): Promise<void> {
  switch (order.order) {
    case 'call': {
      if (!(end instanceof Caller)) throw new Error('this end is called');
      const { port, calls, callsPerSecond, hold } = order;
      const called = await end.call({ port, count: calls, perSecond: callsPerSecond, hold });
      tell({ report: 'called', figures: figuresOf(called, end.failures) });
      break;
    }
    case 'look':
      tell({ report: 'looked', look: look(order.collect) });
      break;
  }
}

function look(collect: boolean): Look {
  const seen = { ...looker.look(collect), shed: 0, dialogsSize: null };
  if (end instanceof Caller) return { ...seen, repetitions: end.repetitions, failures: [] };
  const { received, sent, unacknowledged } = end.counts;
  const failures: [string, number][] = unacknowledged === 0 ? [] : [['an answer without ACK', unacknowledged]];
  return { ...seen, repetitions: { received, sent }, failures };
}

/** Tells the main process; if it is gone, nobody. */
function tell(report: Report): void {
  process.send?.(report, undefined, undefined, () => undefined);
}
