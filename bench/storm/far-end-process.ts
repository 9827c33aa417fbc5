import { nowMs } from '../route-death/clock.ts';
import { FarEnd } from './far-end/far-end.ts';
import type { PlayedHop } from './far-end/hop.ts';
import { OwnRequests } from './far-end/own-requests.ts';
import { TcpHop } from './far-end/tcp-hop.ts';
import { UdpHop } from './far-end/udp-hop.ts';
import type { FarEndOrder, FarEndReport, FarEndSettings } from './messages.ts';
import type { Fault } from './scenario.ts';

/* The process of everybody but our stack: two hops, and the far end behind them. */

const lookIntervalMs = 10;

const settings = JSON.parse(process.argv[2] ?? '') as FarEndSettings;
process.on('SIGINT', () => undefined);
process.once('disconnect', () => process.exit(1));

const farEnd = new FarEnd(settings.dialogs);
const hops: readonly PlayedHop[] = [0, 1].map((index) =>
  settings.transport === 'udp' ? new UdpHop(index, farEnd) : new TcpHop(index, farEnd),
);
const ownRequests = new OwnRequests(farEnd, hops, settings);
/** Index of the hop that carried most dialogs at the last break. */
let struck = 0;
for (const hop of hops) await hop.open();
process.on('message', (order: FarEndOrder) => void follow(order));
tell({ report: 'ready', ports: hops.map(({ port }) => port) });

async function follow(order: FarEndOrder): Promise<void> {
  switch (order.order) {
    case 'break':
      tell({ report: 'broken', atMs: await breakRoutes(order.fault) });
      break;
    case 'restore':
      tell({ report: 'restored', atMs: await restore(order.withinMs) });
      break;
    case 'heal': {
      const { count, target, withinMs } = order;
      tell({ report: 'answered', count: await ownRequests.send('UPDATE', count, target, withinMs, () => 1 - struck) });
      break;
    }
    case 'inform': {
      const { count, target, withinMs } = order;
      const hopOf = (dialog: number): number => farEnd.hopOf(dialog);
      tell({ report: 'answered', count: await ownRequests.send('INFO', count, target, withinMs, hopOf) });
      break;
    }
    case 'count':
      tell({ report: 'counts', counts: farEnd.counts });
      break;
  }
}

/** Breaks the hop that carries the dialogs; gives the instant. */
async function breakRoutes(fault: Fault): Promise<number> {
  struck = farEnd.carriedBy(0) >= farEnd.carriedBy(1) ? 0 : 1;
  const hop = hops[struck] as PlayedHop;
  farEnd.break();
  const atMs = nowMs();
  switch (fault) {
    case 'dead-hop':
      await hop.close();
      break;
    case 'silent-hop':
      hop.silent = true;
      break;
    case 'outage':
      await Promise.all(hops.map((each) => each.close()));
      break;
    case 'lost-state':
    case 'far-end':
      farEnd.waits = fault === 'far-end';
      for (const { index } of hops) farEnd.forget(index);
      break;
    case 'flow-lost':
      for (const { index } of hops) if (farEnd.carriedBy(index) > 0) hops[index]?.resetConnections();
      break;
  }
  return atMs;
}

/** Mends what is broken; gives the instant, when something has come to each hop that was. */
async function restore(withinMs: number): Promise<number> {
  farEnd.waits = false;
  const broken = hops.filter((hop) => hop.silent || !hop.isOpen);
  const received = broken.map((hop) => (hop.isOpen ? hop.received : 0));
  for (const hop of broken) {
    farEnd.forget(hop.index);
    hop.silent = false;
    if (!hop.isOpen) await hop.open();
  }
  const atMs = nowMs();
  while (broken.some((hop, index) => hop.received <= (received[index] as number)) && nowMs() - atMs < withinMs) {
    await new Promise((resolve) => setTimeout(resolve, lookIntervalMs));
  }
  return atMs;
}

/** Tells the main process; if it is gone, nobody. */
function tell(report: FarEndReport): void {
  process.send?.(report, undefined, undefined, () => undefined);
}
