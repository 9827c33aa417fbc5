import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Dialog, StackOptions } from '../../core/index.ts';
import { type Bed, bed, call, finish } from './bed.ts';
import { ChallengingServer } from './challenging.ts';
import { RawDialog } from './raw-dialog.ts';
import type { Sip } from './raw-peer.ts';
import { host, nearOffer, noted, obliging } from './world.ts';

const test = suite('Answering challenges (RFC 3261 §22, RFC 8760)');

const credentials = [{ realm: 'biloxi.com', username: 'bob', password: 'zanzibar' }];
const dialogRouteSetUpdate = ['P-Dialog-Recovery-Action: Dialog-Route-Set-Update'];

async function ground(stack: Partial<StackOptions> = {}): Promise<Bed> {
  const made = await bed({ hops: 1, stack: { credentials, ...stack } });
  return made;
}

const lines = (request: Sip, name: string): string[] => request.all(name);
const nc = (request: Sip, name = 'Proxy-Authorization'): string =>
  /nc=([0-9a-f]+)/.exec(request.header(name))?.[1] ?? '';

test('an INVITE that is challenged goes again with CSeq + 1, another branch, and the same Call-ID, tags and body', async () => {
  for (const options of [
    {},
    { status: 401 },
    { algorithm: 'SHA-256' },
    { qop: '' },
    { qop: 'auth-int,auth' },
    { qop: 'auth-int', methods: ['INVITE'] },
  ] as const) {
    const bed = await ground();
    const server = new ChallengingServer(bed.hop, { methods: ['INVITE'], ...options });
    bed.hop.script = server.check;
    const { dialog } = await call(bed, { headers: { 'X-Own': 'x' } });
    const [first, again] = bed.hop.requests('INVITE') as [Sip, Sip];
    assert.is(bed.hop.requests('INVITE').length, 2, JSON.stringify(options));
    assert.equal([first.cseq, again.cseq], [1, 2]);
    for (const name of ['Call-ID', 'From', 'To', 'Route', 'Contact', 'X-Own', 'Content-Type', 'Content-Length'])
      assert.is(first.header(name), again.header(name), name);
    assert.is(first.body, again.body);
    assert.is.not(first.header('Via'), again.header('Via'));
    const [refusal, ack] = bed.hop.requests('ACK') as [Sip, Sip];
    assert.equal([refusal.cseq, ack.cseq], [1, 2], 'the challenge is acknowledged, and so is the 200');
    const name = 'status' in options ? 'Authorization' : 'Proxy-Authorization';
    assert.equal(lines(ack, name), lines(again, name), 'the ACK has the INVITE’s credentials (§22.1)');
    assert.is(lines(ack, name).length, 1);
    await finish(bed, dialog);
  }
});

test('without credentials for the realm the challenge is the outcome', async () => {
  for (const stack of [{ credentials: [] }, { credentials: [{ realm: 'other', username: 'a', password: 'b' }] }]) {
    const bed = await ground(stack);
    bed.hop.script = new ChallengingServer(bed.hop).check;
    bed.note('call', bed.near.invite(`sip:bob@${host}:5070`, { body: nearOffer }));
    await bed.clock.run(50);
    assert.match(bed.seen()[0] ?? '', /^call failed 407/);
    assert.is(bed.hop.requests('INVITE').length, 1);
    await bed.rest();
  }
});

test('credentials without a realm serve every realm that no others name', async () => {
  const bed = await ground({
    credentials: [
      { username: 'bob', password: 'zanzibar' },
      { realm: 'other', username: 'x', password: 'y' },
    ],
  });
  bed.hop.script = new ChallengingServer(bed.hop).check;
  const { dialog } = await call(bed);
  await finish(bed, dialog);
});

test('a wrong password is refused once, and not offered again (§22.1), also to a server without qop', async () => {
  for (const qop of ['auth', '']) {
    const bed = await ground({ credentials: [{ username: 'bob', password: 'wrong' }] });
    const server = new ChallengingServer(bed.hop, { qop });
    let nonces = 0;
    bed.hop.script = (request) => {
      server.nonce = `nonce-${++nonces}`;
      if (!server.methods.includes(request.method)) return false;
      server.challenge(request, false); // a new nonce each time, and none of them stale
      return true;
    };
    bed.note('call', bed.near.invite(`sip:bob@${host}:5070`, { body: nearOffer }));
    await bed.clock.run(50);
    assert.match(bed.seen()[0] ?? '', /^call failed 407/);
    assert.is(bed.hop.requests('INVITE').length, 2);
    await bed.rest();
  }
});

test('the same nonce refused twice is the outcome, also where it is called stale', async () => {
  const bed = await ground();
  const server = new ChallengingServer(bed.hop);
  bed.hop.script = (request) => {
    if (request.method !== 'INVITE') return false;
    server.challenge(request, true);
    return true;
  };
  bed.note('call', bed.near.invite(`sip:bob@${host}:5070`, { body: nearOffer }));
  await bed.clock.run(50);
  assert.match(bed.seen()[0] ?? '', /^call failed 407/);
  assert.is(bed.hop.requests('INVITE').length, 2);
  await bed.rest();
});

test('a server that calls each nonce stale does not keep us busy for ever', async () => {
  const bed = await ground();
  const server = new ChallengingServer(bed.hop);
  let nonces = 0;
  bed.hop.script = (request) => {
    if (request.method !== 'INVITE') return false;
    server.nonce = `nonce-${++nonces}`;
    server.challenge(request, true);
    return true;
  };
  bed.note('call', bed.near.invite(`sip:bob@${host}:5070`, { body: nearOffer }));
  await bed.clock.run(100);
  assert.match(bed.seen()[0] ?? '', /^call failed 407/);
  assert.is(bed.hop.requests('INVITE').length, 6);
  await bed.rest();
});

test('later requests of the dialog carry the credentials, each counted', async () => {
  const bed = await ground();
  const { hop, take } = bed;
  const server = new ChallengingServer(hop);
  hop.script = server.check;
  const { dialog } = await call(bed);
  for (const method of ['INFO', 'UPDATE', 'MESSAGE', 'INVITE'])
    await take(dialog.request(method, method === 'INVITE' ? { body: nearOffer } : {}));
  await bed.clock.run(5);
  const ack = hop.last('ACK');
  assert.is(ack.header('Proxy-Authorization'), hop.last('INVITE').header('Proxy-Authorization'));
  await take(dialog.bye());
  assert.equal(
    server.passed.map((request) => `${request.method} ${request.cseq} ${nc(request)}`),
    [
      'INVITE 2 00000001',
      'INFO 3 00000002',
      'UPDATE 4 00000003',
      'MESSAGE 5 00000004',
      'INVITE 6 00000005',
      'BYE 7 00000006',
    ],
    'nothing was challenged again',
  );
  await bed.rest();
});

test('a stale nonce is replaced: the request goes again by the new one, which later ones carry', async () => {
  const bed = await ground();
  const { hop, take } = bed;
  const server = new ChallengingServer(hop);
  hop.script = server.check;
  const { dialog } = await call(bed);
  server.nonce = 'nonce-2';
  await take(dialog.request('INFO'));
  await take(dialog.request('INFO'));
  assert.equal(
    hop.requests('INFO').map((request) => `${request.cseq} ${nc(request)}`),
    ['3 00000002', '4 00000001', '5 00000002'],
  );
  await finish(bed, dialog);
});

test('a remembered nonce that another server does not know, and does not call stale, is replaced as well', async () => {
  const bed = await ground();
  const { hop, take } = bed;
  const server = new ChallengingServer(hop);
  hop.script = server.check;
  const { dialog } = await call(bed);
  server.nonce = 'nonce-2';
  const { challenge } = server;
  server.challenge = (request) => challenge.call(server, request, false);
  await take(dialog.request('INFO'));
  assert.is(hop.requests('INFO').length, 2);
  await finish(bed, dialog);
});

test('every proxy of a path and the far end may ask, one after another or together', async () => {
  const realms = ['atlanta.com', 'biloxi.com', 'far.example'];
  const passwords = Object.fromEntries(realms.map((realm) => [realm, `of ${realm}`]));
  const bed = await ground({
    credentials: realms.map((realm) => ({ realm, username: 'bob', password: passwords[realm] ?? '' })),
  });
  const { hop, take } = bed;
  const [one, two, far] = realms.map(
    (realm) =>
      new ChallengingServer(hop, {
        realm,
        password: passwords[realm] ?? '',
        status: realm === 'far.example' ? 401 : 407,
      }),
  ) as [ChallengingServer, ChallengingServer, ChallengingServer];
  hop.script = (request) => one.check(request) || two.check(request) || far.check(request);
  const { dialog } = await call(bed);
  assert.equal(
    hop
      .requests('INVITE')
      .map((request) => [request.all('Proxy-Authorization').length, request.all('Authorization').length]),
    [
      [0, 0],
      [1, 0],
      [2, 0],
      [2, 1],
    ],
  );
  for (const server of [one, two, far]) server.nonce = 'another';
  hop.script = (request) => {
    if (request.method !== 'INFO') return false;
    if (request.cseq > 5) return one.check(request) || two.check(request) || far.check(request);
    // As a forking proxy gathers them (§22.3).
    hop.reply(request, 401, { headers: [one.line(true), two.line(true), far.line(true)] });
    return true;
  };
  await take(dialog.request('INFO'));
  assert.is(hop.requests('INFO').length, 2);
  hop.script = () => false;
  await finish(bed, dialog);
});

test('of several challenges of one realm the topmost that we understand is answered (RFC 8760 §2.4)', async () => {
  const bed = await ground();
  const { hop } = bed;
  const server = new ChallengingServer(hop, { algorithm: 'SHA-256', methods: ['INVITE'] });
  const { line } = server;
  const md5 = 'Proxy-Authenticate: Digest realm="biloxi.com", nonce="md5", qop="auth"';
  const unknown = 'Proxy-Authenticate: Digest realm="biloxi.com", nonce="x", qop="auth", algorithm=SHA-9';
  hop.script = (request) => {
    if (request.method !== 'INVITE' || request.all('Proxy-Authorization').length > 0) return server.check(request);
    hop.reply(request, 407, {
      headers: [unknown, 'Proxy-Authenticate: Basic realm="biloxi.com"', line.call(server), md5],
    });
    return true;
  };
  const { dialog } = await call(bed);
  assert.match(hop.last('INVITE').header('Proxy-Authorization'), /algorithm=SHA-256/);
  await finish(bed, dialog);
});

test('Basic alone is not answered (§22)', async () => {
  const bed = await ground();
  bed.hop.script = (request) => {
    if (request.method === 'INVITE')
      bed.hop.reply(request, 401, { headers: ['WWW-Authenticate: Basic realm="biloxi.com"'] });
    return request.method === 'INVITE';
  };
  bed.note('call', bed.near.invite(`sip:bob@${host}:5070`, { body: nearOffer }));
  await bed.clock.run(20);
  assert.match(bed.seen()[0] ?? '', /^call failed 401/);
  assert.is(bed.hop.requests('INVITE').length, 1);
  await bed.rest();
});

test('a request inside a dialog whose call was not challenged answers its own challenge', async () => {
  const bed = await ground();
  const { dialog } = await call(bed);
  const server = new ChallengingServer(bed.hop, { status: 401 });
  bed.hop.script = server.check;
  await bed.take(dialog.request('INFO', { body: 'hello', contentType: 'text/plain' }));
  assert.is(bed.hop.last('INFO').body, 'hello');
  assert.equal(
    bed.hop.requests('INFO').map(({ cseq }) => cseq),
    [2, 3],
  );
  await finish(bed, dialog);
});

test('a UAS’s requests are challenged and answered as a UAC’s are', async () => {
  const bed = await ground({ application: noted([], obliging) });
  const { hop, clock } = bed;
  const raw = RawDialog.toward(hop, bed.nearPort, 'in');
  raw.request('INVITE', { body: nearOffer, headers: [`Record-Route: <${hop.uri};lr>`] });
  await clock.run(5);
  raw.acknowledge(hop.responses('INVITE').at(-1) as Sip);
  await clock.run(5);
  const server = new ChallengingServer(hop);
  hop.script = server.check;
  await bed.take(bed.near.close());
  assert.equal(
    hop.requests('BYE').map((request) => nc(request)),
    ['', '00000001'],
  );
});

test('BYE answers its challenge, and the dialog ends once', async () => {
  const log: string[] = [];
  const bed = await ground({ application: noted(log) });
  const { dialog } = await call(bed);
  const server = new ChallengingServer(bed.hop);
  bed.hop.script = server.check;
  await bed.take(dialog.bye());
  assert.is(server.passed.length, 1);
  assert.equal(log, ['ended local bye']);
  await bed.rest();
});

test('a session refresh answers its challenge', async () => {
  const bed = await ground({ sessionTimer: { intervalS: 90 } });
  const { hop, clock } = bed;
  hop.script = (request) => {
    if (request.method === 'INVITE')
      hop.accept(request, { headers: ['Session-Expires: 90;refresher=uac', 'Require: timer'] });
    return request.method === 'INVITE';
  };
  const { dialog } = await call(bed);
  const server = new ChallengingServer(hop);
  hop.script = server.check;
  await clock.run(50_000);
  assert.equal(
    hop.requests('UPDATE').map((request) => nc(request)),
    ['', '00000001'],
  );
  assert.is((await bed.take(dialog.routeStatus())).status, 'healthy');
  await finish(bed, dialog);
});

test('Q8: value table: a heal that is challenged answers within the same attempt, on the fast path too', async () => {
  const bed = await ground();
  const { hop, clock } = bed;
  const { dialog } = await call(bed);
  const server = new ChallengingServer(hop, { methods: ['UPDATE', 'INFO'] });
  let lost = true;
  hop.script = (request) => {
    if (request.method === 'INFO' && lost) {
      lost = false;
      hop.reply(request, 430, { headers: dialogRouteSetUpdate });
      return true;
    }
    return server.check(request);
  };
  bed.note('info', dialog.request('INFO'));
  await clock.run(50);
  assert.equal(bed.seen(), ['info 200']);
  assert.equal(
    hop.requests('UPDATE').map((request) => [nc(request), request.all('Route').length]),
    [
      ['', 0],
      ['00000001', 0],
    ],
  );
  assert.is(nc(hop.last('INFO')), '00000002');
  const status = await bed.take(dialog.routeStatus());
  assert.equal([status.attempt, status.generation], [0, 1]);
  await finish(bed, dialog);
});

test('Q8: a heal that is challenged on the slow path answers within the same attempt', async () => {
  const bed = await ground();
  const { hop, clock } = bed;
  const { dialog } = await call(bed);
  const server = new ChallengingServer(hop, { methods: ['UPDATE', 'INVITE'] });
  hop.script = (request) => {
    if (request.method === 'INFO') hop.reply(request, 503);
    return request.method === 'INFO' || server.check(request);
  };
  bed.note('info', dialog.request('INFO'));
  await clock.run(100);
  assert.equal(bed.seen().slice(1), ['recovering', 'healthy']);
  assert.is(hop.requests('UPDATE').length, 2);
  hop.script = () => false;
  await finish(bed, dialog);
});

test('Q8: a challenge without an answer of ours is a failed attempt, and the heal comes again by the schedule', async () => {
  const bed = await ground({ credentials: [] });
  const { hop, clock } = bed;
  const { dialog } = await call(bed);
  const server = new ChallengingServer(hop, { methods: ['UPDATE'] });
  hop.script = (request) => {
    if (request.method === 'INFO') hop.reply(request, 503);
    return request.method === 'INFO' || server.check(request);
  };
  bed.note('info', dialog.request('INFO'));
  await clock.run(100);
  assert.is((await bed.take(dialog.routeStatus())).attempt, 1);
  hop.script = () => false;
  await clock.run(3000);
  assert.is((await bed.take(dialog.routeStatus())).status, 'healthy');
  await finish(bed, dialog);
});

test('Q8: a re-INVITE heal answers its challenge, and its ACK has the credentials', async () => {
  const bed = await ground();
  const { hop, clock } = bed;
  hop.capabilities = ['Allow: INVITE, ACK, BYE', 'Supported: ms-dialog-route-set-update'];
  const { dialog } = await call(bed);
  const server = new ChallengingServer(hop, { methods: ['INVITE'] });
  hop.script = (request) => {
    if (request.method === 'INFO') hop.reply(request, 503);
    return request.method === 'INFO' || server.check(request);
  };
  bed.note('info', dialog.request('INFO'));
  await clock.run(100);
  assert.equal(bed.seen().slice(1), ['recovering', 'healthy']);
  assert.is(hop.last('ACK').header('Proxy-Authorization'), hop.last('INVITE').header('Proxy-Authorization'));
  assert.is(hop.last('ACK').cseq, hop.last('INVITE').cseq);
  hop.script = () => false;
  await finish(bed, dialog);
});

test('a call that is given up while it is challenged is not made again', async () => {
  const bed = await ground();
  const { hop, clock } = bed;
  const server = new ChallengingServer(hop, { methods: ['INVITE'] });
  const stop = new AbortController();
  hop.script = (request) => {
    if (request.method === 'INVITE') hop.reply(request, 180);
    return request.method === 'INVITE' || request.method === 'CANCEL';
  };
  bed.note('call', bed.near.invite(`sip:bob@${host}:5070`, { body: nearOffer, signal: stop.signal }));
  await clock.run(5);
  stop.abort();
  server.challenge(hop.last('INVITE'), false);
  await clock.run(50);
  assert.equal(bed.seen(), ['call failed SIP_ABORTED']);
  assert.is(hop.requests('INVITE').length, 1);
  await bed.rest();
});

test('the next hop of a call gets the credentials that the first one asked for', async () => {
  const bed = await ground({ hops: [`sip:${host}:5070`, `sip:${host}:5080`] });
  const { hop, other, clock } = bed;
  const server = new ChallengingServer(hop, { methods: ['INVITE'] });
  hop.script = (request) => {
    if (request.method !== 'INVITE' || server.check(request)) return request.method === 'INVITE';
    hop.reply(request, 503);
    return true;
  };
  const second = new ChallengingServer(other, { methods: ['INVITE'] });
  other.script = second.check;
  bed.note('call', bed.near.invite(`sip:bob@${host}:5070`, { body: nearOffer }));
  await clock.run(50);
  assert.equal(bed.seen(), ['call done']);
  assert.equal(
    [...hop.requests('INVITE'), ...other.requests('INVITE')].map((request) => `${request.cseq} ${nc(request)}`),
    ['1 ', '2 00000001', '2 00000002'],
  );
  assert.is(other.last('ACK').header('Proxy-Authorization'), other.last('INVITE').header('Proxy-Authorization'));
  await bed.take(bed.near.close());
});

test('branches of a forked call count the requests by their one nonce together', async () => {
  const bed = await ground();
  const { hop, clock, take, near } = bed;
  const server = new ChallengingServer(hop, { methods: ['INVITE', 'INFO'] });
  hop.script = (request) => {
    if (request.method !== 'INVITE') return server.check(request);
    if (server.check(request)) return true;
    for (const toTag of ['one', 'two']) hop.accept(request, { toTag });
    return true;
  };
  const forks: Dialog[] = [];
  const first = await take(
    near.invite(`sip:bob@${host}:5070`, { body: nearOffer, onFork: (dialog) => void forks.push(dialog) }),
  );
  await clock.run(10);
  const [second] = forks;
  if (second === undefined) throw new Error('there is no second branch');
  for (const dialog of [first, second, first]) await take(dialog.request('INFO'));
  assert.equal(
    server.passed.map((request) => nc(request)),
    ['00000001', '00000002', '00000003', '00000004'],
  );
  for (const ack of hop.requests('ACK').slice(-2))
    assert.is(ack.header('Proxy-Authorization'), hop.last('INVITE').header('Proxy-Authorization'));
  await finish(bed, first, second);
});

test('behind a strict router the digest is of the Request-URI that is sent (RFC 3261 §12.2.1.1)', async () => {
  const bed = await ground();
  const { hop, take } = bed;
  hop.recordRoute = [`<${hop.uri};ftag=1>`];
  const server = new ChallengingServer(hop);
  hop.script = server.check;
  const { dialog } = await call(bed);
  await take(dialog.request('INFO'));
  await take(dialog.request('INFO'));
  assert.is(hop.requests('INFO').length, 2, 'neither was challenged');
  assert.is(hop.last('INFO').requestUri, `${hop.uri};ftag=1`);
  await finish(bed, dialog);
});

test('a dialog that ends while its challenged heal is out leaves nothing behind', async () => {
  const bed = await ground();
  const { hop, clock } = bed;
  const { dialog } = await call(bed);
  const server = new ChallengingServer(hop, { methods: ['UPDATE'] });
  hop.script = (request) => {
    if (request.method === 'INFO') hop.reply(request, 503);
    if (request.method === 'INFO') return true;
    return server.check(request) || request.method === 'UPDATE'; // it passes, and is not answered
  };
  bed.note('info', dialog.request('INFO'));
  await clock.run(10);
  assert.is(server.passed.length, 1);
  await finish(bed, dialog);
});

test('a call that is given up behind its challenge is cancelled by the INVITE that is out', async () => {
  const bed = await ground();
  const { hop, clock } = bed;
  const server = new ChallengingServer(hop, { methods: ['INVITE'] });
  const stop = new AbortController();
  hop.script = (request) => {
    if (request.method === 'INVITE' && !server.check(request)) hop.reply(request, 180);
    if (request.method === 'CANCEL') {
      hop.accept(request);
      hop.reply(hop.last('INVITE'), 487);
    }
    return request.method === 'INVITE' || request.method === 'CANCEL';
  };
  bed.note('call', bed.near.invite(`sip:bob@${host}:5070`, { body: nearOffer, signal: stop.signal }));
  await clock.run(10);
  stop.abort();
  await clock.run(10);
  const branch = (request: Sip): string => /branch=([^;]+)/.exec(request.header('Via'))?.[1] ?? '';
  assert.is(branch(hop.last('CANCEL')), branch(hop.last('INVITE')));
  assert.equal([hop.last('CANCEL').cseq, hop.last('INVITE').cseq], [2, 2]);
  assert.is(hop.last('CANCEL').all('Proxy-Authorization').length, 0);
  assert.equal(bed.seen(), ['call failed SIP_ABORTED']);
  await bed.rest();
});

test('over TCP as over UDP', async () => {
  const made = await bed({ hops: 1, protocol: 'tcp', stack: { credentials } });
  const { hop, take } = made;
  const server = new ChallengingServer(hop);
  hop.script = server.check;
  const { dialog } = await call(made);
  await take(dialog.request('INFO'));
  await take(dialog.heal());
  assert.equal(
    server.passed.map(({ method, cseq }) => `${method} ${cseq}`),
    ['INVITE 2', 'INFO 3', 'UPDATE 4'],
  );
  await finish(made, dialog);
});

test('a challenge that is repeated, or late, is not answered twice', async () => {
  const bed = await ground();
  const { hop } = bed;
  const server = new ChallengingServer(hop, { methods: ['INVITE'] });
  hop.script = (request) => {
    if (request.method !== 'INVITE' || request.all('Proxy-Authorization').length > 0) return false;
    for (let times = 0; times < 3; times++) server.challenge(request, false);
    return true;
  };
  const { dialog } = await call(bed);
  assert.is(hop.requests('INVITE').length, 2);
  assert.equal(
    hop
      .requests('ACK')
      .map(({ cseq }) => cseq)
      .sort(),
    [1, 1, 1, 2],
    'each copy of the challenge is acknowledged',
  );
  await finish(bed, dialog);
});

test('a challenge with a nonce that is too long to keep is the outcome', async () => {
  const bed = await ground();
  const server = new ChallengingServer(bed.hop, { methods: ['INVITE'] });
  server.nonce = 'n'.repeat(5000);
  bed.hop.script = server.check;
  bed.note('call', bed.near.invite(`sip:bob@${host}:5070`, { body: nearOffer }));
  await bed.clock.run(50);
  assert.match(bed.seen()[0] ?? '', /^call failed 407/);
  await bed.rest();
});

test('challenges that are none are the outcome, whatever they are made of', async () => {
  const bed = await ground();
  const { dialog } = await call(bed);
  const { hop, clock } = bed;
  for (const value of [
    '',
    'Digest',
    'Digest realm=',
    'Digest ,,,',
    'Digest realm="biloxi.com", nonce="\\"',
    'Digest "="',
  ]) {
    hop.script = (request) => {
      if (request.method === 'INFO') hop.reply(request, 401, { headers: [`WWW-Authenticate: ${value}`] });
      return request.method === 'INFO';
    };
    bed.note('info', dialog.request('INFO'));
    await clock.run(10);
  }
  assert.equal(new Set(bed.seen()).size, 1);
  assert.match(bed.seen()[0] ?? '', /^info failed 401/);
  await finish(bed, dialog);
});

test.run();
