import { type Dialog, type IncomingCall, type IncomingRequest, SipError, UsageError } from '../../core/index.ts';
import type { Bed } from './bed.ts';
import { RawDialog } from './raw-dialog.ts';
import { RawPeer, type Sip } from './raw-peer.ts';
import { farAnswer, host, nearOffer, seeded, uriOf } from './world.ts';

const ports = [5070, 5080];
const statuses = [
  100, 180, 200, 200, 200, 200, 302, 404, 405, 408, 410, 422, 430, 480, 481, 481, 488, 491, 500, 501, 503, 603,
];
const actions = [
  '',
  'Dialog-Route-Set-Update',
  'Wait-For-Session-Update',
  'Registration-Route-Set-Update, Dialog-Route-Set-Update',
];
const offers = [nearOffer, 'v=0\r\ns=2\r\n', 'v=0\r\ns=3\r\n'];

/** A stack, two wild hops and a program that does everything it may; all of it decided by one seed. */
export class Chaos {
  readonly #ground: Bed;
  readonly #peers: RawPeer[];
  readonly #dice: () => number;
  readonly #dialogs: Dialog[] = [];
  readonly #raw: RawDialog[] = [];
  readonly #asked: (IncomingRequest | IncomingCall)[] = [];
  readonly #routeSets = [
    '<sip:10.0.0.1:5070;lr>',
    '<sip:10.0.0.1:5080;lr>',
    '<sip:proxy.example;lr>',
    '<sip:10.0.0.1:5090;lr>',
    '<sip:10.0.0.1:5080>',
    'junk',
  ];
  /** Ends the calls that ring for ever: SIP itself has no timer for them. */
  readonly #enough = new AbortController();
  readonly #handsOver: boolean;
  readonly #heals: boolean;
  pending = 0;
  /** Dialogs that were released and adopted again. */
  handedOver = 0;
  #calls = 0;

  /** `handsOver`: dialogs are released and adopted again, too; `heals`: recovery is on, and the program takes part in it. */
  constructor(
    ground: Bed,
    dice: () => number,
    asked: (IncomingRequest | IncomingCall)[],
    { handsOver = false, heals = false } = {},
  ) {
    this.#handsOver = handsOver;
    this.#heals = heals;
    this.#ground = ground;
    this.#dice = dice;
    this.#asked = asked;
    this.#peers = [ground.hop, ground.other];
    for (const peer of this.#peers) this.#makeWild(peer);
  }

  async run(rounds: number): Promise<void> {
    const { near, take, protocol } = this.#ground;
    const wild = this.#peers.map((peer) => peer.script);
    for (const peer of this.#peers) peer.script = (request) => this.#accept(peer, request);
    for (let i = 0; i < 6; i++) {
      const target = uriOf(this.#pick(ports), protocol).replace('sip:', 'sip:bob@');
      this.#dialogs.push(await take(near.invite(target, { body: this.#chance(0.8) ? nearOffer : '' })));
    }
    for (const [index, peer] of this.#peers.entries()) peer.script = wild[index] ?? peer.script;
    this.#ground.network.change({ loss: this.#pick([0, 0.05, 0.2]), duplication: 0.05, reordering: 0.1, jitterMs: 20 });
    for (let round = 0; round < rounds; round++) {
      this.#act();
      await this.#ground.clock.run(this.#pick([0, 0, 1, 1, 5, 50, 400, 2000, 9000]));
    }
  }

  /** Everybody behaves from now on, and everything is ended. */
  async calmDown(): Promise<void> {
    const { near, clock, protocol } = this.#ground;
    for (const [index, port] of ports.entries()) {
      await this.#revive(index);
      this.#ground.network.heal({ host, port: 5060 }, { host, port });
    }
    for (const peer of this.#peers) {
      peer.answersProbes = true;
      peer.script = () => false;
      peer.recordRoute = [`<${peer.uri};lr>`];
    }
    near.setHops(ports.map((port) => uriOf(port, protocol)));
    await clock.run(70_000);
    this.#enough.abort();
    for (const asked of this.#asked.splice(0)) this.#decide(asked);
    await clock.run(70_000);
    for (const dialog of this.#dialogs) this.#watch(dialog.bye());
    await clock.run(140_000);
  }

  #act(): void {
    const { near, network, clock, protocol } = this.#ground;
    const giveUp = new AbortController();
    const signal = AbortSignal.any([giveUp.signal, this.#enough.signal]);
    if (this.#chance(0.2)) clock.wake(clock.nowMs() + this.#pick([0, 3, 700, 6000]), () => giveUp.abort());
    const dialog = this.#pick(this.#dialogs);
    const raw = this.#pick(this.#raw);
    const peer = this.#pick(this.#peers);
    const body = this.#pick(offers);
    const address = { host, port: peer.port };
    const wild: (() => void)[] = [
      () =>
        this.#watch(
          near
            .invite(peer.uri.replace('sip:', 'sip:bob@'), { body, signal })
            .then((each) => void this.#dialogs.push(each)),
        ),
      () =>
        this.#watch(
          near
            .invite(peer.uri.replace('sip:', 'sip:bob@'), { body, signal: this.#enough.signal })
            .then((each) => void this.#dialogs.push(each)),
        ),
      () => this.#watch(dialog?.request('INFO', { signal })),
      () => this.#watch(dialog?.request('INFO')),
      () => this.#watch(dialog?.request('INFO')),
      () => this.#watch(dialog?.request('INFO')),
      () => this.#watch(dialog?.request('MESSAGE')),
      () => this.#watch(dialog?.request('UPDATE', this.#chance(0.5) ? { signal } : { body, signal })),
      () => this.#watch(dialog?.request('INVITE', { body, signal })),
      () => this.#chance(0.2) && this.#watch(dialog?.bye()),
      () =>
        raw?.request(this.#pick(['INFO', 'OPTIONS', 'UPDATE', 'FOO']), { headers: this.#refreshHeaders(), by: peer }),
      () =>
        raw?.request(this.#pick(['INVITE', 'UPDATE']), {
          headers: this.#refreshHeaders(),
          body: this.#pick([...offers, farAnswer]),
          by: peer,
        }),
      () => this.#chance(0.1) && raw?.request('BYE'),
      () => this.#callIn(peer),
      () => this.#decide(this.#asked.splice(Math.floor(this.#dice() * this.#asked.length), 1)[0]),
      () => this.#chance(0.3) && network.kill(address),
      () => void this.#revive(ports.indexOf(peer.port)),
      () => {
        network.partition({ host, port: 5060 }, address);
        clock.wake(clock.nowMs() + this.#pick([200, 1000, 3000, 20_000]), () =>
          network.heal({ host, port: 5060 }, address),
        );
      },
      () => {
        peer.answersProbes = this.#chance(0.7);
      },
      ...(protocol === 'udp' ? [] : [() => network.reset({ host, port: 5060 }, address)]),
      () => near.setHops(ports.filter(() => this.#chance(0.8)).map((port) => uriOf(port, protocol))),
    ];
    if (this.#handsOver && this.#chance(0.2) && dialog !== undefined) this.#watch(this.#handOver(dialog));
    else if (this.#heals && this.#chance(0.2)) this.#recover(dialog, signal);
    else this.#pick(wild)();
  }

  /** What a program may do about broken routes; and a peer that has found no way but to replace a dialog. */
  #recover(dialog: Dialog | undefined, signal: AbortSignal): void {
    const { near } = this.#ground;
    const old = this.#pick(this.#raw);
    const ways: (() => void)[] = [
      () => this.#watch(dialog?.heal({ signal })),
      () => this.#watch(dialog?.heal()),
      () => near.heal(),
      () => this.#watch(dialog?.request('INFO', { confirmWithRemote: true })),
      () => dialog?.reportMedia(this.#pick(['alive', 'dead'])),
      () => dialog?.relate(this.#pick(['a', 'b'])),
      () => old && this.#replace(old),
    ];
    this.#pick(ways)();
  }

  #replace({ peer, callId, local, remote }: RawDialog): void {
    const fresh = RawDialog.toward(peer, 5060, `re-${this.#calls++}`);
    const tagIn = (value: string): string => value.split(';tag=')[1] ?? '';
    const replaces = `${callId};to-tag=${tagIn(remote)};from-tag=${tagIn(local)}`;
    fresh.request('INVITE', {
      headers: [...this.#refreshHeaders(), 'Require: replaces', `Replaces: ${replaces}`],
      body: this.#pick(['', farAnswer]),
    });
    this.#raw.push(fresh);
  }

  async #handOver(dialog: Dialog): Promise<void> {
    const { near } = this.#ground;
    const record = await dialog.export({ release: true });
    this.#dialogs.splice(this.#dialogs.indexOf(dialog), 1);
    const adopted = near.adopt(JSON.parse(JSON.stringify(record)));
    adopted.catch((error) => {
      if (error instanceof UsageError) this.#ground.log.push(`threw ${error.message}`);
    });
    this.#dialogs.push(await adopted);
    this.handedOver++;
  }

  #makeWild(peer: RawPeer): void {
    peer.script = (request) => {
      peer.recordRoute = this.#chance(0.3) ? [this.#pick(this.#routeSets)] : [`<${peer.uri};lr>`];
      peer.capabilities = [
        `Allow: INVITE, ACK, BYE, ${this.#pick(['UPDATE', 'INFO'])}`,
        `Supported: ms-dialog-route-set-update${this.#pick([', replaces', ''])}`,
      ];
      if (this.#chance(0.4)) return this.#accept(peer, request);
      if (this.#chance(0.2)) return true;
      const status = this.#pick(statuses);
      const action = this.#pick(actions);
      const retry = this.#chance(0.2) ? ['Retry-After: 7'] : [];
      if (status === 200) return this.#accept(peer, request);
      const isReliable = status === 180 && this.#chance(0.5);
      const reliable = isReliable ? ['Require: 100rel', 'RSeq: 7', `Contact: <${peer.uri}>`] : [];
      peer.reply(request, status, {
        toTag: tagOf(peer),
        headers: [...reliable, ...(action === '' ? [] : [`P-Dialog-Recovery-Action: ${action}`]), ...retry],
      });
      if (status < 200)
        this.#ground.clock.wake(this.#ground.clock.nowMs() + this.#pick([1, 300, 5000, 40_000]), () =>
          this.#accept(peer, request),
        );
      return true;
    };
  }

  #accept(peer: RawPeer, request: Sip): boolean {
    if (request.method === 'CANCEL') {
      peer.reply(request, 200);
      if (this.#chance(0.7))
        peer.reply(
          { ...request, header: (name) => (name === 'CSeq' ? `${request.cseq} INVITE` : request.header(name)) },
          487,
        );
      return true;
    }
    const timer = this.#chance(0.3)
      ? ['Require: timer', `Session-Expires: ${this.#pick([90, 120])};refresher=${this.#pick(['uac', 'uas'])}`]
      : [];
    const isCall = request.method === 'INVITE' && !/;tag=/.test(request.header('To'));
    peer.accept(request, { headers: timer, toTag: tagOf(peer) });
    if (isCall) this.#raw.push(RawDialog.ofInvite(peer, request, tagOf(peer)));
    return true;
  }

  #callIn(peer: RawPeer): void {
    const raw = RawDialog.toward(peer, 5060, `in-${this.#calls++}`);
    const branch = peer.branch();
    raw.request('INVITE', { headers: this.#refreshHeaders(), body: farAnswer, branch });
    if (this.#chance(0.3)) raw.request('CANCEL', { branch, cseq: raw.cseq });
  }

  /** What a program does about a call or a request that it was told of. */
  #decide(asked: IncomingRequest | IncomingCall | undefined): void {
    if (asked === undefined) return;
    if ('respond' in asked)
      asked.respond(
        this.#pick([200, 200, 202, 403, 488, 500]),
        this.#chance(0.5) ? { body: nearOffer, contentType: 'application/sdp' } : {},
      );
    else if (this.#chance(0.3)) {
      const body = this.#chance(0.3) ? { body: nearOffer } : {};
      asked.ring(this.#pick([180, 183]), { reliable: this.#chance(0.5), ...body });
      this.#asked.push(asked);
    } else if (this.#chance(0.2)) asked.refuse(486);
    else this.#watch(asked.answer({ body: nearOffer }).then((dialog) => void this.#dialogs.push(dialog)));
  }

  #refreshHeaders(): string[] {
    const headers = [
      `Supported: ${this.#pick(['timer', 'ms-dialog-route-set-update', 'timer, ms-dialog-route-set-update'])}`,
    ];
    if (this.#chance(0.5)) headers.push(`Record-Route: ${this.#pick(this.#routeSets)}`);
    if (this.#chance(0.3)) headers.push(`Session-Expires: ${this.#pick([60, 90, 300])}`);
    if (this.#chance(0.5)) headers.push('Allow: INVITE, UPDATE');
    return headers;
  }

  async #revive(index: number): Promise<void> {
    const port = ports[index] ?? 0;
    const [peer] = [await RawPeer.open(this.#ground, String(port), port).catch(() => undefined)];
    if (peer === undefined) return;
    this.#peers[index] = peer;
    this.#makeWild(peer);
  }

  #watch(promise: Promise<unknown> | undefined): void {
    if (promise === undefined) return;
    this.pending++;
    const settled = (error?: unknown): void => {
      this.pending--;
      if (error !== undefined && !(error instanceof SipError)) this.#ground.log.push(`threw ${error}`);
    };
    promise.then(() => settled(), settled);
  }

  #chance(of: number): boolean {
    return this.#dice() < of;
  }

  #pick<T>(items: readonly T[]): T {
    return items[Math.floor(this.#dice() * items.length)] as T;
  }
}

/** A call may be tried at both: no two dialogs of it have one tag. */
function tagOf(peer: RawPeer): string {
  return `at-${peer.port}`;
}

/** Numbers in [0, 1) that a seed decides. */
export function diceOf(seed: number): () => number {
  const random = seeded(seed);
  const octets = new Uint8Array(4);
  return () => {
    random(octets);
    return new DataView(octets.buffer).getUint32(0) / 2 ** 32;
  };
}
