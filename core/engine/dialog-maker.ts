import type { Address } from '../contract.ts';
import { resilienceTag } from '../dialog/abilities.ts';
import { RouteSetBuilder } from '../dialog/route-set.ts';
import { emptySlice, type Slice } from '../dialog/slice.ts';
import { DialogFlag, type DialogIndex, DialogState } from '../dialog/table.ts';
import { targetOf } from '../dialog/target.ts';
import type { AddressView } from '../message/address.ts';
import { HeaderId } from '../message/header.ts';
import type { Message } from '../message/message.ts';
import type { Hop } from '../recovery/hop.ts';
import { nextHop } from '../recovery/next-hop.ts';
import type { Parts } from './parts.ts';

/** What our own side brings to a dialog. */
export interface OwnSide {
  readonly target: Slice;
  readonly localParty: Slice;
  readonly localTag: Slice;
  readonly callId: Slice;
  readonly contact: Slice;
  readonly session: Slice;
  /** The INVITE had a SIPS URI for its Request-URI. @see RFC 3261 §12.1.1 */
  readonly secure: boolean;
  readonly emergency: boolean;
  /** The hop that the call came or went by. */
  readonly hop: Hop | undefined;
  /** Where the call came from: asked when nothing else says where requests go. */
  readonly source?: Address | undefined;
}

/** Makes dialogs out of what establishes them. @see RFC 3261 §12.1 */
export class DialogMaker {
  readonly #parts: Parts;
  readonly #routes = new RouteSetBuilder();
  readonly #endAtOnce: (dialog: DialogIndex) => void;

  constructor(parts: Parts, endAtOnce: (dialog: DialogIndex) => void) {
    this.#parts = parts;
    this.#endAtOnce = endAtOnce;
  }

  /** As UAC, of a 2xx; undefined when there is no room, or the route set is none. @see RFC 3261 §12.1.2 */
  fromResponse(response: Message, own: OwnSide): DialogIndex | undefined {
    return this.#make(response, response.to, this.#routes.fromResponse(response), own);
  }

  /** As UAS, of an INVITE; undefined when there is no room, or the route set is none. @see RFC 3261 §12.1.1 */
  fromRequest(request: Message, own: OwnSide): DialogIndex | undefined {
    return this.#make(request, request.from, this.#routes.fromRequest(request), own);
  }

  /** Whether the Record-Route of a message can be a route set. */
  canRoute(message: Message): boolean {
    return this.#routes.fromRequest(message) !== undefined;
  }

  /** Of a 2xx whose route set is none: good for its ACK and BYE, which go back to where it came from. */
  withoutRoutes(response: Message, own: OwnSide): DialogIndex | undefined {
    return this.#make(response, response.to, emptySlice, own);
  }

  /**
   * The 2xx of an early dialog of ours confirms it, and its route set and target are the 2xx's; false, with the dialog confirmed
   * all the same, when they are none. @see RFC 3261 §13.2.2.4
   */
  confirm(dialog: DialogIndex, response: Message, hop: Hop | undefined): boolean {
    const { table, hops } = this.#parts;
    const routes = this.#routes.fromResponse(response);
    table.state[dialog] = DialogState.confirmed;
    const isSound = table.update(dialog, targetOf(response), routes ?? emptySlice, undefined);
    this.notePeer(dialog, response);
    table.set(dialog, DialogFlag.direct, (routes === undefined || routes.end === routes.start) && hop?.listed !== true);
    const next = nextHop(table, hops, dialog, hop?.listed ? hop : undefined) ?? hop;
    if (next !== undefined) hops.attach(dialog, next);
    return isSound && routes !== undefined;
  }

  /** Ends a dialog by BYE that nobody wants any more. */
  endAtOnce(dialog: DialogIndex): void {
    this.#endAtOnce(dialog);
  }

  #make(message: Message, remote: AddressView, routes: Slice | undefined, own: OwnSide): DialogIndex | undefined {
    if (routes === undefined) return undefined;
    const { table, hops, healer } = this.#parts;
    const { bytes } = message;
    const dialog = table.create({
      target: own.target,
      routes,
      localParty: own.localParty,
      localTag: own.localTag,
      remoteParty: partyOf(message, remote),
      remoteTag: { bytes, start: remote.tag.start, end: remote.tag.end },
      callId: own.callId,
      contact: own.contact,
      session: own.session,
    });
    if (dialog === undefined) return undefined;
    if (own.secure) table.set(dialog, DialogFlag.secure, true);
    if (own.emergency) table.set(dialog, DialogFlag.emergency, true);
    healer.begin(dialog);
    this.notePeer(dialog, message);
    const hop = nextHop(table, hops, dialog, own.hop?.listed ? own.hop : undefined) ?? own.hop ?? this.#source(own);
    table.set(dialog, DialogFlag.direct, routes.end === routes.start && own.hop?.listed !== true);
    if (hop !== undefined) hops.attach(dialog, hop);
    return dialog;
  }

  #source({ source }: OwnSide): Hop | undefined {
    return source && this.#parts.hops.forSource(source);
  }

  /** What the peer says that it can do. */
  notePeer(dialog: DialogIndex, message: Message): void {
    const { table } = this.#parts;
    if (message.first(HeaderId.Allow) !== -1) {
      table.set(dialog, DialogFlag.allowsUpdate, message.hasToken(HeaderId.Allow, 'UPDATE'));
    }
    if (message.first(HeaderId.Supported) !== -1) {
      table.set(dialog, DialogFlag.resilient, message.hasToken(HeaderId.Supported, resilienceTag));
      // Said where a dialog begins, not in each refresh.
      if (message.hasToken(HeaderId.Supported, 'replaces')) table.set(dialog, DialogFlag.replaces, true);
    }
  }
}

/** A From or To value without its parameters. */
export function partyOf(message: Message, address: AddressView): Slice {
  const end = address.params.end > address.params.start ? address.params.start : address.value.end;
  return { bytes: message.bytes, start: address.value.start, end };
}
