import type { Clock, Datagram, Endpoint, MemoryNetwork } from '../../transport/index.ts';
import { placeAt } from './addresses.ts';
import { Dice } from './dice.ts';
import type { LivingDialog } from './happening.ts';
import type { Message } from './models/message.ts';
import { type ForgedDialog, Stranger } from './models/stranger.ts';
import type { Fault, Forgery, Place, Protocol } from './plan.ts';
import { read } from './reading.ts';

type Forging = Extract<Fault, { readonly kind: 'forgery' }>;

/** Who may be lied to. */
export interface Victim {
  readonly address: Endpoint;
  readonly protocol: Protocol;
  readonly dialogs: readonly LivingDialog[];
}

const protocols = ['udp', 'tcp'] as const;

/** These are about a request that is under way: whoever forges them waits for one. */
const aboutPending: ReadonlySet<Forgery> = new Set(['response', '430']);
/** These come with all that RFC 3261 asks of a message of the dialog. */
const proving: ReadonlySet<Forgery> = new Set(['refresh', 'reinvite', 'response']);
/** These need no dialog. */
const aboutNothing: ReadonlySet<Forgery> = new Set(['scan', 'garbage']);

/** Strangers, one for each address and protocol, who overhear all that others say. */
export class Strangers {
  readonly #clock: Clock;
  readonly #hops: readonly Endpoint[];
  readonly #guards: readonly Endpoint[];
  readonly #victim: (place: Place) => Victim;
  readonly #spoil: (callId: string) => void;
  readonly #strangers: readonly Stranger[];
  /** The highest CSeq that has come to each side of each dialog, by its own tag and the other's. */
  readonly #used: Record<Place, Map<string, number>> = { near: new Map(), far: new Map() };
  /** Lies that wait for a request to answer. */
  #waiting: Forging[] = [];

  constructor(options: {
    readonly network: MemoryNetwork;
    readonly clock: Clock;
    readonly addresses: readonly Endpoint[];
    readonly seed: number;
    readonly hops: readonly Endpoint[];
    /** Those that let no stranger into a dialog. A plain proxy lets everybody in, and who lists one trusts it. */
    readonly guards: readonly Endpoint[];
    readonly victim: (place: Place) => Victim;
    /** Hears of each dialog that is forged into by what RFC 3261 takes for proof. */
    readonly spoil: (callId: string) => void;
  }) {
    const { network, clock, addresses, seed, hops, victim } = options;
    this.#clock = clock;
    this.#hops = hops;
    this.#guards = options.guards;
    this.#victim = victim;
    this.#spoil = options.spoil;
    this.#strangers = addresses.flatMap((address) =>
      protocols.map((protocol) => new Stranger({ transport: network[protocol](address), clock, seed })),
    );
  }

  async start(): Promise<void> {
    for (const stranger of this.#strangers) await stranger.start();
  }

  async stop(): Promise<void> {
    this.#waiting = [];
    for (const stranger of this.#strangers) await stranger.stop();
  }

  /** What goes by on the network, probes left out. */
  overhear({ bytes, from, to, fate }: Datagram): void {
    const message = read(bytes);
    if (message === undefined || fate !== 'delivered') return;
    // Whoever takes it for a call has one that nobody acknowledges.
    if (message.isRequest && message.method === 'INVITE' && message.toTag === '' && placeAt(from) === undefined)
      this.#spoil(message.callId);
    const place = placeAt(to);
    if (
      message.isRequest &&
      message.toTag !== '' &&
      message.method !== 'ACK' &&
      (place === 'near' || place === 'far')
    ) {
      const key = `${message.callId} ${message.toTag} ${message.fromTag}`;
      const used = this.#used[place];
      used.set(key, Math.max(message.cseq, used.get(key) ?? 0));
    }
    for (const stranger of this.#strangers) stranger.overhears(bytes, message);
    if (this.#waiting.length > 0 && message.isRequest && message.toTag !== '') this.#answer(message, from);
  }

  /** A process died: the next one knows no CSeq but those that were written down. */
  died(place: Place): void {
    this.#used[place].clear();
  }

  forge(fault: Forging): void {
    if (aboutPending.has(fault.what)) this.#waiting.push(fault);
    else this.#forge(fault);
  }

  /** Lies about the request that has just gone by, before its own answer can have come. */
  #answer(request: Message, from: Endpoint): void {
    if (request.method === 'ACK') return;
    const due = this.#waiting.filter(({ place }) => {
      const { address } = this.#victim(place);
      return address.host === from.host && address.port === from.port;
    });
    if (due.length === 0) return;
    this.#waiting = this.#waiting.filter((fault) => !due.includes(fault));
    for (const fault of due)
      this.#clock.defer(() => this.#lie(fault, { callId: request.callId, ownTag: request.fromTag }));
  }

  #forge(fault: Forging): void {
    const { dialogs } = this.#victim(fault.place);
    const dialog = dialogs[Math.floor(fault.pick * dialogs.length)];
    if (dialog === undefined && !aboutNothing.has(fault.what)) return;
    const { callId = '', localTag: ownTag = '' } = dialog ?? {};
    const used = this.#used[fault.place];
    this.#lie(fault, { callId, ownTag, usedCseq: (otherTag) => used.get(`${callId} ${ownTag} ${otherTag}`) });
  }

  #lie({ place, what, pick }: Forging, about: ForgedDialog): void {
    const dice = new Dice(Math.floor(pick * 2 ** 31));
    const { address, protocol } = this.#victim(place);
    const hops = aboutNothing.has(what) ? this.#hops : this.#guards;
    const hop = dice.pick(hops);
    const isToHop = !aboutPending.has(what) && dice.chance(0.3) && hops.length > 0;
    const able = this.#strangers.filter((stranger) => isToHop || stranger.protocol === protocol);
    const isSent = dice.pick(able).forge(what, isToHop ? hop : address, about, dice.below(2 ** 31));
    if (isSent && proving.has(what)) this.#spoil(about.callId);
  }
}
