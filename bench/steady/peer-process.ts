import type { PeerOrder, PeerReport, PeerSettings } from './messages.ts';
import { Peer } from './peer.ts';

/* The process of the far end. */

const settings = JSON.parse(process.argv[2] ?? '') as PeerSettings;
process.on('SIGINT', () => undefined);
process.once('disconnect', () => process.exit(1));

const peer = new Peer(settings.dialogs);
const local = await peer.open();
process.on('message', (order: PeerOrder) => {
  switch (order.order) {
    case 'begin':
      peer.begin(order.to);
      break;
    case 'count':
      tell({ report: 'counts', counts: peer.counts });
      break;
    case 'stop':
      peer.stop();
      tell({ report: 'stopped', seenAt: [...peer.seenAt], counts: peer.counts });
      break;
  }
});
tell({ report: 'ready', local });

/** Tells the main process; if it is gone, nobody. */
function tell(report: PeerReport): void {
  process.send?.(report, undefined, undefined, () => undefined);
}
