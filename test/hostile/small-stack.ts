import { createStack } from '../../core/index.ts';
import { tcp } from '../../transport/index.ts';
import { hosts } from './battlefield.ts';

/* A stack in a process of its own, which has few descriptors: it calls by whatever hop it is told. */

process.once('disconnect', () => process.exit(1));
const stack = await createStack({ transports: [tcp({ host: hosts.near, port: 0 })], application: {} });
process.on('message', async (order: { readonly hop: string } | 'count') => {
  if (order === 'count') {
    process.send?.(await stack.counters());
    return;
  }
  stack.setHops([order.hop]);
  const outcome = stack.invite(order.hop, { body: 'v=0\r\n' }).then(
    async (dialog) => (await dialog.request('INFO')).status,
    (error: Error) => error.message,
  );
  process.send?.({ outcome: await outcome });
});
process.send?.(stack.locals[0]);
