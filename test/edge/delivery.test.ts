import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { alice, bob, header, ladder, only, recordRoute, request, response, World } from './world.ts';

const test = suite('Edge whose destination is lost');

const supported = 'Supported: ms-dialog-route-set-update';
const wait = `${alice} SIP/2.0 430 Flow Failed`;

/** Alice's call to Bob. */
function call(): {
  world: World;
  send: (method: string, branch?: string, lines?: string[]) => { to: string; text: string }[];
} {
  const world = new World();
  const route = recordRoute(only(world.from(alice, request('INVITE'))).text);
  const send = (method: string, branch = 'z9hG4bKa', lines = [supported]): { to: string; text: string }[] =>
    world.from(alice, request(method, { toTag: 'bob', branch, lines: [`Route: ${route}`, ...lines] }));
  return { world, send };
}

test('what is known gets a connected flow, so that its loss is seen; a stranger gets a plain one', () => {
  const world = new World();
  world.from(alice, request('INVITE'));
  world.from(alice, request('INVITE', { uri: 'sip:carol@10.0.7.7' }));
  assert.equal(world.opened, [`${bob} connected`, '10.0.7.7:5060']);
});

test('a client that wrote first gets its connected flow with the first request for it, and keeps its place', () => {
  const { world } = call();
  world.opened.length = 0;
  const info = request('INFO', { uri: `sip:alice@${alice}`, sentBy: bob, toTag: 'alice' });
  assert.is(only(world.from(bob, info)).to, alice);
  assert.equal(world.opened, [`${alice} connected`]);
  world.from(bob, info);
  assert.equal(world.opened.length, 1);
});

test('the option tag gets 430 with Wait-For-Session-Update', () => {
  const { world, send } = call();
  world.lose(bob);
  const { to, text } = only(send('INFO'));
  assert.is(to, alice);
  assert.match(text, /^SIP\/2\.0 430 Flow Failed\r\n/);
  assert.is(header(text, 'P-Dialog-Recovery-Action'), 'Wait-For-Session-Update');
  assert.equal(world.events, [
    { kind: 'destination-lost', address: { protocol: 'udp', host: '10.0.2.2', port: 5080 } },
  ]);
});

test('so does a heal without Route; what has no tag gets 481, what is in no dialog 480, and ACK silence', () => {
  const { world, send } = call();
  world.lose(bob);
  const heal = request('UPDATE', { toTag: 'bob', lines: [supported] });
  assert.equal(ladder(world.from(alice, heal)), [wait]);
  assert.equal(ladder(send('INFO', 'z9hG4bKa', [])), [`${alice} SIP/2.0 481 Destination Cannot Be Reached`]);
  assert.equal(ladder(world.from(alice, request('INVITE', { lines: [supported] }))), [
    `${alice} SIP/2.0 480 Destination Cannot Be Reached`,
  ]);
  assert.equal(send('ACK'), []);
});

test('anything heard from it brings it back at once (figure 2b)', () => {
  const { world, send } = call();
  world.lose(bob);
  assert.equal(ladder(send('INFO')), [wait]);
  const update = request('UPDATE', { uri: `sip:alice@${alice}`, sentBy: bob, toTag: 'alice', lines: [supported] });
  assert.is(only(world.from(bob, update)).to, alice);
  assert.is(only(send('INFO')).to, bob);
  assert.equal(
    world.events.map(({ kind }) => kind),
    ['destination-lost', 'destination-returned'],
  );
});

test('a second later one request tries it, with its retransmissions, and the others wait for what comes of that (figure 2a)', () => {
  const { world, send } = call();
  world.lose(bob);
  world.nowMs += 999;
  assert.equal(ladder(send('UPDATE', 'z9hG4bK1')), [wait]);
  world.nowMs += 1;
  const trial = only(send('UPDATE', 'z9hG4bK2'));
  assert.is(trial.to, bob);
  assert.is(only(send('UPDATE', 'z9hG4bK2')).to, bob);
  assert.equal(ladder(send('UPDATE', 'z9hG4bK3')), [wait]);
  assert.is(only(world.from(bob, response(trial.text, 200))).to, alice);
  assert.is(only(send('UPDATE', 'z9hG4bK3')).to, bob);
});

test('an ACK tries nothing: it would have no answer', () => {
  const { world, send } = call();
  world.lose(bob);
  world.nowMs += 1000;
  assert.equal(send('ACK'), []);
  assert.is(only(send('INFO')).to, bob);
});

test('lost again, it is left alone for another second, the trial’s retransmission too', () => {
  const { world, send } = call();
  world.lose(bob);
  world.nowMs += 1000;
  assert.is(only(send('UPDATE', 'z9hG4bK1')).to, bob);
  world.lose(bob);
  assert.equal(ladder(send('UPDATE', 'z9hG4bK1')), [wait]);
  world.nowMs += 1000;
  assert.is(only(send('UPDATE', 'z9hG4bK1')).to, bob);
  assert.is(world.events.length, 1);
});

test('a flow that cannot be opened is a lost destination, and what waited for it is answered so (RFC 3261 §16.9)', () => {
  const world = new World();
  world.dead.add(bob);
  const unreachable = [`${alice} SIP/2.0 480 Destination Cannot Be Reached`];
  const refused = world.from(alice, request('INVITE'));
  assert.equal(ladder(refused), unreachable);
  const toTag = header(only(refused).text, 'To').split(';tag=')[1] ?? '';
  assert.match(toTag, /^[0-9a-v]{12}$/);
  assert.equal(world.from(alice, request('ACK', { toTag })), []);
  assert.equal(ladder(world.from(alice, request('INVITE'))), unreachable);
  const { shed, returned, refused480 } = world.edge.counters;
  assert.equal({ shed, returned, refused480 }, { shed: 0, returned: 1, refused480: 2 });
});

test('messages wait for a flow in their order, and not without end', () => {
  const world = new World();
  world.from(alice, request('OPTIONS', { uri: 'sip:10.0.0.1' }));
  const flow = 1 as never; // Alice's, the first of this world
  const bytes = (count: number): Uint8Array =>
    new TextEncoder().encode(request('MESSAGE', { uri: 'sip:10.0.8.8', branch: `z9hG4bK${count}` }));
  const inputs = Array.from(
    { length: 20_000 },
    (_, count) => ({ kind: 'message', flow, bytes: bytes(count) }) as const,
  );
  const { outputs } = world.edge.step(0, inputs);
  assert.equal(
    outputs.map(({ kind }) => kind),
    ['open'],
  );
  const [open] = outputs;
  if (open?.kind !== 'open') throw new Error('nothing was opened');
  const opened = { kind: 'flow-open', flow: 99 as never, remote: open.remote, openId: open.openId } as const;
  const sent = world.edge.step(0, [opened]).outputs;
  assert.is(sent.length, 16_384);
  assert.is(world.edge.counters.shed, 20_000 - 16_384);
});

test('an idle flow that the transport gave up means nothing', () => {
  const { world, send } = call();
  world.lose(alice, 'SIP_FLOW_IDLE');
  assert.is(only(send('INFO')).to, bob);
  world.lose(bob, 'SIP_FLOW_IDLE');
  assert.is(only(send('INFO')).to, bob);
  assert.equal(world.events, []);
});

test('a flow that was lost and opened again is used again', () => {
  const { world } = call();
  world.lose(alice);
  const info = request('INFO', { uri: `sip:alice@${alice}`, sentBy: bob, toTag: 'alice' });
  world.nowMs += 1000;
  assert.is(only(world.from(bob, info)).to, alice);
});

test('no more than 128 peers get a connected flow', () => {
  const world = new World({ clients: ['10.0.1.1', '10.0.5.5'] });
  for (let port = 1000; port < 1200; port++) world.from(alice, request('MESSAGE', { uri: `sip:10.0.5.5:${port}` }));
  assert.is(world.opened.length, 200);
  assert.is(world.opened.filter((name) => name.endsWith(' connected')).length, 128);
  for (let port = 1000; port < 1010; port++) world.lose(`10.0.5.5:${port}`);
  world.nowMs += 1000;
  for (let port = 1000; port < 1010; port++) world.from(alice, request('MESSAGE', { uri: `sip:10.0.5.5:${port}` }));
  assert.is(world.opened.slice(200).filter((name) => name.endsWith(' connected')).length, 10);
});

test.run();
