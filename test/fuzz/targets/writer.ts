import { Authorizations } from '../../../core/dialog/authorizations.ts';
import { Keyring } from '../../../core/dialog/keyring.ts';
import { beginDialogRequest, type RequestPath, routeLessPath, routeSetPath } from '../../../core/dialog/request.ts';
import { firstRoute, RouteSetBuilder } from '../../../core/dialog/route-set.ts';
import { emptySlice, type Slice, sliceOf } from '../../../core/dialog/slice.ts';
import { DialogFlag, type DialogIndex, DialogTable } from '../../../core/dialog/table.ts';
import { targetOf } from '../../../core/dialog/target.ts';
import { partyOf } from '../../../core/engine/dialog-maker.ts';
import type { AddressView } from '../../../core/message/address.ts';
import { HeaderId } from '../../../core/message/header.ts';
import { Message } from '../../../core/message/message.ts';
import { writeAgain } from '../../../core/message/repeat.ts';
import { requestUri } from '../../../core/message/request-uri.ts';
import type { Span } from '../../../core/message/span.ts';
import { UriList } from '../../../core/message/uri-list.ts';
import { beginResponse, endMessage, prepared, Writer } from '../../../core/message/write.ts';
import { writeAck } from '../../../core/transaction/ack.ts';
import { writeCancel } from '../../../core/transaction/cancel.ts';
import { octetsText } from '../octets-text.ts';
import { startingMessages } from '../starts.ts';
import { check, same, type Target } from '../target.ts';
import { linesOf, namesOf, readWritten, spanOctets, viaWithoutSource } from '../written.ts';

const source = { host: '192.0.2.77', port: 5077 };
const via = prepared('Via: SIP/2.0/UDP 192.0.2.9:5060;rport;branch=');
const session = 'v=0\r\n';
const ourTag = 'ours';
const tx = { writeBranch: (into: Writer): unknown => into.text('z9hG4bKb') };
const statuses = [100, 180, 200, 302, 401, 487, 500, 603] as const;
const methods = ['INVITE', 'UPDATE', 'INFO', 'BYE', 'PRACK', 'ACK'] as const;

const writer = new Writer();
const table = new DialogTable({ capacity: 4, hashSeed: 1 });
const routeSets = new RouteSetBuilder();
const list = new UriList();
const peer = new Message();
const keyring = new Keyring(
  [{ username: 'us', password: 'secret' }],
  (_, data) => data.length.toString(16).padStart(32, '0'),
  () => 'c',
);

/** What we write of what a peer sent: it is taken, it says what the peer said, and it has no line that is not ours. */
export const target: Target = {
  name: 'writer',
  covers: ['core/message/', 'core/dialog/', 'core/transaction/ack.ts', 'core/transaction/cancel.ts'],
  starts: startingMessages,
  run(input) {
    if (peer.scan(input) !== undefined) return;
    writer.reset(); // of what a finding broke off
    const chance = input.length;
    if (peer.answerable) checkResponse(peer, statuses[chance % statuses.length] ?? 200);
    if (peer.isRequest && peer.method === 'INVITE') checkCancelAndAck(peer, peer);
    const dialog = dialogOf(peer);
    if (dialog === undefined) return;
    const method = methods[chance % methods.length] ?? 'INFO';
    checkRequest(dialog, method, routeLessPath);
    const invite = checkRequest(dialog, 'INVITE', routeSetPath);
    if (invite !== undefined && !peer.isRequest) {
      checkCancelAndAck(invite, peer);
      checkCredentials(dialog, invite, peer);
    }
    refresh(dialog);
    checkRequest(dialog, method, routeSetPath);
    table.free(dialog);
  },
};

/** @see RFC 3261 §8.2.6.2; RFC 3581 §4 */
function checkResponse(request: Message, status: number): void {
  beginResponse(writer, request, status, undefined, { toTag: ourTag, recordRoute: true, source });
  const octets = endMessage(writer, 'application/sdp', encoder.encode(session));
  const names = namesOf(request, HeaderId.Via, HeaderId.From, HeaderId.To, HeaderId.CallId, HeaderId.CSeq);
  if (status === 100) names.push(...namesOf(request, HeaderId.Timestamp));
  names.push(...namesOf(request, HeaderId.RecordRoute), 'Content-Type', 'Content-Length');
  const response = readWritten(octets, names, session);
  if (response === undefined) return;
  check(response.status === status && !response.isRequest, 'a response has our status');
  for (const id of [HeaderId.From, HeaderId.CallId, HeaderId.CSeq, HeaderId.RecordRoute]) {
    same(linesOf(response, id), linesOf(request, id), 'a response copies its lines octet for octet');
  }
  checkVias(response, request);
  const tag = spanOctets(request, request.to.tag);
  same(spanOctets(response, response.to.tag), tag === '' ? ourTag : tag, 'a response has a tag in To');
  same(spanOctets(response, response.to.uri), spanOctets(request, request.to.uri), 'a response repeats the URI of To');
}

function checkVias(response: Message, request: Message): void {
  const ours = response.via;
  const theirs = request.via;
  same(
    viaWithoutSource(response, ours),
    viaWithoutSource(request, theirs),
    'a Via keeps what a server does not change',
  );
  const asked = theirs.rport && theirs.rportPort === 0;
  const isOther = asked || spanOctets(request, theirs.host) !== source.host;
  same(spanOctets(response, ours.received), isOther ? source.host : '', 'received says where a request came from');
  check(ours.rportPort === (asked ? source.port : theirs.rportPort), 'rport says where a request came from');
  const behind = (message: Message): string => linesOf(message, HeaderId.Via).slice(-behindTopmost(message));
  same(behind(response), behind(request), 'the other Vias stay as they are');
}

/** Octets of the Via lines behind the topmost value: at least the end of its line. */
function behindTopmost(message: Message): number {
  const line = message.first(HeaderId.Via);
  const topmost = message.via.value.end - message.lineStart(line);
  return linesOf(message, HeaderId.Via).length - topmost;
}

/** As the engine makes it: of a request as its UAS, of a response as its UAC. */
function dialogOf(message: Message): DialogIndex | undefined {
  const { bytes, isRequest, from, to, callId } = message;
  const routes = isRequest ? routeSets.fromRequest(message) : routeSets.fromResponse(message);
  const remoteTarget = targetOf(message);
  if (routes === undefined || remoteTarget === undefined) return undefined;
  const remote = isRequest ? from : to;
  const local = isRequest ? to : from;
  return table.create({
    target: remoteTarget,
    routes,
    localParty: partyOf(message, local),
    localTag: sliceOf(ourTag),
    remoteParty: partyOf(message, remote),
    remoteTag: { bytes, start: remote.tag.start, end: remote.tag.end },
    callId: { bytes, start: callId.start, end: callId.end },
    contact: sliceOf('<sip:us@192.0.2.9:5060>'),
    session: emptySlice,
  });
}

/** Whatever a record moves for, it says the same. */
function refresh(dialog: DialogIndex): void {
  const { bytes, body } = peer;
  table.update(dialog, undefined, undefined, { bytes, start: body.start, end: body.end });
  table.update(dialog, targetOf(peer), undefined, undefined);
}

/** @see RFC 3261 §12.2.1.1 */
function checkRequest(dialog: DialogIndex, method: string, path: RequestPath): Message | undefined {
  beginDialogRequest(writer, table, dialog, { method, sequence: 7, via, tx, path });
  const octets = endMessage(writer, 'application/sdp', encoder.encode(session));
  const routes = path === routeSetPath ? recordedRoutes() : [];
  const strict = path === routeSetPath && table.has(dialog, DialogFlag.strictRoute);
  const names = ['Via', ...(routes.length > 0 ? ['Route'] : []), 'Max-Forwards', 'From', 'To', 'Call-ID', 'CSeq'];
  const refreshes = method === 'INVITE' || method === 'UPDATE';
  if (refreshes) names.push('Contact', 'Allow');
  if (method !== 'ACK') names.push('Supported');
  const uri = textOf(targetOf(peer) ?? emptySlice);
  names.push(...namesIn(table.authorizations.get(dialog)?.lines({ method, uri, sequence: 7 }) ?? ''));
  const request = readWritten(octets, [...names, 'Content-Type', 'Content-Length'], session);
  if (request === undefined) return undefined;
  check(
    request.isRequest && request.method === method && request.cseq.number === 7,
    'a request has our method and number',
  );
  checkParties(request, dialog);
  const target = textOf(targetOf(peer) ?? emptySlice);
  if (strict) {
    same(spanOctets(request, request.requestUri), firstRouteUri(), 'a strict router comes first');
    routes.shift();
    routes.push(target);
  } else {
    same(spanOctets(request, request.requestUri), target, 'a request goes to the remote target');
  }
  check(
    request.routes(list) === (routes.length > 0 ? 'present' : 'absent'),
    'a request has a Route where its dialog has one',
  );
  same(urisOf(request).join(), routes.join(), 'a request has the route set of its dialog');
  return request;
}

function checkParties(request: Message, dialog: DialogIndex): void {
  const { from, to, callId, bytes } = request;
  const [local, remote] = peer.isRequest ? [peer.to, peer.from] : [peer.from, peer.to];
  const party = (message: Message, { uri, display }: AddressView): string =>
    `${spanOctets(message, display)} ${spanOctets(message, uri)}`;
  same(party(request, from), party(peer, local), 'From is our side');
  same(party(request, to), party(peer, remote), 'To is the other side');
  same(spanOctets(request, from.tag), ourTag, 'From has our tag');
  same(spanOctets(request, to.tag), spanOctets(peer, remote.tag), 'To has the tag of the other side');
  same(spanOctets(request, callId), spanOctets(peer, peer.callId), 'the Call-ID is that of the dialog');
  const tags = [from.tag.start, from.tag.end, to.tag.start, to.tag.end] as const;
  check(table.find(bytes, callId.start, callId.end, ...tags) === dialog, 'a dialog is found by what its requests say');
}

function recordedRoutes(): string[] {
  const presence = peer.recordRoutes(list);
  check(presence !== 'malformed', 'a malformed Record-Route makes no dialog');
  const uris = uriSpans().map((span) => spanOctets(peer, span));
  return peer.isRequest ? uris : uris.reverse();
}

function urisOf(message: Message): string[] {
  return uriSpans().map((span) => spanOctets(message, span));
}

function uriSpans(): Span[] {
  return Array.from({ length: list.count }, (_, i) => ({ start: list.uriStart(i), end: list.uriEnd(i) }));
}

function firstRouteUri(): string {
  const routes = peer.isRequest ? routeSets.fromRequest(peer) : routeSets.fromResponse(peer);
  return routes === undefined ? '' : textOf(requestUri(firstRoute(routes).uri));
}

/** @see RFC 3261 §9.1, §17.1.1.3 */
function checkCancelAndAck(invite: Message, response: Message): void {
  const ids = [HeaderId.From, HeaderId.To, HeaderId.CallId, HeaderId.CSeq] as const;
  const routes = namesOf(invite, HeaderId.Route);
  const parties = ['From', 'To', 'Call-ID', 'CSeq'];
  const cancel = readWritten(
    writeCancel(writer, invite),
    ['Via', ...routes, 'Max-Forwards', ...parties, 'Content-Length'],
    '',
  );
  const credentials = namesOf(invite, HeaderId.Authorization, HeaderId.ProxyAuthorization);
  const ackNames = ['Via', 'Max-Forwards', ...parties, ...routes, ...credentials, 'Content-Length'];
  const ack = readWritten(writeAck(writer, invite, response), ackNames, '');
  for (const message of [cancel, ack]) {
    if (message === undefined) continue;
    check(
      ids.every((id) => message.first(id) >= 0) && message.cseq.number === invite.cseq.number,
      'the sequence number is that of the INVITE',
    );
    for (const part of ['requestUri', 'callId'] as const) {
      same(
        spanOctets(message, message[part]),
        spanOctets(invite, invite[part]),
        'what belongs to an INVITE repeats it',
      );
    }
    same(
      spanOctets(message, message.via.value),
      spanOctets(invite, invite.via.value),
      'what belongs to an INVITE has its Via',
    );
    same(
      spanOctets(message, message.from.value),
      spanOctets(invite, invite.from.value),
      'what belongs to an INVITE has its From',
    );
    same(linesOf(message, HeaderId.Route), linesOf(invite, HeaderId.Route), 'what belongs to an INVITE has its Route');
    const answered = message === ack ? response : invite;
    same(
      spanOctets(message, message.to.value),
      spanOctets(answered, answered.to.value),
      'a CANCEL has the To of its INVITE, an ACK that of the response',
    );
  }
}

/** @see RFC 3261 §22.2, §22.3 */
function checkCredentials(dialog: DialogIndex, invite: Message, response: Message): void {
  const authorizations = new Authorizations(keyring);
  if (!authorizations.learn(response, invite, false)) return;
  table.authorizations.set(dialog, authorizations);
  const uri = invite.text(invite.requestUri);
  const lines = authorizations.lines({ method: 'INVITE', uri, sequence: 8 }, encoder.encode(session));
  const octets = writeAgain(writer, invite, { branch: 'z9hG4bKc', sequence: 8, authorization: lines });
  const names = invite.headers().flatMap(({ name }) => (name === 'CSeq' ? [name, ...namesIn(lines)] : [name]));
  const again = readWritten(octets, names, session);
  check(again === undefined || again.cseq.number === 8, 'a request with credentials has a number of its own');
}

/** Of lines that each begin with the name of a field for credentials. */
function namesIn(lines: string): string[] {
  return lines
    .split('\r\n')
    .slice(0, -1)
    .map((line) => {
      const name = line.slice(0, line.indexOf(':'));
      check(name === 'Authorization' || name === 'Proxy-Authorization', 'a challenge brings no line but credentials');
      return name;
    });
}

const encoder = new TextEncoder();

function textOf({ bytes, start, end }: Slice): string {
  return octetsText(bytes.subarray(start, end));
}
