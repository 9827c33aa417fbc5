import { AddressView, parseAddress } from './address.ts';
import { CSeqView, parseCSeq } from './cseq.ts';
import { HeaderId } from './header.ts';
import type { HeaderIndex } from './header-index.ts';
import { isKnownMethod } from './method.ts';
import type { Presence } from './presence.ts';
import { type Refusal, refusals } from './refusal.ts';
import type { StartLine } from './start-line.ts';
import { parseWord, TokenView } from './token.ts';
import { parseVia, ViaView } from './via.ts';

/** The header fields that every message must have, Max-Forwards left out. Reused: valid until read again. @see RFC 3261 §8.1.1 */
export class RequiredFields {
  /** The topmost value. */
  readonly via: ViaView = new ViaView();
  readonly from: AddressView = new AddressView();
  readonly to: AddressView = new AddressView();
  readonly callId: TokenView = new TokenView();
  readonly cseq: CSeqView = new CSeqView();

  /** Reads them all, whatever is wrong with some. */
  read(bytes: Uint8Array, index: HeaderIndex): void {
    readVia(bytes, index, this.via);
    readAddress(bytes, index, HeaderId.From, this.from);
    readAddress(bytes, index, HeaderId.To, this.to);
    const { callId, cseq } = this;
    const callIdLine = index.only(HeaderId.CallId, callId);
    if (callIdLine >= 0) parseWord(bytes, index.valueStart(callIdLine), index.valueEnd(callIdLine), callId);
    const cseqLine = index.only(HeaderId.CSeq, cseq);
    if (cseqLine >= 0) parseCSeq(bytes, index.valueStart(cseqLine), index.valueEnd(cseqLine), cseq);
  }

  /** What is wrong with them, beside the start line. */
  fault(index: HeaderIndex, { isRequest, method }: StartLine): Refusal | undefined {
    const { via, from, to, callId, cseq } = this;
    const isWhole =
      via.presence === 'present' &&
      from.presence === 'present' &&
      to.presence === 'present' &&
      callId.presence === 'present' &&
      cseq.presence === 'present' &&
      (!isRequest || cseq.method === method);
    return isWhole ? undefined : this.#firstFault(index, method);
  }

  #firstFault(index: HeaderIndex, method: string): Refusal {
    const { via, from, to, callId, cseq } = this;
    if (via.presence !== 'present') return refusals[via.presence === 'absent' ? 'via-missing' : 'via-malformed'];
    return (
      faultOf(index, HeaderId.From, from.presence, 'from') ??
      faultOf(index, HeaderId.To, to.presence, 'to') ??
      faultOf(index, HeaderId.CallId, callId.presence, 'call-id') ??
      faultOf(index, HeaderId.CSeq, cseq.presence, 'cseq') ??
      refusals[isKnownMethod(method) ? 'cseq-method' : 'method']
    );
  }
}

function readVia(bytes: Uint8Array, index: HeaderIndex, view: ViaView): void {
  const line = index.first(HeaderId.Via);
  if (line < 0) view.clear('absent');
  else if (parseVia(bytes, index.valueStart(line), index.valueEnd(line), view) < 0) view.clear('malformed');
  else view.presence = 'present';
}

function readAddress(bytes: Uint8Array, index: HeaderIndex, id: HeaderId, view: AddressView): void {
  const line = index.only(id, view);
  if (line < 0) return;
  const end = index.valueEnd(line);
  // A comma is the beginning of a second value, which these fields do not have.
  if (parseAddress(bytes, index.valueStart(line), end, view) === end) view.presence = 'present';
  else view.clear('malformed');
}

function faultOf(
  index: HeaderIndex,
  id: HeaderId,
  presence: Presence,
  name: 'from' | 'to' | 'call-id' | 'cseq',
): Refusal | undefined {
  if (presence === 'present') return undefined;
  if (presence === 'absent') return refusals[`${name}-missing` as const];
  const repeated = index.next(index.first(id)) >= 0;
  return refusals[`${name}-${repeated ? 'repeated' : 'malformed'}` as const];
}
