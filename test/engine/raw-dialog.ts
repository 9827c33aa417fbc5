import { type RawPeer, type Sip, withBody } from './raw-peer.ts';
import { host } from './world.ts';

export interface RawRequest {
  readonly headers?: readonly string[];
  readonly body?: string;
  /** The next one unless told otherwise. */
  readonly cseq?: number;
  readonly branch?: string;
  /** In place of the tag that the dialog has. */
  readonly toTag?: string;
  /** Values of Via, in place of one that asks for symmetric responses. */
  readonly via?: string;
  /** URI of the Contact, in place of the peer's own. */
  readonly contact?: string;
  /** In place of the stack's own address. */
  readonly requestUri?: string;
  /** By whom it is sent, when not by the dialog's own peer: another hop, or a stranger. */
  readonly by?: RawPeer;
}

/** A dialog as a raw peer has it: identity, sequence and the port that the stack is reached at. */
export class RawDialog {
  readonly peer: RawPeer;
  readonly port: number;
  readonly callId: string;
  /** Our From value and the stack's To value, tags included. */
  readonly local: string;
  remote: string;
  cseq: number;

  constructor(peer: RawPeer, port: number, parts: { callId: string; local: string; remote: string; cseq: number }) {
    this.peer = peer;
    this.port = port;
    this.callId = parts.callId;
    this.local = parts.local;
    this.remote = parts.remote;
    this.cseq = parts.cseq;
  }

  /** The one that the peer's response with that tag to this INVITE has made. */
  static ofInvite(peer: RawPeer, invite: Sip, tag = 'raw'): RawDialog {
    return new RawDialog(peer, invite.port, {
      callId: invite.header('Call-ID'),
      local: `${invite.header('To')};tag=${tag}`,
      remote: invite.header('From'),
      cseq: 0,
    });
  }

  /** The beginning of one: `request('INVITE')` then calls the stack. */
  static toward(peer: RawPeer, port: number, callId: string): RawDialog {
    const local = `<${peer.uri}>;tag=raw-${callId}`;
    return new RawDialog(peer, port, { callId, local, remote: `<sip:${host}:${port}>`, cseq: 0 });
  }

  /** Sends a request inside the dialog. */
  request(method: string, request: RawRequest = {}): void {
    const { headers = [], body = '', cseq = ++this.cseq, by = this.peer } = request;
    const branch = request.branch ?? by.branch();
    const to = request.toTag === undefined ? this.remote : `${this.remote.split(';tag=', 1)[0]};tag=${request.toTag}`;
    const refresh = method === 'INVITE' || method === 'UPDATE';
    const lines = [
      `${method} ${request.requestUri ?? `sip:${host}:${this.port}`} SIP/2.0`,
      `Via: ${request.via ?? by.via(branch)}`,
      'Max-Forwards: 70',
      `From: ${this.local}`,
      `To: ${to}`,
      `Call-ID: ${this.callId}`,
      `CSeq: ${cseq} ${method}`,
      ...(refresh ? [`Contact: <${request.contact ?? this.peer.uri}>`] : []),
      ...headers,
    ];
    by.send(this.port, withBody(lines, body));
  }

  /** Takes the tag of the stack's 2xx and acknowledges it. */
  acknowledge(response: Sip): void {
    this.remote = response.header('To');
    this.request('ACK', { cseq: response.cseq });
  }
}
