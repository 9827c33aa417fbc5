/**
 * A dialog as plain data: what another stack needs to go on with it. JSON can carry it; `dialogSchema` says what is in it.
 *
 * The words are those of RFC 3261 §12, seen from the side that holds the dialog: `local` is its own.
 */
export interface DialogRecord {
  readonly version: 1;
  readonly callId: string;
  readonly localTag: string;
  /** '' for a peer of RFC 2543, which has none. */
  readonly remoteTag: string;
  /** Who began the call: `uac` is the side that sent its INVITE, and owns the Call-ID. @see RFC 3261 §14.1 */
  readonly role: 'uac' | 'uas';
  /** A URI, or a name-addr such as `"Alice" <sip:alice@example.com>`; without a tag. */
  readonly localUri: string;
  readonly remoteUri: string;
  /** Of the last request of ours; 0 when there was none. */
  readonly localSequenceNumber: number;
  /** Numbers up to here may have been used since the record was made: we start above. Left out: there are none. */
  readonly reservedSequenceNumber?: number;
  /** Of the peer's last request. Left out: there was none. */
  readonly remoteSequenceNumber?: number;
  /** A SIP or SIPS URI: the Request-URI of what we send. */
  readonly remoteTarget: string;
  /** URIs, the nearest first. Left out: none. */
  readonly routeSet?: readonly string[];
  /** The secure flag: all is SIPS then. Left out: whether the remote target is a SIPS URI. @see RFC 3261 §12.1.1 */
  readonly secure?: boolean;
  /** The call is an emergency one, and healed before others. Left out: false. @see RFC 5031 */
  readonly emergency?: boolean;
  /** Our Contact, a URI or a name-addr. Left out: the address of the stack that holds the dialog. */
  readonly localContact?: string;
  /**
   * Where the stack that made the record is reached, a SIP URI with a numeric host: what the peer knows as our Contact where `localContact` is
   * left out. A stack whose shards have ports of their own takes a dialog to the shard whose port it is. Left out: unknown.
   */
  readonly localAddress?: string;
  /** Our last session description, which heals repeat unchanged. Left out: unknown, and no heal carries one. */
  readonly localSession?: string;
  /** How its octets are written as text. Left out: `utf-8`; `iso-8859-1` has one character for each octet. */
  readonly localSessionCharset?: 'utf-8' | 'iso-8859-1';
  /** The peer's last session description, to see that an answer is another; in UTF-8. Left out: unknown. */
  readonly remoteSession?: string;
  /** What we keep of it, in its place: FNV-1a, 32 bits, over its octets; never 0. */
  readonly remoteSessionHash?: number;
  /** Left out: the session has no timer. @see RFC 4028 */
  readonly sessionTimer?: {
    /** Session-Expires, in seconds. */
    readonly intervalS: number;
    readonly refresher: 'local' | 'remote';
    /** Seconds until the session expires. Left out: the whole interval. */
    readonly remainingS?: number;
  };
  /** The largest Min-SE that was heard of in the dialog, in seconds. Left out: none was. @see RFC 4028 §7.4 */
  readonly minSessionIntervalS?: number;
  /** What the peer can do. */
  readonly peer?: {
    /** Its Allow lists UPDATE. Left out: true, and its refusal will be believed. */
    readonly allowsUpdate?: boolean;
    /** Its Supported names `ms-dialog-route-set-update`. Left out: false. */
    readonly resilient?: boolean;
    /** Its Supported names `replaces`. Left out: false. @see RFC 3891 §6.2 */
    readonly replaces?: boolean;
  };
  /** The hop that last worked: a SIP URI with a numeric host. Left out: where the route set leads, or a hop of the list. */
  readonly hop?: string;
  /** The group that the dialog belongs to; see `Dialog.relate`. Left out: none. */
  readonly group?: string;
  /** `recovering`: the route is known to be dead, or leads to another stack; it is healed at once. Left out: `healthy`. */
  readonly routeStatus?: 'healthy' | 'recovering';
}
