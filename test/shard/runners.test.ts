import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Command } from '../../core/engine/command.ts';
import type { EngineEvent } from '../../core/engine/event.ts';
import { startInThread } from '../../core/shard/in-thread.ts';
import type { Shards, ShardsUser } from '../../core/shard/shards.ts';
import { descriptionsOf } from '../../core/shard/transport-description.ts';
import { startWorkers } from '../../core/shard/workers.ts';
import { systemClock, udp } from '../../transport/index.ts';
import { engineOf, type Told } from './seeded.ts';

const test = suite('A shard in a worker and one in the thread of its program');

const told: Told = { seed: 4711 };
const transports = [udp({ host: '127.0.0.1', port: 0 })];
const noContent = { headers: [], contentType: undefined, body: undefined };

const runners: Readonly<Record<string, (user: ShardsUser) => Promise<Shards>>> = {
  thread: (user) => startInThread({ transports, clock: systemClock, engine: engineOf(told) }, user),
  worker: (user) => {
    const module = new URL('./seeded-worker.js', import.meta.url);
    return startWorkers(
      { count: 1, transports: descriptionsOf(transports), perShardPorts: false, module, told: () => told },
      user,
    );
  },
};

/** A peer that says what the script has it say, one message after the other. */
class Peer {
  readonly socket: Socket = createSocket('udp4');
  readonly heard: string[] = [];
  #port = 0;

  async open(port: number): Promise<void> {
    this.#port = port;
    this.socket.bind(0, '127.0.0.1');
    await once(this.socket, 'listening');
    this.socket.on('message', (bytes) => this.heard.push(bytes.toString('latin1')));
  }

  get uri(): string {
    return `sip:peer@127.0.0.1:${this.socket.address().port}`;
  }

  say(text: string): void {
    this.socket.send(text.replaceAll('\n', '\r\n'), this.#port, '127.0.0.1');
  }

  /** The next message that it hears with this start. */
  async next(start: string): Promise<string> {
    for (let at = this.heard.length; ; at++) {
      while (at >= this.heard.length) await once(this.socket, 'message');
      const text = this.heard[at] ?? '';
      if (text.startsWith(start)) return text;
    }
  }
}

function header(message: string, name: string): string {
  return new RegExp(`^${name}: (.*)\r$`, 'im').exec(message)?.[1] ?? '';
}

function answer(request: string, status: string, tag: string, uri: string): string {
  const lines = ['Via', 'From', 'Call-ID', 'CSeq'].map((name) => `${name}: ${header(request, name)}`);
  const to = header(request, 'To');
  return [
    `SIP/2.0 ${status}`,
    ...lines,
    `To: ${to.includes(';tag=') ? to : `${to};tag=${tag}`}`,
    `Contact: <${uri}>`,
    'Content-Length: 0',
    '',
    '',
  ].join('\n');
}

/** A call each way, with all that may happen in one: what the shard sent, and what it told. */
async function play(run: (user: ShardsUser) => Promise<Shards>): Promise<string[]> {
  const log: string[] = [];
  const results = new Map<number, (event: Extract<EngineEvent, { kind: 'result' }>) => void>();
  let arrived: (event: EngineEvent) => void = () => undefined;
  const shards = await run({
    heard: (_shard, events, done) => {
      for (const event of events) {
        const { end: _end, ...rest } = event as EngineEvent & { readonly end?: unknown };
        log.push(JSON.stringify(rest));
        if (event.kind === 'result') results.get(event.id)?.(event);
        else arrived(event);
      }
      done();
    },
    lost: (shard) => assert.unreachable(`shard ${shard} was lost`),
    begunAnew: () => undefined,
    warning: () => undefined,
  });
  const [local] = shards.locals;
  assert.ok(local);
  const peer = new Peer();
  await peer.open(local.port);
  let ids = 0;
  const ask = (make: (id: number) => Command): Promise<Extract<EngineEvent, { kind: 'result' }>> => {
    const id = ++ids;
    const result = new Promise<Extract<EngineEvent, { kind: 'result' }>>((resolve) => results.set(id, resolve));
    shards.command(0, make(id));
    return result;
  };
  const nextEvent = (): Promise<EngineEvent> =>
    new Promise((resolve) => {
      arrived = resolve;
    });

  // A call out, an INFO inside it, its end.
  const calling = peer.next('INVITE');
  const called = ask((id) => ({
    name: 'invite',
    id,
    target: peer.uri,
    from: undefined,
    content: noContent,
    takesForks: false,
    answersOffers: true,
    expiresS: 60,
  }));
  const invite = await calling;
  peer.say(answer(invite, '180 Ringing', 'far', peer.uri));
  const acknowledged = peer.next('ACK');
  peer.say(answer(invite, '200 OK', 'far', peer.uri));
  await acknowledged;
  const { value, failure } = await called;
  const dialog = value.dialog?.id;
  if (dialog === undefined) throw new Error(`the call failed: ${JSON.stringify(failure)}`);
  const informing = peer.next('INFO');
  const informed = ask((id) => ({ name: 'request', id, dialog, method: 'INFO', content: noContent, confirm: false }));
  peer.say(answer(await informing, '200 OK', 'far', peer.uri));
  await informed;
  const ending = peer.next('BYE');
  const ended = ask((id) => ({ name: 'bye', id, dialog }));
  peer.say(answer(await ending, '200 OK', 'far', peer.uri));
  await ended;

  // A call in, a request that is refused, its end; and what is no SIP.
  const head = (method: string, sequence: number, toTag: string): string =>
    `${method} sip:us@127.0.0.1:${local.port} SIP/2.0
Via: SIP/2.0/UDP 127.0.0.1:${peer.socket.address().port};rport;branch=z9hG4bK${method}${sequence}
From: <sip:peer@127.0.0.1>;tag=theirs
To: <sip:us@127.0.0.1>${toTag}
Call-ID: incoming-call@127.0.0.1
CSeq: ${sequence} ${method}
Contact: <${peer.uri}>
Max-Forwards: 70
`;
  const coming = nextEvent();
  peer.say(`${head('INVITE', 1, '')}Content-Length: 0\n\n`);
  const incoming = await coming;
  assert.is(incoming.kind, 'incoming-call');
  const call = incoming.kind === 'incoming-call' ? incoming.call : 0;
  const answering = peer.next('SIP/2.0 200');
  const answered = ask((id) => ({
    name: 'answer',
    id,
    call,
    content: { ...noContent, body: Uint8Array.of(118, 61, 48, 13, 10), contentType: 'application/sdp' },
  }));
  const tag = /;tag=[^\r]*/.exec(header(await answering, 'To'))?.[0] ?? '';
  peer.say(`${head('ACK', 1, tag)}Content-Length: 0\n\n`);
  await answered;
  const refusing = peer.next('SIP/2.0 405');
  peer.say(`${head('REFER', 2, tag)}Content-Length: 0\n\n`);
  await refusing;
  const dropping = nextEvent();
  peer.say('this is no SIP\n\n');
  await dropping;
  const over = peer.next('SIP/2.0 200');
  peer.say(`${head('BYE', 3, tag)}Content-Length: 0\n\n`);
  await over;
  await ask((id) => ({ name: 'counts', id }));
  await shards.destroy();
  const [ours, theirs] = [`:${local.port}`, `:${peer.socket.address().port}`];
  peer.socket.close();
  return [...log, ...peer.heard].map((line) =>
    line
      .replaceAll(ours, ':OURS')
      .replaceAll(theirs, ':THEIRS')
      .replace(/rport=\d+/, 'rport=THEIRS'),
  );
}

test('send the same octets and tell the same events, when the same happens to them', async () => {
  const [thread, worker] = [await play(runners['thread'] as never), await play(runners['worker'] as never)];
  assert.ok(thread.length >= 18, `${thread.length} lines`);
  assert.equal(worker, thread);
});

test.run();
