import fc from 'fast-check';
import type { DialogRecord } from '../../core/index.ts';
import { farAnswer, host, nearOffer } from './world.ts';

/** What must be there, and nothing more. */
export const leastRecord: DialogRecord = {
  version: 1,
  callId: 'call1@atlanta.example',
  localTag: 'near1',
  remoteTag: 'far1',
  role: 'uac',
  localUri: '<sip:alice@atlanta.example>',
  remoteUri: '<sip:bob@biloxi.example>',
  localSequenceNumber: 1,
  remoteTarget: `sip:bob@${host}:5070`,
};

/** Everything that a record may hold, but for what cannot stand beside the rest. */
export const fullRecord: DialogRecord = {
  ...leastRecord,
  localUri: '"Alice \\"A\\" Ä" <sip:alice@atlanta.example;x=y>',
  reservedSequenceNumber: 2001,
  remoteSequenceNumber: 7,
  routeSet: [`sip:${host}:5070;lr`, 'sip:p2.example;lr;state=a%20b'],
  secure: false,
  emergency: true,
  localContact: '<sip:alice@192.0.2.9:5060>;+sip.instance="<urn:uuid:1>"',
  localAddress: 'sip:192.0.2.9:5060',
  localSession: nearOffer,
  localSessionCharset: 'utf-8',
  remoteSession: farAnswer,
  sessionTimer: { intervalS: 1800, refresher: 'local', remainingS: 1200 },
  minSessionIntervalS: 120,
  peer: { allowsUpdate: true, resilient: true, replaces: true },
  hop: `sip:${host}:5070`,
  group: 'conference 7',
  routeStatus: 'healthy',
};

const word = (alphabet: string, maxLength: number): fc.Arbitrary<string> =>
  fc.string({ unit: fc.constantFrom(...alphabet), minLength: 1, maxLength });

const letters = 'abcXYZ019';
const tag = word(`${letters}!#$%&'*+-./:=?@[\\]^_\`{|}~`, 40);
const user = word(`${letters}-_.!~*'()&=+$,;?/%`, 20).map((text) => text.replaceAll('%', '%41'));
const name = fc.stringMatching(/^[a-z]{1,8}(\.[a-z]{1,8}){0,2}$/);
const port = fc.option(fc.integer({ min: 1024, max: 65_535 }), { nil: undefined });
const uriParam = fc.tuple(
  word(`${letters}-_`, 8),
  fc.option(word(`${letters}-_.!~*'()[]/:&+$%`, 12), { nil: undefined }),
);
const parameters = fc
  .uniqueArray(uriParam, { maxLength: 3, selector: ([param]) => param.toLowerCase() })
  .map((all) => all.filter(([param]) => !['lr', 'transport', 'maddr'].includes(param.toLowerCase())))
  .map((all) => all.map(([param, value]) => `;${param}${value === undefined ? '' : `=${value}`}`).join(''));

/** SIP URIs; those of one scheme where a dialog is secure. */
function sipUri(scheme: string): fc.Arbitrary<string> {
  return fc.tuple(fc.option(user, { nil: undefined }), name, port, parameters).map(([who, where, at, params]) => {
    const before = who === undefined ? '' : `${who}@`;
    const behind = at === undefined ? '' : `:${at}`;
    return `${scheme}:${before}${where}${behind}${params}`;
  });
}

const quoted = fc
  .string({ unit: fc.constantFrom(...`${letters} äß€😀.,;:<>@()`, '\\"', '\\\\'), maxLength: 20 })
  .map((text) => `"${text}" `);
const party = fc
  .tuple(
    fc.oneof(fc.constant(''), quoted, fc.constant('Alice ')),
    fc.oneof(sipUri('sip'), fc.constant('tel:+1-212-555')),
  )
  .map(([display, uri]) => `${display}<${uri}>`);

const session = fc.string({ unit: fc.constantFrom(...'v=0\r\no-1 IP4äß€😀\0'), minLength: 1, maxLength: 200 });
/** With an octet that begins no character of UTF-8, so that no stack takes it for such. */
const latinSession = fc
  .string({ unit: fc.constantFrom(...'v=0\r\nÄäß'), maxLength: 200 })
  .map((text) => `${text}\u00ff`);

const optional = <T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> =>
  fc.option(arbitrary, { nil: undefined });

/** Records as a stack exports them: nothing is left to defaults, so that adopting and exporting one gives it again. */
export const exportedRecord: fc.Arbitrary<DialogRecord> = fc.boolean().chain((secure) => {
  const scheme = secure ? 'sips' : 'sip';
  return fc
    .record({
      callId: word(`${letters}!"#$%&'()*+,-./:;<=>?@[\\]^_\`{|}~`, 60),
      localTag: tag,
      remoteTag: fc.oneof(tag, fc.constant('')),
      role: fc.constantFrom('uac' as const, 'uas' as const),
      localUri: party,
      remoteUri: party,
      localSequenceNumber: fc.integer({ min: 0, max: 2 ** 31 - 2 }),
      remoteSequenceNumber: optional(fc.integer({ min: 0, max: 2 ** 31 - 1 })),
      remoteTarget: sipUri(scheme),
      routeSet: fc.array(
        sipUri(scheme).map((uri) => `${uri};lr`),
        { maxLength: 30 },
      ),
      localContact: optional(sipUri(scheme).map((uri) => `<${uri}>`)),
      local: fc.oneof(
        fc.constant({}),
        session.map((localSession) => ({ localSession })),
        latinSession.map((localSession) => ({ localSession, localSessionCharset: 'iso-8859-1' as const })),
      ),
      remoteSessionHash: optional(fc.integer({ min: 1, max: 2 ** 32 - 1 })),
      sessionTimer: optional(
        fc
          .tuple(fc.integer({ min: 90, max: 2 ** 31 - 1 }), fc.constantFrom('local' as const, 'remote' as const))
          .map(([intervalS, refresher]) => ({ intervalS, refresher, remainingS: Math.ceil(0.8 * intervalS) })),
      ),
      group: optional(fc.string({ unit: 'binary', maxLength: 30 })),
      minSessionIntervalS: optional(fc.integer({ min: 90, max: 2 ** 31 - 1 })),
      emergency: fc.boolean(),
      peer: fc.record(
        { allowsUpdate: fc.boolean(), resilient: fc.boolean(), replaces: fc.boolean() },
        { noNullPrototype: true },
      ),
      hop: fc.constantFrom(`sip:${host}:5070`, `sip:${host}:5080`),
    })
    .map(
      ({
        local,
        remoteSequenceNumber,
        localContact,
        minSessionIntervalS,
        group,
        remoteSessionHash,
        sessionTimer,
        emergency,
        ...rest
      }) => ({
        version: 1 as const,
        ...rest,
        ...local,
        secure,
        ...(emergency && { emergency }),
        ...(remoteSequenceNumber !== undefined && { remoteSequenceNumber }),
        ...(localContact !== undefined && { localContact }),
        ...(remoteSessionHash !== undefined && { remoteSessionHash }),
        ...(group !== undefined && { group }),
        ...(minSessionIntervalS !== undefined && { minSessionIntervalS }),
        ...(sessionTimer !== undefined && { sessionTimer }),
        localAddress: `sip:${host}:5060`,
        routeStatus: 'healthy' as const,
      }),
    );
});
