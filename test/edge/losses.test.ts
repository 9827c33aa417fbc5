import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { UsageError } from '../../core/errors.ts';
import { alice, bob, header, ladder, only, recordRoute, request, response, type Sent, World } from './world.ts';

const test = suite('Edge that is told of losses ([MS-SIPRE] §3.7.5.1)');

const supported = 'supported: MS-Dialog-Route-Set-Update';

class Call {
  readonly world: World = new World();
  route: string;

  constructor() {
    this.route = recordRoute(only(this.world.from(alice, request('INVITE'))).text);
  }

  fromAlice(method: string, parts: { readonly route?: string; readonly sdr?: boolean } = {}): Sent[] {
    return this.#from(alice, `sip:bob@${bob}`, method, parts);
  }

  fromBob(method: string, parts: { readonly route?: string; readonly sdr?: boolean } = {}): Sent[] {
    return this.#from(bob, `sip:alice@${alice}`, method, parts);
  }

  #from(
    source: string,
    uri: string,
    method: string,
    parts: { readonly route?: string; readonly sdr?: boolean },
  ): Sent[] {
    const { route = this.route, sdr = true } = parts;
    const lines = [...(route === '' ? [] : [`Route: ${route}`]), ...(sdr ? [supported] : [])];
    return this.world.from(source, request(method, { uri, sentBy: source, toTag: 'tag', lines }));
  }
}

const action = (sent: readonly Sent[]): string => header(only(sent).text, 'P-Dialog-Recovery-Action');

test('value table: the source’s registration lost is Registration-Route-Set-Update and Dialog-Route-Set-Update', () => {
  const call = new Call();
  call.world.command({ name: 'lose-registration', client: alice });
  const sent = call.fromAlice('INFO');
  assert.equal(ladder(sent), [`${alice} SIP/2.0 430 Flow Failed`]);
  assert.is(action(sent), 'Registration-Route-Set-Update, Dialog-Route-Set-Update');
  assert.is(action(call.fromAlice('UPDATE', { route: '' })), 'Registration-Route-Set-Update, Dialog-Route-Set-Update');
  assert.equal(ladder(call.fromAlice('INFO', { sdr: false })), [`${alice} SIP/2.0 481 Registration Lost`]);
  assert.equal(call.fromAlice('ACK'), []);
  const { askedRegistrationUpdate, refused430, refused481 } = call.world.edge.counters;
  assert.equal([askedRegistrationUpdate, refused430, refused481], [2, 2, 1]);
});

test('it is the source’s own affair: the far side and what is in no dialog go on', () => {
  const call = new Call();
  call.world.command({ name: 'lose-registration', client: alice });
  assert.is(only(call.fromBob('INFO')).to, alice);
  assert.is(only(call.world.from(alice, request('INVITE', { callId: 'call-2' }))).to, bob);
});

test('a REGISTER that passes and is answered 2xx ends it; a failure does not, nor another client’s', () => {
  const call = new Call();
  const { world } = call;
  world.command({ name: 'lose-registration', client: '10.0.1.1' });
  const register = (status: number, source = alice): void => {
    const branch = `z9hG4bK${source.length}${status}`;
    const sent = only(world.from(source, request('REGISTER', { branch, sentBy: source, uri: `sip:${bob}` })));
    world.from(bob, response(sent.text, status));
  };
  register(403);
  assert.equal(ladder(call.fromAlice('INFO')), [`${alice} SIP/2.0 430 Flow Failed`]);
  register(200, bob);
  assert.equal(ladder(call.fromAlice('INFO')), [`${alice} SIP/2.0 430 Flow Failed`]);
  register(200);
  assert.is(only(call.fromAlice('INFO')).to, bob);
});

test('so does the word of whoever runs the registrar', () => {
  const call = new Call();
  call.world.command({ name: 'lose-registration', client: alice });
  call.world.command({ name: 'restore-registration', client: alice });
  assert.is(only(call.fromAlice('INFO')).to, bob);
});

test('value table: a destination’s flow lost on command is Wait-For-Session-Update, until a heal makes a new token', () => {
  const call = new Call();
  const { world } = call;
  world.command({ name: 'lose-flow', client: bob });
  const sent = call.fromAlice('INFO');
  assert.equal(ladder(sent), [`${alice} SIP/2.0 430 Flow Failed`]);
  assert.is(action(sent), 'Wait-For-Session-Update');
  assert.equal(ladder(call.fromAlice('INFO', { sdr: false })), [`${alice} SIP/2.0 481 Destination Cannot Be Reached`]);
  assert.equal(call.fromAlice('ACK'), []);
  // That something comes from the destination mends nothing by itself.
  world.from(bob, request('OPTIONS', { uri: 'sip:10.0.0.1', sentBy: bob }));
  assert.equal(ladder(call.fromAlice('INFO')), [`${alice} SIP/2.0 430 Flow Failed`]);
  const update = only(call.fromBob('UPDATE', { route: '' }));
  assert.is(update.to, alice);
  const stale = call.route;
  call.route = recordRoute(update.text);
  assert.is(only(call.fromAlice('INFO')).to, bob);
  assert.is(only(call.fromBob('INFO')).to, alice);
  assert.is(action(call.fromAlice('INFO', { route: stale })), 'Wait-For-Session-Update');
});

test('value table: whose own flow was lost is told Dialog-Route-Set-Update; who cannot heal goes on', () => {
  const call = new Call();
  call.world.command({ name: 'lose-flow', client: bob });
  assert.is(action(call.fromBob('INFO')), 'Dialog-Route-Set-Update');
  assert.is(only(call.fromBob('INFO', { sdr: false })).to, alice);
  assert.is(only(call.fromBob('ACK')).to, alice);
  assert.is(call.world.edge.counters.askedDialogUpdate, 1);
});

test('either side may heal: a route-less refresh of the other one passes too', () => {
  const call = new Call();
  call.world.command({ name: 'lose-flow', client: bob });
  const update = only(call.fromAlice('UPDATE', { route: '' }));
  assert.is(update.to, bob);
  call.route = recordRoute(update.text);
  assert.is(only(call.fromAlice('INFO')).to, bob);
});

test('another client’s loss is nobody else’s, and tokens that are made later are good', () => {
  const call = new Call();
  call.world.command({ name: 'lose-flow', client: '10.0.9.9' });
  assert.is(only(call.fromAlice('INFO')).to, bob);
  call.world.command({ name: 'lose-flow', client: '10.0.2.2' });
  assert.is(action(call.fromAlice('INFO')), 'Wait-For-Session-Update');
  const again = recordRoute(only(call.world.from(alice, request('INVITE', { branch: 'z9hG4bK2' }))).text);
  assert.is(only(call.fromAlice('INFO', { route: again })).to, bob);
});

test('losing memory comes first: what is void names no flow', () => {
  const call = new Call();
  call.world.command({ name: 'lose-flow', client: bob });
  call.world.command({ name: 'lose-memory' });
  assert.is(action(call.fromAlice('INFO')), 'Dialog-Route-Set-Update');
});

test('when no more losses can be told apart all state is given up', () => {
  const call = new Call();
  for (let count = 0; count < 65_535; count++) call.world.command({ name: 'lose-flow', client: '10.0.9.9' });
  assert.is(only(call.fromAlice('INFO')).to, bob);
  call.world.command({ name: 'lose-flow', client: '10.0.9.9' });
  assert.is(action(call.fromAlice('INFO')), 'Dialog-Route-Set-Update');
  call.route = recordRoute(only(call.fromAlice('UPDATE', { route: '' })).text);
  assert.is(only(call.fromAlice('INFO')).to, bob);
});

test('a client that is no numeric address is the caller’s mistake', () => {
  const world = new World();
  for (const name of ['lose-flow', 'lose-registration', 'restore-registration'] as const) {
    assert.throws(
      () => world.command({ name, client: 'bob.example.com' }),
      (error: unknown) => error instanceof UsageError,
    );
  }
});

test.run();
