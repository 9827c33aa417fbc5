import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { createEdge, type EdgeHost } from '../../core/index.ts';
import { udp } from '../../transport/index.ts';
import { needs, skip } from '../skip.ts';
import { startBaresip, whyNoBaresip } from './baresip.ts';
import { type End, host, localUri, openEnd } from './end.ts';
import { freePorts } from './ports.ts';

const test = suite('A phone that knows nothing of recovery (baresip)');
const lacking = whyNoBaresip();
function phoneTest(name: string, handler: () => Promise<void>): void {
  if (lacking === undefined) needs(test, 'baresip')(name, handler);
  else skip(test, name, lacking);
}

/** Silent on both sides: what is heard is not what is tested. */
const description = `v=0\r\no=- 1 1 IN IP4 ${host}\r\ns=-\r\nc=IN IP4 ${host}\r\nt=0 0\r\nm=audio 9 RTP/AVP 0\r\na=inactive\r\n`;

interface Bed {
  readonly edges: readonly [EdgeHost, EdgeHost];
  readonly hops: readonly [string, string];
  readonly phone: string;
  open(hops: readonly string[]): Promise<End>;
}

async function withPhone(act: (bed: Bed) => Promise<void>): Promise<void> {
  const { port } = await freePorts('port');
  const edge = (): Promise<EdgeHost> => createEdge({ transports: [udp({ host, port: 0 })], clients: [host] });
  const edges = [await edge(), await edge()] as const;
  const ends: End[] = [];
  const baresip = await startBaresip(port);
  try {
    await act({
      edges,
      hops: [localUri(edges[0].local.port), localUri(edges[1].local.port)],
      phone: localUri(port, 'udp', 'bob'),
      open: async (hops) => {
        const end = await openEnd(hops);
        ends.push(end);
        return end;
      },
    });
  } finally {
    await Promise.all(ends.map(({ stack }) => stack.destroy()));
    await Promise.all(edges.map((each) => each.close()));
    await baresip.stop();
  }
}

phoneTest('its call survives the death of our edge: it is healed by re-INVITE through another, and ended', () =>
  withPhone(async ({ edges, hops, phone, open }) => {
    const near = await open(hops.slice(0, 1));
    const dialog = await near.stack.invite(phone, { body: description, signal: AbortSignal.timeout(20_000) });
    const { peer } = await dialog.export();
    assert.equal([peer?.allowsUpdate, peer?.resilient], [false, false]);
    near.stack.setHops(hops);
    await edges[0].close();
    await near.sees('healthy');
    assert.is(near.statuses.at(-1)?.healedBy, 'local');
    assert.is(near.statuses.at(-1)?.peerRouteRefreshed, false, 'its own route set stays');
    assert.is((await dialog.request('OPTIONS')).status, 200);
    await dialog.bye();
    await near.sees('ended local bye');
  }),
);

phoneTest('its call goes on in another stack, which has nothing but the record', () =>
  withPhone(async ({ hops, phone, open }) => {
    const before = await open(hops.slice(0, 1));
    const dialog = await before.stack.invite(phone, { body: description, signal: AbortSignal.timeout(20_000) });
    const record = JSON.parse(JSON.stringify(await dialog.export({ release: true })));
    const near = await open(hops.slice(1));
    const adopted = await near.stack.adopt({ ...record, routeStatus: 'recovering' });
    await near.sees('healthy');
    assert.is((await adopted.request('OPTIONS')).status, 200);
    await adopted.bye();
    await near.sees('ended local bye');
  }),
);

test.run();
