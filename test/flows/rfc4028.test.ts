import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type Quoted, quoted } from '../messages.ts';
import { replay } from './replay.ts';

const test = suite('The call flow of RFC 4028 §13');

const section = '13';

/** The quoted messages by the number that figure 1 gives them, as we can play them: without TLS, and with our first CSeq. */
const messages: ReadonlyMap<number, string> = new Map(
  quoted('rfc4028').map(({ text }, index) => [[1, 2, 4, 10, 15, 18, 21][index] ?? 0, playable(text)]),
);

function playable(text: string): string {
  return text
    .replaceAll('sips:', 'sip:')
    .replaceAll('SIP/2.0/TLS', 'SIP/2.0/UDP')
    .replaceAll(/^(Record-Route|Route): (sip:\S+)$/gm, '$1: <$2>')
    .replaceAll(/CSeq: 31(\d+)/g, (_, rest: string) => `CSeq: ${Number(rest) - 4158}`);
}

function text(message: number): string {
  const found = messages.get(message);
  if (found === undefined) throw new Error(`message ${message} is not quoted`);
  return found;
}

function quote(label: string, of: string): Quoted {
  return { section, label, text: of };
}

/** With a body, which the RFC leaves out. */
function described(of: string): string {
  return of.replace(/Content-Length: \d+\r\n\r\n/, 'Content-Length: 5\r\n\r\nv=0\r\n');
}

/** The ACK of a response to this INVITE. */
function ack(invite: string, response: string, target: string, route = ''): string {
  const cseq = /CSeq: (\d+)/.exec(invite)?.[1];
  const line = (name: string, of: string): string => new RegExp(`^${name}: .*\r\n`, 'm').exec(of)?.[0] ?? '';
  const rest = `${line('Via', invite)}Max-Forwards: 70\r\n${line('From', invite)}${line('To', response)}${line('Call-ID', invite)}`;
  return `ACK ${target} SIP/2.0\r\n${rest}CSeq: ${cseq} ACK\r\n${route}\r\n`;
}

const atBob = 'sip:bob@192.0.2.4';
const route = 'Route: <sip:p1.atlanta.example.com;lr>\r\n';

test('as Bob: the interval is copied, Alice refreshes, and when she no longer does the session is ended 32 s before it expires', async () => {
  const throughP1 = 'Via: SIP/2.0/UDP p1.atlanta.example.com;branch=z9hG4bKp1\r\n';
  const relayed = (of: string): string =>
    of.replace(/\r\n/, `\r\n${throughP1}`).replace(/Record-Route.*\r\n|Route.*\r\n/g, '');
  const invite = described(
    relayed(text(10)).replace(/Max-Forwards/, 'Record-Route: <sip:p1.atlanta.example.com;lr>\r\nMax-Forwards'),
  );
  const flow = [
    quote('F12 INVITE P1 -> Bob', invite),
    quote('F13 200 OK Bob -> P1', described(relayed(text(15)))),
    quote('F17 ACK P1 -> Bob', ack(invite, text(15), atBob)),
    quote('F19 UPDATE P1 -> Bob', relayed(text(18))),
    quote('F20 200 OK Bob -> P1', relayed(text(21))),
    quote(
      'F22 BYE Bob -> P1',
      `BYE sip:alice@pc33.atlanta.example.com SIP/2.0\r\nVia: SIP/2.0/UDP x\r\n${route}` +
        'From: Bob <sip:bob@biloxi.example.com>;tag=9as888nd\r\n' +
        'To: Alice <sip:alice@atlanta.example.com>;tag=1928301774\r\nCall-ID: a84b4c76e66710\r\nCSeq: 1 BYE\r\n\r\n',
    ),
    quote(
      'F24 408 P1 -> Bob',
      'SIP/2.0 408 Request Timeout\r\nVia: SIP/2.0/UDP x\r\nFrom: Bob <sip:bob@biloxi.example.com>;tag=9as888nd\r\n' +
        'To: Alice <sip:alice@atlanta.example.com>;tag=1928301774\r\nCall-ID: a84b4c76e66710\r\nCSeq: 1 BYE\r\n\r\n',
    ),
  ];
  const { seen, sent, atMs } = await replay(flow, 'Bob', { endsByItself: true, stack: { recovery: { mode: 'none' } } });
  assert.equal(seen, ['ended local session-expired']);
  const [answer, refreshed] = sent;
  for (const ok of [answer, refreshed]) {
    assert.equal([ok?.header('Session-Expires'), ok?.header('Require')], ['4000;refresher=uac', 'timer']);
    assert.is(ok?.header('Min-SE'), '', 'none in a 2xx');
  }
  assert.is(Math.round(((atMs[2] ?? 0) - (atMs[1] ?? 0)) / 1000), 3968);
});

test('as Alice: each 422 raises what she asks for; she refreshes at half the interval by an UPDATE, which names no Min-SE', async () => {
  const tooSmall = (leastS: number, cseq: number): string =>
    text(2)
      .replace('3600', String(leastS))
      .replace(/CSeq: \d+/, `CSeq: ${cseq}`);
  const home = 'sip:bob@biloxi.example.com';
  const ok = described(text(15).replace('Supported: timer', 'Supported: timer\r\nAllow: INVITE, UPDATE'));
  const flow = [
    quote('F1 INVITE Alice -> P1', described(text(1))),
    quote('F2 422 P1 -> Alice', tooSmall(3600, 1)),
    quote('F3 ACK Alice -> P1', ack(text(1), text(2), home)),
    quote('F4 INVITE Alice -> P1', described(text(4))),
    quote('F8 422 P1 -> Alice', tooSmall(4000, 2)),
    quote('F9 ACK Alice -> P1', ack(text(4), text(2), home)),
    quote('F10 INVITE Alice -> P1', described(text(10))),
    quote('F15 200 OK P1 -> Alice', ok),
    quote('F16 ACK Alice -> P1', ack(text(10), text(15), atBob, route)),
    quote('F18 UPDATE Alice -> P1', text(18)),
    quote('F21 200 OK P1 -> Alice', text(21)),
  ];
  const { seen, sent, atMs } = await replay(flow, 'Alice', { stack: { sessionTimer: { intervalS: 90 } } });
  assert.equal(seen, ['call done']);
  assert.equal(
    sent
      .filter(({ method }) => method !== 'ACK')
      .map((each) => [each.header('Session-Expires'), each.header('Min-SE')]),
    [
      ['90', ''],
      ['3600', '3600'],
      ['4000', '4000'],
      ['4000;refresher=uac', ''],
    ],
  );
  for (const each of sent) if (each.method !== 'ACK') assert.match(each.header('Supported'), 'timer');
  assert.is(Math.round(((atMs.at(-1) ?? 0) - (atMs.at(-2) ?? 0)) / 1000), 2000);
});

test.run();
