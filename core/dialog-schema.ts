/**
 * The JSON Schema of a `DialogRecord`, draft 2020-12. The package has it as a file as well: `sipmend/dialog.schema.json`.
 *
 * Lengths are what a message can carry to the strictest of usual peers, with room to spare: the whole dialog has 65,535
 * octets. Patterns keep out whatever would end a header line, or a URI's angle brackets.
 *
 * What a schema cannot say, `Stack.adopt` sees to: that URIs are URIs, that a secure dialog is SIPS throughout, that numbers go
 * together.
 */
export const dialogSchema = {
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  $id: 'urn:sipmend:dialog-record:1',
  title: 'DialogRecord',
  description:
    'A SIP dialog as plain data, in the words of RFC 3261 section 12. "Local" is the side that holds the dialog, "we" the stack that adopts it.',
  type: 'object',
  required: [
    'version',
    'callId',
    'localTag',
    'remoteTag',
    'role',
    'localUri',
    'remoteUri',
    'localSequenceNumber',
    'remoteTarget',
  ],
  additionalProperties: false,
  properties: {
    version: { const: 1, description: 'Of this schema.' },
    callId: { type: 'string', maxLength: 1024, pattern: '^[!-~]+$', description: 'Call-ID.' },
    localTag: { type: 'string', maxLength: 256, pattern: '^[!#-+\\--:=?-~]+$', description: 'Tag of the local side.' },
    remoteTag: {
      type: 'string',
      maxLength: 256,
      pattern: '^[!#-+\\--:=?-~]*$',
      description: 'Tag of the peer; empty for a peer of RFC 2543, which has none.',
    },
    role: {
      enum: ['uac', 'uas'],
      description: 'Who began the call: "uac" is the side that sent its INVITE, and owns the Call-ID.',
    },
    localUri: {
      type: 'string',
      maxLength: 4096,
      pattern: '^[^\\u0000-\\u001f\\u007f\\ud800-\\udfff]+$',
      description:
        'The local side as From has it in its requests: a URI or a name-addr, without parameters of the header.',
    },
    remoteUri: {
      type: 'string',
      maxLength: 4096,
      pattern: '^[^\\u0000-\\u001f\\u007f\\ud800-\\udfff]+$',
      description:
        "The peer as To has it in the local side's requests: a URI or a name-addr, without parameters of the header.",
    },
    localSequenceNumber: {
      type: 'integer',
      minimum: 0,
      maximum: 2147483646,
      description: "CSeq number of the local side's last request; 0 when there was none.",
    },
    reservedSequenceNumber: {
      type: 'integer',
      minimum: 0,
      maximum: 2147483646,
      description:
        'CSeq numbers up to here may have been used since the record was made: we start above. Default: localSequenceNumber.',
    },
    remoteSequenceNumber: {
      type: 'integer',
      minimum: 0,
      maximum: 2147483647,
      description: "CSeq number of the peer's last request. Default: there was none, and any is taken.",
    },
    remoteTarget: {
      type: 'string',
      maxLength: 4096,
      pattern: '^[^\\u0000- "<>\\u007f\\ud800-\\udfff]+$',
      description: 'SIP or SIPS URI of the peer, from its Contact: the Request-URI of what we send.',
    },
    routeSet: {
      type: 'array',
      maxItems: 30,
      items: { type: 'string', maxLength: 4096, pattern: '^[^\\u0000- "<>\\u007f\\ud800-\\udfff]+$' },
      description: 'SIP or SIPS URIs, the nearest first, with all their parameters. Default: none.',
    },
    secure: {
      type: 'boolean',
      description: 'The secure flag: all is SIPS then. Default: whether remoteTarget is a SIPS URI.',
    },
    emergency: {
      type: 'boolean',
      description: 'The call is an emergency one (RFC 5031), and healed before others. Default: false.',
    },
    localContact: {
      type: 'string',
      maxLength: 4096,
      pattern: '^[^\\u0000-\\u001f\\u007f\\ud800-\\udfff]+$',
      description: 'Contact of the local side: a URI or a name-addr. Default: the address of the stack that adopts.',
    },
    localAddress: {
      type: 'string',
      maxLength: 256,
      pattern: '^[^\\u0000- "<>\\u007f\\ud800-\\udfff]+$',
      description:
        'Where the local side is reached: a SIP URI with a numeric host. A stack whose shards have ports of their own takes the dialog to the shard whose port it is. Default: unknown.',
    },
    localSession: {
      type: 'string',
      maxLength: 49152,
      pattern: '^[^\\ud800-\\udfff]*$',
      description: "The local side's last session description. Default: unknown; no heal carries one then.",
    },
    localSessionCharset: {
      enum: ['utf-8', 'iso-8859-1'],
      description: 'How octets became the text of localSession; the latter has one character an octet. Default: utf-8.',
    },
    remoteSession: {
      type: 'string',
      maxLength: 49152,
      pattern: '^[^\\ud800-\\udfff]*$',
      description:
        "The peer's last session description, in UTF-8. Default: unknown, and any answer is taken as the same.",
    },
    remoteSessionHash: {
      type: 'integer',
      minimum: 1,
      maximum: 4294967295,
      description: 'In place of remoteSession: FNV-1a, 32 bits, of its octets, and 1 where that is 0.',
    },
    sessionTimer: {
      type: 'object',
      required: ['intervalS', 'refresher'],
      additionalProperties: false,
      properties: {
        intervalS: { type: 'integer', minimum: 90, maximum: 4294967295, description: 'Session-Expires, in seconds.' },
        refresher: { enum: ['local', 'remote'], description: 'Who refreshes.' },
        remainingS: {
          type: 'integer',
          minimum: 0,
          maximum: 4294967295,
          description: 'Seconds until the session expires. Default: intervalS, as if it had just been refreshed.',
        },
      },
      description: 'The session timer of RFC 4028. Default: there is none.',
    },
    minSessionIntervalS: {
      type: 'integer',
      minimum: 90,
      maximum: 4294967295,
      description: 'The largest Min-SE that was heard of in the dialog, in seconds. Default: none was.',
    },
    peer: {
      type: 'object',
      required: [],
      additionalProperties: false,
      properties: {
        allowsUpdate: {
          type: 'boolean',
          description: 'Its Allow lists UPDATE. Default: true; if it then refuses UPDATE, that is remembered.',
        },
        resilient: { type: 'boolean', description: 'Its Supported names ms-dialog-route-set-update. Default: false.' },
        replaces: { type: 'boolean', description: 'Its Supported names replaces (RFC 3891). Default: false.' },
      },
      description: 'What the peer can do.',
    },
    hop: {
      type: 'string',
      maxLength: 256,
      pattern: '^[^\\u0000- "<>\\u007f\\ud800-\\udfff]+$',
      description:
        'The next hop that last worked: a SIP URI with a numeric host. Default: where the route set leads, or a hop of the list.',
    },
    group: {
      type: 'string',
      maxLength: 1024,
      pattern: '^[^\\ud800-\\udfff]*$',
      description: 'The group of dialogs that it belongs to: when one is healed, the others are. Default: none.',
    },
    routeStatus: {
      enum: ['healthy', 'recovering'],
      description:
        'With "recovering" the route is healed as soon as the dialog is adopted; with recovery off it is refreshed. Default: healthy.',
    },
  },
} as const;
