import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Dialog, DialogRecord } from '../../core/index.ts';
import { needs } from '../skip.ts';
import { description, type End, host, localUri, openEnd, type Protocol } from './end.ts';
import { type Kamailio, startKamailio } from './kamailio.ts';
import { freePorts } from './ports.ts';
import { headerValues, RawAgent } from './raw-agent.ts';
import { type Sipp, startSipp } from './sipp.ts';

const test = suite('Calls that are handed over as plain data, through Kamailio');
const kamailioTest = needs(test, 'kamailio');
const sippTest = needs(test, 'kamailio', 'sipp');

/** Proxies, stacks and SIPp of one test: all gone at its end. */
class Bed implements AsyncDisposable {
  readonly #ends: (() => Promise<unknown>)[] = [];

  async kamailio(port: number, protocol: Protocol, routeState: string): Promise<Kamailio> {
    const started = await startKamailio({ config: 'edge', port, tcp: protocol === 'tcp', routeState });
    this.#ends.push(() => started.kill());
    return started;
  }

  async open(hops: readonly string[], protocol: Protocol): Promise<End> {
    const end = await openEnd(hops, { protocol });
    this.#ends.push(() => end.stack.destroy());
    return end;
  }

  async farSipp(port: number): Promise<Sipp> {
    const sipp = await startSipp({ scenario: 'far-end', port, calls: 1, trace: true });
    this.#ends.push(() => sipp.stop());
    return sipp;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const end of this.#ends.reverse()) await end();
  }
}

async function callThrough(near: End, far: End): Promise<{ dialog: Dialog; farDialog: Dialog }> {
  const dialog = await near.stack.invite(far.uri, { body: description, signal: AbortSignal.timeout(20_000) });
  await far.sees('answered');
  const [farDialog] = far.answered;
  if (farDialog === undefined) throw new Error('no dialog at the far end');
  return { dialog, farDialog };
}

/** As it goes from one process to another. */
function carried(record: DialogRecord): DialogRecord {
  return JSON.parse(JSON.stringify(record)) as DialogRecord;
}

for (const protocol of ['udp', 'tcp'] as const) {
  kamailioTest(
    `430 to a stale route token over ${protocol}: the dialog heals and the request is sent again, unseen`,
    async () => {
      const { proxy } = await freePorts('proxy');
      await using bed = new Bed();
      await bed.kamailio(proxy, protocol, 'fresh');
      const hops = [localUri(proxy, protocol)];
      const [near, far] = [await bed.open(hops, protocol), await bed.open(hops, protocol)];
      const { dialog, farDialog } = await callThrough(near, far);
      // What the routes of both ends hold is of a proxy that was there before.
      const stale = async (end: End, of: Dialog): Promise<Dialog> => {
        const record = await of.export({ release: true });
        const routeSet = (record.routeSet ?? []).map((uri) => uri.replace('state=fresh', 'state=stale'));
        assert.match(routeSet.join(), 'state=stale');
        return end.stack.adopt(carried({ ...record, routeSet }));
      };
      const [nearStale, farStale] = [await stale(near, dialog), await stale(far, farDialog)];
      assert.is((await nearStale.request('INFO')).status, 200);
      await far.sees('request INFO');
      assert.is((await near.stack.counts()).healedRequests, 1);
      assert.match((await nearStale.export()).routeSet?.join() ?? '', 'state=fresh');
      assert.is((await farStale.request('INFO')).status, 200);
      assert.is((await far.stack.counts()).healedRequests, 0, 'the heal of the near end has renewed this route, too');
      await nearStale.bye();
      await far.sees('ended remote bye');
      assert.not([...near.seen, ...far.seen].includes('recovering'), 'nobody was told');
    },
  );

  kamailioTest(
    `a call goes on in another stack over ${protocol}, and survives the proxy that is killed then`,
    async () => {
      const { first, second } = await freePorts('first', 'second');
      await using bed = new Bed();
      const proxies = [await bed.kamailio(first, protocol, 'one'), await bed.kamailio(second, protocol, 'two')];
      const hops = [localUri(first, protocol), localUri(second, protocol)];
      const far = await bed.open(hops, protocol);
      const before = await bed.open(hops.slice(0, 1), protocol);
      const { dialog, farDialog } = await callThrough(before, far);
      const record = carried(await dialog.export({ release: true }));
      await before.stack.destroy();

      const near = await bed.open(hops, protocol);
      const adopted = await near.stack.adopt({ ...record, routeStatus: 'recovering' });
      await near.sees('healthy');
      assert.is((await adopted.request('INFO')).status, 200);
      await far.sees('request INFO');
      assert.is((await farDialog.request('INFO')).status, 200, 'the far end knows the new address');
      await near.sees('request INFO');

      await proxies[0]?.kill();
      await Promise.race([near.sees('healthy', 2), far.sees('healthy')]);
      assert.is((await adopted.request('INFO')).status, 200);
      assert.is((await farDialog.request('INFO')).status, 200);
      await adopted.bye();
      await far.sees('ended remote bye');
      assert.is((await near.stack.counts()).dialogs, 0);
    },
  );
}

sippTest('a call that another program has set up is adopted, heals through the proxy, and is ended', async () => {
  const { proxy, farPort } = await freePorts('proxy', 'farPort');
  await using bed = new Bed();
  await bed.kamailio(proxy, 'udp', 'one');
  const sipp = await bed.farSipp(farPort);
  const guard = AbortSignal.timeout(20_000);

  const other = await RawAgent.open();
  const target = localUri(farPort, 'udp', 'far');
  const route = [`Route: <sip:${host}:${proxy};lr>`];
  const offer = ['Content-Type: application/sdp', 'Supported: ms-dialog-route-set-update'];
  const answer = await other.response(other.send('INVITE', target, proxy, [...route, ...offer], description), guard);
  assert.match(answer, /^SIP\/2\.0 200/);
  const uriOf = (value: string): string => /<([^>]+)>/.exec(value)?.[1] ?? value;
  const remoteTarget = uriOf(headerValues(answer, 'Contact')[0] ?? '');
  const routeSet = headerValues(answer, 'Record-Route').map(uriOf).reverse();
  other.send(
    'ACK',
    remoteTarget,
    proxy,
    routeSet.map((uri) => `Route: <${uri}>`),
  );
  const [remoteUri, remoteTag] = other.to.split(';tag=');
  other.close();

  const near = await bed.open([localUri(proxy)], 'udp');
  const adopted = await near.stack.adopt({
    version: 1,
    callId: other.callId,
    localTag: 'raw',
    remoteTag: remoteTag ?? '',
    role: 'uac',
    localUri: `<sip:raw@${host}:${other.port}>`,
    remoteUri: remoteUri ?? '',
    localSequenceNumber: 1,
    remoteTarget,
    routeSet,
    localSession: description,
    peer: { allowsUpdate: true, resilient: true },
    routeStatus: 'recovering',
  });
  await near.sees('healthy');
  assert.is(near.statuses.at(-1)?.peerRouteRefreshed, true);
  assert.is((await adopted.request('INFO')).status, 200);
  await near.sees('request INFO'); // SIPp answers one with one of its own
  await adopted.bye();
  const { code, errors } = await sipp.exited;
  assert.is(code, 0, errors);
});

test.run();
