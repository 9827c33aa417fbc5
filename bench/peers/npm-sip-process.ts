import { createRequire } from 'node:module';
import { Looker } from '../calls/looker.ts';
import type { Look, Order, Report } from '../calls/messages.ts';
import { sessionDescription } from '../route-death/scenario.ts';
import { freePort } from './program.ts';

/* The process of the npm package sip: it is called, and answers. */

interface SipMessage {
  readonly method?: string;
  readonly headers: { to: { params: Record<string, string> }; contact?: unknown; 'content-type'?: string };
  content?: string;
}

interface Sip {
  start(options: object, onRequest: (request: SipMessage) => void): void;
  makeResponse(request: SipMessage, status: number, reason: string): SipMessage;
  send(message: SipMessage): void;
}

process.on('SIGINT', () => undefined);
process.once('disconnect', () => process.exit(1));

const looker = new Looker();
const sip = createRequire(import.meta.url)('sip') as Sip;
const port = await freePort();
let calls = 0;
sip.start({ address: '127.0.0.1', port, udp: true, tcp: false }, (request) => {
  if (request.method === 'ACK') return;
  const response = sip.makeResponse(request, 200, 'OK');
  if (request.method === 'INVITE') {
    response.headers.to.params['tag'] = `s${calls++}`;
    response.headers.contact = [{ uri: `sip:callee@127.0.0.1:${port}` }];
    response.headers['content-type'] = 'application/sdp';
    response.content = sessionDescription;
  }
  sip.send(response);
});
process.on('message', (order: Order) => {
  if (order.order === 'look') tell({ report: 'looked', look: look(order.collect) });
});
tell({ report: 'ready', port });

function look(collect: boolean): Look {
  const nothing = { dialogsSize: null, repetitions: { received: 0, sent: 0 }, shed: 0, failures: [] };
  return { ...looker.look(collect), ...nothing };
}

function tell(report: Report): void {
  process.send?.(report, undefined, undefined, () => undefined);
}
