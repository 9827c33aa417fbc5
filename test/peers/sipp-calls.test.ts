import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { createEdge } from '../../core/create-edge.ts';
import { createStack, type Dialog } from '../../core/index.ts';
import { udp } from '../../transport/index.ts';
import { needs } from '../skip.ts';
import { freePorts } from './ports.ts';
import { startSipp } from './sipp.ts';

const test = suite('Calls with SIPp');
const sippTest = needs(test, 'sipp');

const host = '127.0.0.1';
const description = `v=0\r\no=- 1 1 IN IP4 ${host}\r\ns=-\r\nc=IN IP4 ${host}\r\nt=0 0\r\nm=audio 6000 RTP/AVP 0\r\n`;

/** Resolves when it was called so many times. */
function counter(times: number): { readonly reached: Promise<void>; count(): void } {
  let left = times;
  let resolve = (): void => {};
  const reached = new Promise<void>((done, fail) => {
    resolve = done;
    AbortSignal.timeout(30_000).addEventListener('abort', () => fail(new Error(`${left} of ${times} are missing`)));
  });
  return {
    reached,
    count: () => {
      left--;
      if (left === 0) resolve();
    },
  };
}

sippTest(
  'as far end it answers our calls, our heals by a second edge and our INFO, and its own INFO reaches us',
  async () => {
    const calls = 50;
    const { far } = await freePorts('far');
    const first = await createEdge({ transports: [udp({ host, port: 0 })], clients: [host] });
    const second = await createEdge({ transports: [udp({ host, port: 0 })], clients: [host] });
    const sipp = await startSipp({ scenario: 'far-end', port: far, calls });
    const healed = counter(calls);
    const heard = counter(calls);
    const hops = [first, second].map(({ local }) => `sip:${host}:${local.port}`);
    const stack = await createStack({
      transports: [udp({ host, port: 0 })],
      hops: hops.slice(0, 1),
      application: {
        onRouteStatus: (_dialog, { status, peerRouteRefreshed }) => {
          if (status === 'healthy' && peerRouteRefreshed === true) healed.count();
        },
        onRequest: (request) => {
          request.respond(200);
          if (request.method === 'INFO') heard.count();
        },
      },
    });
    try {
      const dialogs: Dialog[] = [];
      for (let call = 0; call < calls; call++) {
        dialogs.push(
          await stack.invite(`sip:bob@${host}:${far}`, { body: description, signal: AbortSignal.timeout(10_000) }),
        );
      }
      stack.setHops(hops);
      await first.close();
      await healed.reached;
      for (const dialog of dialogs) assert.is((await dialog.request('INFO')).status, 200);
      await heard.reached;
      await Promise.all(dialogs.map((dialog) => dialog.bye()));
      const { code, successful, errors } = await sipp.exited;
      assert.is(code, 0, errors);
      assert.is(successful, calls);
    } finally {
      await stack.destroy();
      await second.close();
      await sipp.stop();
    }
  },
);

sippTest(
  'as caller it is answered by us, its UPDATE gets 200 with its Record-Route, and its BYE ends the call',
  async () => {
    const calls = 50;
    const { caller, ours } = await freePorts('caller', 'ours');
    const edge = await createEdge({
      transports: [udp({ host, port: 0 })],
      clients: [host],
      defaultTarget: `sip:${host}:${ours}`,
    });
    const ended = counter(calls);
    const stack = await createStack({
      transports: [udp({ host, port: ours })],
      hops: [`sip:${host}:${edge.local.port}`],
      application: {
        onCall: (call) => void call.answer({ body: description }).then((dialog) => dialog.request('INFO')),
        onRequest: (request) => request.respond(200),
        onEnded: (_dialog, by, reason) => {
          if (by === 'remote' && reason === 'bye') ended.count();
        },
      },
    });
    const remote = `${host}:${edge.local.port}`;
    const sipp = await startSipp({ scenario: 'caller', port: caller, calls, remote, set: { echo: '1' } });
    try {
      const { code, successful, errors } = await sipp.exited;
      assert.is(code, 0, errors);
      assert.is(successful, calls);
      await ended.reached;
      assert.is((await stack.counts()).dialogs, 0);
    } finally {
      await sipp.stop();
      await stack.destroy();
      await edge.close();
    }
  },
);

test.run();
