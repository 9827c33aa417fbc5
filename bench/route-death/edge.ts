import { createEdge } from '../../core/create-edge.ts';
import { resetConnections, watchConnections } from './connections.ts';
import { cutDatagrams, watchDatagrams } from './datagrams.ts';
import { belongToParent, tell } from './entry.ts';
import type { EdgeSettings, Order } from './messages.ts';
import { listening } from './network.ts';

/* An edge's process: a record-routing proxy between the two ends. */

const settings = JSON.parse(process.argv[2] ?? '') as EdgeSettings;
let guarded: readonly number[] = [];

belongToParent(() => {
  for (const pid of guarded) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // It is gone already.
    }
  }
});

watchConnections();
watchDatagrams();

const edge = await createEdge({
  transports: [listening(settings.transport, settings.port)],
  clients: settings.clients,
});

process.on('message', (order: Order) => {
  if (order.order === 'guard') guarded = order.pids;
  if (order.order === 'lose-memory') {
    edge.loseMemory();
    tell({ report: 'lost' });
  }
  if (order.order === 'lose-connections') {
    resetConnections();
    tell({ report: 'lost' });
  }
  if (order.order === 'cut') {
    cutDatagrams(order.ports);
    tell({ report: 'lost' });
  }
  if (order.order === 'lose-flow') {
    edge.loseFlow(order.client);
    tell({ report: 'lost' });
  }
});
tell({ report: 'ready', local: edge.local });
