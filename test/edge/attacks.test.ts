import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import {
  addressOf,
  alice,
  bob,
  branchOf,
  edgeAt,
  header,
  ladder,
  only,
  recordRoute,
  request,
  response,
  type Sent,
  stranger,
  World,
} from './world.ts';

const test = suite('Attacks on an edge');

const far = '10.0.7.7:5070';
const supported = 'Supported: ms-dialog-route-set-update';
const notASide = `${stranger} SIP/2.0 403 Not a Side of This Dialog`;

/** Alice, a client, has called somebody whom the edge does not know; the attacker has seen the route. */
function call(): { readonly world: World; readonly token: string; readonly route: string } {
  const world = new World();
  const invite = only(world.from(alice, request('INVITE', { uri: `sip:far@${far}` })));
  const route = recordRoute(invite.text);
  return { world, route, token: /sip:([0-9a-v]+)@/.exec(route)?.[1] ?? '' };
}

function inside(method: string, route: string, parts: Parameters<typeof request>[1] = {}): string {
  return request(method, { sentBy: stranger, toTag: 'bob', lines: [`Route: ${route}`, supported], ...parts });
}

test('a token replayed in another dialog is lost state: it reaches nobody', () => {
  const { world, route } = call();
  const replayed = inside('INFO', route, { callId: 'call-2', uri: `sip:alice@${alice}` });
  for (const source of [stranger, far, alice]) {
    const { to, text } = only(world.from(source, replayed));
    assert.is(to, source);
    assert.match(text, /^SIP\/2\.0 430 /);
  }
  assert.is(world.edge.counters.forwardedRequests, 1);
});

test('a token replayed outside its dialog counts for nothing', () => {
  const { world, route } = call();
  for (const method of ['INVITE', 'MESSAGE', 'REGISTER', 'CANCEL']) {
    const outside = request(method, { sentBy: stranger, lines: [`Route: ${route}`], uri: `sip:alice@${alice}` });
    assert.equal(ladder(world.from(stranger, outside)), [`${stranger} SIP/2.0 403 Not a Client of This Edge`], method);
  }
});

test('a token with other addresses, another age or another signature is lost state', () => {
  const { world, route, token } = call();
  const other = call();
  const otherToken = /sip:([0-9a-v]+)@/.exec(
    recordRoute(only(other.world.from(alice, request('INVITE', { uri: 'sip:x@10.9.9.9' }))).text),
  );
  const signature = token.slice(-14);
  const addresses = (otherToken?.[1] ?? '').slice(0, -14);
  const age = `${token.slice(0, 2)}1${token.slice(3)}`;
  for (const forged of [`${addresses}${signature}`, age, '0'.repeat(token.length), `${token.slice(0, -1)}0`]) {
    if (forged === token) continue;
    const { to, text } = only(world.from(stranger, inside('INFO', route.replace(token, forged))));
    assert.is(to, stranger);
    assert.match(text, /^SIP\/2\.0 430 /, forged);
  }
  assert.equal(world.opened, [far]);
});

test('a stranger with a good token reaches the two sides of its dialog, and no third', () => {
  const { world, route } = call();
  assert.is(only(world.from(stranger, inside('INFO', route, { uri: `sip:alice@${alice}` }))).to, alice);
  assert.is(only(world.from(stranger, inside('INFO', route, { uri: `sip:far@${far}` }))).to, far);
  for (const uri of [
    `sip:bob@${bob}`,
    'sip:10.9.9.9',
    'sip:name.example.com',
    `sip:alice@${alice.replace('5070', '5071')}`,
  ]) {
    assert.equal(ladder(world.from(stranger, inside('INFO', route, { uri }))), [notASide], uri);
  }
  const further = inside('INFO', `${route}, <sip:10.9.9.9;lr>`, { uri: `sip:alice@${alice}` });
  assert.equal(ladder(world.from(stranger, further)), [notASide]);
});

test('a side of the dialog cannot be talked into another target', () => {
  const { world, route } = call();
  for (const uri of ['sip:10.9.9.9', `sip:bob@${bob}`, 'sip:alice@10.0.1.1:9', 'sip:x@10.9.9.9;maddr=10.9.9.8']) {
    assert.is(only(world.from(far, inside('INFO', route, { sentBy: far, uri }))).to, alice, uri);
  }
  const further = inside('INFO', `${route}, <sip:10.9.9.9;lr>`, { sentBy: far, uri: `sip:alice@${alice}` });
  assert.is(only(world.from(far, further)).to, alice);
});

test('a third party cannot draw the route of a dialog to itself: it may not refresh', () => {
  const { world, route } = call();
  for (const method of ['UPDATE', 'INVITE', 'SUBSCRIBE', 'DANCE']) {
    assert.equal(
      ladder(world.from(stranger, inside(method, route, { uri: `sip:alice@${alice}` }))),
      [notASide],
      method,
    );
  }
  // From the far end's own IP it may be that itself, behind another port.
  const moved = '10.0.7.7:5999';
  assert.is(only(world.from(moved, inside('UPDATE', route, { sentBy: moved, uri: `sip:alice@${alice}` }))).to, alice);
});

test('a route-less heal from a stranger gets 403, whatever it says of itself', () => {
  const { world } = call();
  const heal = request('UPDATE', {
    toTag: 'bob',
    sentBy: alice,
    viaParams: `;received=10.0.1.1;rport=5070`,
    lines: [supported, `Contact: <sip:alice@${alice}>`, `P-Asserted-Identity: <sip:alice@${alice}>`],
  });
  assert.equal(ladder(world.from(stranger, heal)), [`${stranger} SIP/2.0 403 Not a Client of This Edge`]);
});

test('a forged Via sends nothing anywhere: answers go where the request came from', () => {
  const { world, route } = call();
  world.opened.length = 0;
  const forged = { sentBy: '10.9.9.9:53', viaParams: ';received=10.9.9.9;maddr=10.9.9.9' };
  const refused = world.from(stranger, request('INVITE', forged));
  assert.equal(ladder(refused), [`${stranger} SIP/2.0 403 Not a Client of This Edge`]);
  const forwarded = only(world.from(stranger, inside('INFO', route, { ...forged, uri: `sip:alice@${alice}` })));
  assert.is(forwarded.to, alice);
  world.opened.length = 0;
  const [answer] = world.from(alice, response(forwarded.text, 200));
  assert.is(answer?.to.split(':')[0], stranger.split(':')[0], 'at the sender’s address, on whatever port it names');
});

test('a Via that names the edge itself makes no loop and no way back', () => {
  const { world } = call();
  const invite = only(world.from(alice, request('INVITE')));
  const ours = `Via: ${header(invite.text, 'Via').split(', ')[0]}`;
  const forwarded = only(
    world.from(alice, request('INVITE', { sentBy: edgeAt, branch: branchOf(invite.text), cseq: 2 })),
  );
  assert.is(forwarded.to, bob);
  const answered = world.from(bob, response(forwarded.text, 200));
  assert.is(only(answered).to, '10.0.1.1:5070');
  const doubled = request('MESSAGE', { lines: [ours, ours, ours], cseq: 3 });
  assert.is(only(world.from(alice, doubled)).to, bob);
});

test('a response that answers nothing goes nowhere, whoever sends it', () => {
  const { world } = call();
  const forwarded = only(world.from(alice, request('MESSAGE')));
  const honest = response(forwarded.text, 200);
  const elsewhere = honest.replace(
    /\r\nVia: SIP\/2\.0\/UDP 10\.0\.1\.1[^\r]*/,
    '\r\nVia: SIP/2.0/UDP 10.9.9.9:53;branch=z9hG4bKalice1',
  );
  const unasked = honest.replace(branchOf(honest), `z9hG4bK${'v'.repeat(24)}`);
  for (const source of [bob, alice, stranger]) {
    for (const text of [elsewhere, unasked]) assert.equal(world.from(source, text), []);
  }
  assert.is(world.edge.counters.droppedResponses, 6);
});

test('a response cannot be sent back by another transport, port or maddr than its request came by', () => {
  const world = new World({ locals: [addressOf(edgeAt), addressOf(`tcp:${edgeAt}`)] });
  const forwarded = only(world.from(alice, request('MESSAGE')));
  const honest = response(forwarded.text, 200);
  const branch = branchOf(honest);
  world.opened.length = 0;
  for (let at = 7; at < branch.length; at++) {
    for (const digit of ['0', '1', 'g', 'v']) {
      const changed = branch.slice(0, at) + digit + branch.slice(at + 1);
      const sent: Sent[] = changed === branch ? [] : world.from(bob, honest.replace(branch, changed));
      // Four octets in the middle are a note to ourselves: they say nothing of the way back.
      for (const { to } of sent) assert.is(to, alice);
    }
  }
  assert.equal(world.opened, []);
});

test('two edges accept neither each other’s tokens nor each other’s responses', () => {
  const { world, route } = call();
  const other = new World({ random: (target) => void target.fill(7) });
  assert.match(only(other.from(alice, inside('INFO', route, { sentBy: alice }))).text, /^SIP\/2\.0 430 /);
  const forwarded = only(world.from(alice, request('MESSAGE')));
  assert.equal(other.from(bob, response(forwarded.text, 200)), []);
});

test('a flood of strangers costs no client its connection', () => {
  const client = 'tcp:10.0.1.1:49152';
  const world = new World({ locals: [addressOf(edgeAt), addressOf(`tcp:${edgeAt}`)] });
  const parts = { protocol: 'TCP', sentBy: '10.0.1.1:5070' };
  assert.is(only(world.from(client, request('OPTIONS', { ...parts, uri: `sip:${edgeAt}` }))).to, client);
  const inputs = [];
  for (let index = 0; index < 250_000; index++) {
    const remote = {
      protocol: 'udp',
      host: `198.${18 + (index >>> 16)}.${(index >>> 8) & 255}.${index & 255}`,
      port: 9,
    };
    inputs.push({ kind: 'flow-open', flow: (1000 + index) as never, remote, openId: undefined } as const);
  }
  world.step(inputs);
  assert.equal(
    world.closed.filter((name) => name === client),
    [],
  );
  assert.is(only(world.from(client, request('MESSAGE', { ...parts, uri: `sip:bob@${bob}` }))).to, bob);
});

test.run();
