import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Application, Dialog, RouteStatus, StackOptions } from '../../core/index.ts';
import { type Bed, type BedOptions, bed, call, finish } from '../engine/bed.ts';
import { RawDialog } from '../engine/raw-dialog.ts';
import { RawPeer, type Sip, withBody } from '../engine/raw-peer.ts';
import { farAnswer, host, nearOffer, noted, world } from '../engine/world.ts';

const test = suite('INVITE with Replaces (RFC 3891): the last rung, and a peer’s');

const tags = ['Allow: INVITE, ACK, BYE, CANCEL, UPDATE, INFO', 'Supported: ms-dialog-route-set-update, replaces'];

async function replacing(options: BedOptions = {}): Promise<Bed & { readonly statuses: RouteStatus[] }> {
  const statuses: RouteStatus[] = [];
  const log: string[] = [];
  const application: Application = {
    ...noted(log),
    onRouteStatus: (_dialog, status) => {
      log.push(status.replaced ? `${status.status} replaced` : status.status);
      statuses.push(status);
    },
  };
  const ground = await bed({
    hops: 1,
    ...options,
    stack: { application, recovery: { replaces: true }, ...options.stack },
  });
  for (const peer of [ground.hop, ground.other]) peer.capabilities = tags;
  return { ...ground, statuses, seen: () => [...ground.seen(), ...log] };
}

/** A peer that has lost the dialog but takes a new one in its place, unless `verdict` says otherwise. */
function amnesiac(peer: RawPeer, verdict = 200): Sip[] {
  const replacements: Sip[] = [];
  peer.script = (request) => {
    if (request.method === 'INFO') peer.reply(request, 500);
    else if (request.header('Replaces') !== '') {
      replacements.push(request);
      if (verdict === 200) peer.accept(request, { toTag: 'new' });
      else peer.reply(request, verdict, { toTag: 'new' });
    } else if (request.method === 'UPDATE' || request.method === 'INVITE') peer.reply(request, 481);
    else return false;
    return true;
  };
  return replacements;
}

async function broken(ground: Bed, dialog: { request(method: string): Promise<unknown> }): Promise<void> {
  dialog.request('INFO').catch(() => undefined);
  await ground.clock.run(30);
}

test('an INVITE and its 2xx say that it is had, where the program allows it', async () => {
  for (const replaces of [true, false]) {
    const ground = await bed({
      hops: 1,
      stack: { recovery: { replaces }, application: { onCall: (each) => void each.answer().catch(() => undefined) } },
    });
    const { dialog } = await call(ground);
    assert.is(ground.hop.last('INVITE').all('Supported').includes('replaces'), replaces);
    const raw = RawDialog.toward(ground.hop, ground.nearPort, 'call-1');
    raw.request('INVITE');
    await ground.clock.run(5);
    const [ok] = ground.hop.responses('INVITE');
    assert.is(ok?.all('Supported').includes('replaces'), replaces);
    if (ok !== undefined) raw.acknowledge(ok);
    await ground.clock.run(5);
    raw.request('BYE');
    await finish(ground, dialog);
  }
});

test('481 to the whole ladder is followed by a new dialog in the place of the old one', async () => {
  const ground = await replacing();
  const { dialog } = await call(ground);
  const { hop } = ground;
  const old = hop.last('INVITE');
  const [invite, ...more] = amnesiac(hop);
  assert.is(invite, undefined);
  const replacements = amnesiac(hop);
  await broken(ground, dialog);
  assert.is(replacements.length, 1);
  const request = replacements[0] ?? old;
  assert.equal(more, []);
  assert.is(request.requestUri, hop.uri, 'to the remote target');
  assert.is(request.header('Route'), '', 'by a live hop, without a Route');
  const oldTag = /;tag=(.*)$/.exec(old.header('From'))?.[1];
  assert.is(
    request.header('Replaces'),
    `${old.header('Call-ID')};to-tag=raw;from-tag=${oldTag}`,
    'as the peer has it (§3)',
  );
  assert.is(request.header('Require'), 'replaces', 'a peer without it must not ring');
  assert.is.not(request.header('Call-ID'), old.header('Call-ID'));
  const newTag = /;tag=(.*)$/.exec(request.header('From'))?.[1];
  assert.ok(newTag !== undefined && newTag !== oldTag);
  assert.not.match(request.header('To'), ';tag=');
  assert.is(request.body, nearOffer);
  assert.equal(ground.seen(), ['recovering', 'healthy replaced']);
  const ack = hop.last('ACK');
  assert.is(ack.header('Call-ID'), request.header('Call-ID'));
  assert.is(ack.header('To'), `${request.header('To')};tag=new`);
  assert.is(ack.cseq, request.cseq);
  hop.script = () => false;
  await ground.take(dialog.request('INFO'));
  const info = hop.last('INFO');
  assert.equal(
    [info.header('Call-ID'), info.header('From'), info.header('To'), info.cseq, info.header('Route')],
    [request.header('Call-ID'), request.header('From'), ack.header('To'), request.cseq + 1, `<${hop.uri};lr>`],
    'the same handle, the new dialog',
  );
  assert.is((await ground.take(ground.near.counts())).dialogs, 1);
  await finish(ground, dialog);
});

test('after that the old dialog is nobody’s: its BYE is answered 481, and the new one’s requests are heard', async () => {
  const ground = await replacing();
  const { dialog, raw } = await call(ground);
  const { hop, clock } = ground;
  const [request] = await (async () => {
    const replacements = amnesiac(hop);
    await broken(ground, dialog);
    return replacements;
  })();
  raw.request('BYE');
  await clock.run(5);
  assert.is(hop.responses('BYE').at(-1)?.status, 481);
  hop.script = () => false;
  const renewed = new RawDialog(hop, ground.nearPort, {
    callId: request?.header('Call-ID') ?? '',
    local: `${request?.header('To')};tag=new`,
    remote: request?.header('From') ?? '',
    cseq: 0,
  });
  renewed.request('INFO');
  await clock.run(5);
  assert.is(hop.responses('INFO').at(-1)?.status, 200);
  renewed.request('BYE');
  await clock.run(5);
  assert.equal(ground.seen(), ['recovering', 'healthy replaced', 'ended remote bye']);
  await ground.rest();
});

test('what the old dialog is asked while the new one is under way takes a number of both, and its answer moves no target', async () => {
  const ground = await replacing();
  const { dialog } = await call(ground);
  const { hop, clock } = ground;
  const replacements = amnesiac(hop, 100);
  const answer = hop.script;
  hop.script = (request) => request.header('X-Name') === 'old' || answer(request);
  await broken(ground, dialog);
  const [replacement] = replacements;
  if (replacement === undefined) throw new Error('no INVITE with Replaces has come');
  ground.note('old', dialog.request('UPDATE', { headers: { 'X-Name': 'old' } }));
  await clock.run(10);
  const old = hop.last('UPDATE');
  assert.is(old.cseq, replacement.cseq + 1);
  hop.accept(replacement, { toTag: 'new' });
  await clock.run(10);
  hop.reply(old, 200, { headers: [`Contact: <sip:old@${host}:5070>`] });
  await clock.run(10);
  assert.ok(ground.seen().includes('old 200'));
  hop.script = () => false;
  await ground.take(dialog.request('INFO'));
  const { header, cseq, requestUri } = hop.last('INFO');
  assert.equal([header('Call-ID'), cseq, requestUri], [replacement.header('Call-ID'), old.cseq + 1, hop.uri]);
  await finish(ground, dialog);
});

test('the BYE of the old dialog that overtakes the 2xx of the new one harms nothing; without a new one it is the end', async () => {
  for (const verdict of [200, 503]) {
    const ground = await replacing();
    const { dialog, raw } = await call(ground);
    const { hop, clock } = ground;
    const replacements = amnesiac(hop);
    const { script } = hop;
    hop.script = (request) => {
      if (request.header('Replaces') === '') return script(request);
      replacements.push(request);
      return true;
    };
    await broken(ground, dialog);
    raw.request('BYE');
    await clock.run(5);
    assert.is(hop.responses('BYE').at(-1)?.status, 200);
    assert.equal(ground.seen(), ['recovering']);
    const request = replacements.at(-1) ?? hop.last('INVITE');
    if (verdict === 200) hop.accept(request, { toTag: 'new' });
    else hop.reply(request, verdict);
    await clock.run(5);
    const last = verdict === 200 ? 'healthy replaced' : 'ended remote does-not-exist';
    assert.equal(ground.seen(), ['recovering', last], String(verdict));
    hop.script = () => false;
    if (verdict === 200) await finish(ground, dialog);
    else await ground.rest();
  }
});

for (const verdict of [481, 603]) {
  test(`${verdict} to it ends the dialog`, async () => {
    const ground = await replacing();
    const { dialog } = await call(ground);
    amnesiac(ground.hop, verdict);
    await broken(ground, dialog);
    assert.equal(ground.seen(), ['recovering', 'ended remote does-not-exist']);
    await ground.rest();
  });
}

test('it is not sent where the program does not allow it, or the peer has not got it', async () => {
  for (const [replaces, capabilities] of [
    [false, tags],
    [true, ['Allow: INVITE, ACK, BYE, UPDATE', 'Supported: ms-dialog-route-set-update']],
  ] as const) {
    const ground = await replacing({ stack: { recovery: { replaces } } });
    ground.hop.capabilities = capabilities;
    const { dialog } = await call(ground);
    const replacements = amnesiac(ground.hop);
    await broken(ground, dialog);
    assert.equal(replacements, []);
    await ground.rest();
  }
});

test('a dialog that was handed over still has this rung', async () => {
  const ground = await replacing();
  const { dialog } = await call(ground);
  const { hop, near, take } = ground;
  const adopted = await take(near.adopt(await take(dialog.export({ release: true }))));
  const replacements = amnesiac(hop);
  await broken(ground, adopted);
  assert.is(replacements.length, 1);
  assert.equal(ground.seen(), ['recovering', 'healthy replaced']);
  await finish(ground, adopted);
});

test('another dialog with the same peer is not replaced for that: it begins higher up', async () => {
  const ground = await replacing();
  const { dialog } = await call(ground);
  const { dialog: second } = await call(ground);
  const replacements = amnesiac(ground.hop);
  await broken(ground, dialog);
  assert.is(replacements.length, 1);
  ground.hop.script = (request) => {
    if (request.method === 'INFO') ground.hop.reply(request, 500);
    return request.method === 'INFO';
  };
  await broken(ground, second);
  assert.equal(ground.seen(), ['recovering', 'healthy replaced', 'recovering', 'healthy']);
  ground.hop.script = () => false;
  await finish(ground, dialog, second);
});

test('a hop that wants a Route gets one; one that answers nothing is asked again with another new dialog', async () => {
  const ground = await replacing();
  const { dialog } = await call(ground);
  const { hop, clock } = ground;
  const replacements = amnesiac(hop);
  const { script } = hop;
  let refused = 0;
  hop.script = (request) => {
    if (request.header('Replaces') === '') return script(request);
    if (request.header('Route') === '') {
      hop.reply(request, 403);
      return true;
    }
    if (++refused === 1) {
      hop.reply(request, 503);
      return true;
    }
    return script(request);
  };
  await broken(ground, dialog);
  await clock.run(2500);
  assert.is(replacements.length, 1);
  assert.is(replacements[0]?.header('Route'), `<${hop.uri};lr>`);
  const callIds = hop.requests('INVITE').map(({ header }) => header('Call-ID'));
  assert.is(new Set(callIds).size, callIds.length - 1, 'the call, its re-INVITE, and a new one for each attempt');
  hop.script = () => false;
  await finish(ground, dialog);
});

test('a dialog whose peer has no tag is named by 0 (RFC 3891 §6.1), and the new one has all of its From value', async () => {
  const dialogs: Dialog[] = [];
  const application: Application = {
    onCall: (incoming) => void incoming.answer({ body: nearOffer }).then((dialog) => dialogs.push(dialog)),
  };
  const ground = await bed({ hops: 1, stack: { application, recovery: { replaces: true } } });
  const { hop, clock, nearPort } = ground;
  const from = `<sip:old@${host}:5070;user=phone>`;
  const send = (method: string, to: string, body: string): void => {
    const lines = [
      `${method} sip:${host}:5060 SIP/2.0`,
      `Via: SIP/2.0/UDP ${host}:5070`,
      `From: ${from}`,
      `To: ${to}`,
      'Call-ID: old',
      `CSeq: 1 ${method}`,
      `Contact: <${hop.uri}>`,
      ...tags,
    ];
    hop.send(nearPort, withBody(lines, body));
  };
  send('INVITE', `<sip:${host}:5060>`, farAnswer);
  await clock.run(5);
  send('ACK', hop.responses('INVITE')[0]?.header('To') ?? '', '');
  await clock.run(5);
  const [dialog] = dialogs;
  if (dialog === undefined) throw new Error('no dialog');
  const replacements = amnesiac(hop);
  await broken(ground, dialog);
  const [replacement] = replacements;
  assert.is(replacement?.header('To'), from);
  assert.match(replacement?.header('Replaces') ?? '', /^old;to-tag=0;from-tag=/);
  hop.script = () => false;
  await finish(ground, dialog);
});

test('bye() while it is under way gives it up', async () => {
  const ground = await replacing();
  const { dialog } = await call(ground);
  const { hop, clock } = ground;
  amnesiac(hop);
  const { script } = hop;
  hop.script = (request) => {
    if (request.header('Replaces') !== '' && request.method === 'INVITE') hop.reply(request, 180, { toTag: 'new' });
    else if (request.method === 'CANCEL') {
      hop.reply(request, 200);
      hop.reply(hop.last('INVITE'), 487, { toTag: 'new' });
    } else return script(request);
    return true;
  };
  await broken(ground, dialog);
  await ground.take(dialog.bye());
  await clock.run(10);
  assert.is(hop.requests('CANCEL').length, 1);
  assert.equal(ground.seen(), ['recovering', 'ended local bye']);
  await ground.rest();
});

/** The peer's INVITE that replaces a dialog of ours; `toTag` and `fromTag` as §3 wants them unless told otherwise. */
function replaces(raw: RawDialog, parts: { callId?: string; toTag?: string; fromTag?: string } = {}): string {
  const ours = /;tag=(.*)$/.exec(raw.remote)?.[1];
  const theirs = /;tag=(.*)$/.exec(raw.local)?.[1];
  const { callId = raw.callId, toTag = ours, fromTag = theirs } = parts;
  return `Replaces: ${callId};to-tag=${toTag};from-tag=${fromTag}`;
}

const requires = 'Require: replaces';

test('a peer’s puts the row under the new identity: 200 with our session, BYE in the old dialog, one event', async () => {
  const ground = await replacing();
  const { dialog, raw } = await call(ground);
  const { hop, clock } = ground;
  hop.script = ({ method }) => method === 'INFO';
  dialog.request('INFO').catch(() => undefined);
  const renewed = RawDialog.toward(hop, ground.nearPort, 'renewed');
  const record = `Record-Route: <${hop.uri};lr;renewed>`;
  renewed.request('INVITE', { headers: [replaces(raw), requires, record, ...tags], body: farAnswer });
  await clock.run(5);
  const ok = hop.responses('INVITE').at(-1);
  assert.is(ok?.status, 200);
  assert.is(ok?.body, nearOffer);
  assert.is(ok?.header('Record-Route'), `<${hop.uri};lr;renewed>`);
  if (ok !== undefined) renewed.acknowledge(ok);
  const bye = hop.last('BYE');
  assert.is(bye.header('Call-ID'), raw.callId);
  await clock.run(5);
  assert.equal(ground.seen(), ['healthy replaced']);
  hop.script = () => false;
  await ground.take(dialog.request('INFO'));
  const info = hop.last('INFO');
  assert.equal([info.header('Call-ID'), info.header('Route')], ['renewed', `<${hop.uri};lr;renewed>`]);
  renewed.request('BYE');
  await clock.run(5);
  assert.equal(ground.seen(), ['healthy replaced', 'ended remote bye']);
  await ground.rest();
});

test('one that comes between two heals of ours takes the place of the next', async () => {
  const ground = await replacing();
  const { dialog, raw } = await call(ground);
  const { hop, clock } = ground;
  hop.script = (request) => {
    if (request.method === 'INFO' || request.method === 'UPDATE') hop.reply(request, 500);
    return request.method === 'INFO' || request.method === 'UPDATE';
  };
  await broken(ground, dialog);
  const heals = hop.requests('UPDATE').length;
  assert.ok(heals > 0);
  const renewed = RawDialog.toward(hop, ground.nearPort, 'renewed');
  renewed.request('INVITE', { headers: [replaces(raw), requires, ...tags], body: farAnswer });
  await clock.run(5);
  const ok = hop.responses('INVITE').at(-1);
  if (ok !== undefined) renewed.acknowledge(ok);
  await clock.run(70_000);
  assert.equal(ground.seen(), ['recovering', 'healthy replaced']);
  assert.is(hop.requests('UPDATE').length, heals);
  await finish(ground, dialog);
});

test('attack: wrong tags, or tags the wrong way round, match nothing: 481, and the dialog stays', async () => {
  const ground = await replacing();
  const { dialog, raw } = await call(ground);
  const { hop, clock } = ground;
  const ours = /;tag=(.*)$/.exec(raw.remote)?.[1] ?? '';
  for (const parts of [
    { toTag: 'guessed' },
    { fromTag: 'guessed' },
    { callId: 'guessed' },
    { toTag: 'raw', fromTag: ours },
  ]) {
    RawDialog.toward(hop, ground.nearPort, `attack-${JSON.stringify(parts).length}-${clock.nowMs()}`).request(
      'INVITE',
      {
        headers: [replaces(raw, parts), requires],
        body: farAnswer,
      },
    );
    await clock.run(5);
    assert.is(hop.responses('INVITE').at(-1)?.status, 481, JSON.stringify(parts));
  }
  await ground.take(dialog.request('INFO'));
  assert.is(hop.last('INFO').header('Call-ID'), raw.callId);
  assert.equal(ground.seen(), []);
  await finish(ground, dialog);
});

test('attack: a stranger that knows Call-ID and tags is refused with 403, and the dialog stays', async () => {
  for (const hops of [1, 0]) {
    const ground = await replacing({ hops });
    const { dialog, raw } = await call(ground);
    const stranger = await RawPeer.open(ground, 'stranger', 5999);
    RawDialog.toward(stranger, ground.nearPort, 'attack').request('INVITE', {
      headers: [replaces(raw), requires],
      body: farAnswer,
    });
    await ground.clock.run(5);
    assert.is(stranger.responses('INVITE').at(-1)?.status, 403);
    await ground.take(dialog.request('INFO'));
    assert.is(ground.hop.last('INFO').header('Call-ID'), raw.callId);
    assert.equal(ground.seen(), []);
    await finish(ground, dialog);
  }
});

test('attack: a new offer is no heal: 488, and the dialog stays', async () => {
  const ground = await replacing();
  const { dialog, raw } = await call(ground);
  RawDialog.toward(ground.hop, ground.nearPort, 'attack').request('INVITE', {
    headers: [replaces(raw), requires],
    body: 'v=0\r\no=thief 1 1 IN IP4 192.0.2.66\r\ns=-\r\n',
  });
  await ground.clock.run(5);
  assert.is(ground.hop.responses('INVITE').at(-1)?.status, 488);
  await ground.take(dialog.request('INFO'));
  await finish(ground, dialog);
});

test('early-only is refused with 486, twice and in another request with 400, and Require with 420 where it is not allowed', async () => {
  for (const [allowed, method, headers, expected] of [
    [true, 'INVITE', (raw: RawDialog) => [`${replaces(raw)};early-only`], 486],
    [true, 'INVITE', (raw: RawDialog) => [replaces(raw), replaces(raw)], 400],
    [true, 'INVITE', () => ['Replaces: nonsense'], 400],
    [true, 'OPTIONS', (raw: RawDialog) => [replaces(raw)], 400],
    [false, 'INVITE', (raw: RawDialog) => [replaces(raw), requires], 420],
  ] as const) {
    const ground = await replacing({ stack: { recovery: { replaces: allowed } } });
    const { dialog, raw } = await call(ground);
    const { hop } = ground;
    let status = 0;
    const other = RawDialog.toward(hop, ground.nearPort, 'other');
    other.request(method, { headers: headers(raw), body: method === 'INVITE' ? farAnswer : '' });
    await ground.clock.run(5);
    status = hop.responses(method).at(-1)?.status ?? 0;
    assert.is(status, expected, `${method} ${headers(raw)}`);
    if (!allowed) assert.is(hop.responses(method).at(-1)?.header('Unsupported'), 'replaces');
    await finish(ground, dialog);
  }
});

test('one in which an offer of an UPDATE waits for the program is not replaced before that is answered: 491', async () => {
  let answer = (): void => undefined;
  const ground = await replacing({
    stack: {
      application: {
        onRequest: (each) => {
          answer = () => each.respond(200, { body: nearOffer });
        },
      },
    },
  });
  const { dialog, raw } = await call(ground);
  const { hop, clock } = ground;
  const replace = async (callId: string): Promise<number | undefined> => {
    const renewed = RawDialog.toward(hop, ground.nearPort, callId);
    renewed.request('INVITE', { headers: [replaces(raw), requires, ...tags], body: farAnswer });
    await clock.run(5);
    const response = hop.responses('INVITE').at(-1);
    if (response !== undefined) renewed.acknowledge(response);
    await clock.run(5);
    return response?.status;
  };
  raw.request('UPDATE', { body: `${farAnswer}t=0 0\r\n` });
  await clock.run(5);
  assert.is(await replace('too-soon'), 491);
  answer();
  await clock.run(5);
  raw.request('UPDATE', { body: farAnswer });
  await clock.run(5);
  answer();
  await clock.run(5);
  assert.is(await replace('renewed'), 200);
  await finish(ground, dialog);
});

test('one that has ended is declined with 603, and hears our BYE', async () => {
  const ground = await replacing();
  const { dialog, raw } = await call(ground);
  const { hop, clock } = ground;
  hop.script = () => true;
  ground.note('bye', dialog.bye());
  await clock.run(32_500);
  hop.script = () => false;
  const before = hop.requests('BYE').length;
  RawDialog.toward(hop, ground.nearPort, 'late').request('INVITE', {
    headers: [replaces(raw), requires],
    body: farAnswer,
  });
  await clock.run(5);
  assert.is(hop.responses('INVITE').at(-1)?.status, 603);
  assert.is(hop.requests('BYE').length, before + 1);
  await ground.rest();
});

test('between two stacks: a hop that has forgotten all dialogs says 481 to each, and both ends go on in a new one', async () => {
  const ground = world();
  const { clock } = ground;
  const relay = await RawPeer.open(ground, 'relay', 5070);
  const [nearPort, farPort] = [5060, 5090];
  let forgotten: string | undefined;
  const pass = (message: Sip): void => {
    const via = `Via: SIP/2.0/UDP ${host}:${relay.port};branch=${relay.branch()}\r\n`;
    const record = message.method === 'INVITE' ? `Record-Route: <${relay.uri};lr>\r\n` : '';
    const [start = '', ...lines] = message.text.split('\r\n').filter((line) => !line.startsWith('Route:'));
    const to = message.port === nearPort ? farPort : nearPort;
    relay.send(to, [start, `${via}${record}${lines.shift()}`, ...lines].join('\r\n'));
  };
  relay.script = (request) => {
    if (request.header('Call-ID') === forgotten) relay.reply(request, 481);
    else pass(request);
    return true;
  };
  relay.heard = ({ text, port, all }) => {
    if (all('Via').length > 1) relay.send(port === nearPort ? farPort : nearPort, text.replace(/Via: [^\r]*\r\n/, ''));
  };
  relay.acknowledged = pass;
  const hops = [`sip:${host}:${relay.port}`];
  const logs: string[][] = [[], []];
  const options = (log: string[]): Partial<StackOptions> => ({
    hops,
    recovery: { replaces: true },
    application: {
      ...noted(log),
      onRouteStatus: (_dialog, status) => void log.push(status.replaced ? `${status.status} replaced` : status.status),
      onCall: (each) => void each.answer({ body: farAnswer }).catch(() => undefined),
    },
  });
  const far = await ground.stack('far', farPort, options(logs[1] ?? []));
  const near = await ground.stack('near', nearPort, options(logs[0] ?? []));
  const dialog = await ground.take(near.invite(`sip:bob@${host}:${farPort}`, { body: nearOffer }));
  await clock.run(100);
  forgotten = dialog.callId;
  dialog.request('INFO').catch(() => undefined);
  await clock.run(1000);
  assert.equal(logs, [['recovering', 'healthy replaced'], ['healthy replaced']]);
  assert.is((await ground.take(dialog.request('INFO'))).status, 200);
  assert.is((await ground.take(far.counts())).dialogs, 1);
  await ground.take(dialog.bye());
  await clock.run(10);
  assert.is((await ground.take(far.counts())).dialogs, 0);
  await ground.rest();
});

test.run();
