import { octetsText, textOctets } from '../octets-text.ts';
import { startingMessages } from '../starts.ts';
import { flowWords } from '../world/flow-actions.ts';
import { edgeSettingNames } from './edge-world.ts';

/** One of so many: what a message is made of is other targets' affair. */
const messagesLeftOut = 6;

/** Programs to begin with: calls between all kinds of parties and what may happen to them, and messages that we know from anybody. */
export function edgeStarts(): Uint8Array[] {
  const settings = edgeSettingNames.map((name) => `~with ${name}\n~call alice bob\n~call carol alice\n~from far\nx`);
  const messages = startingMessages()
    .map(octetsText)
    .filter((_, at) => at % messagesLeftOut === 0);
  const known = messages.map((message, at) => `~call alice bob\n~from ${at}\n${message}`);
  return [...programs, ...settings, ...known].map(textOctets);
}

const programs = [
  '~call alice bob\n~ask alice 0 INFO\n~ask bob 0 INFO\n~ask alice 0 BYE\n',
  '~call alice far\n~ask far 0 UPDATE\n~ask stranger 0 INFO\n~ask stranger 0 UPDATE\n',
  '~call carol dave\n~ask dave 0 INFO\n~lose carol\n~ask dave 0 INFO\n~ask carol 0 UPDATE\n',
  '~call alice six\n~ask six 0 INFO\n~call six dave\n~ask dave 0 INFO\n',
  '~call carol alice SUBSCRIBE\n~ask alice 0 NOTIFY\n~lose carol idle\n~open carol\n~ask alice 0 NOTIFY\n',
  '~call alice bob\n~tell lose-memory\n~ask alice 0 INFO\n~ask bob 0 INFO\n-Supported\n~ask alice 0 ACK\n',
  '~call alice bob\n~tell lose-flow bob\n~ask alice 0 INFO\n~ask bob 0 INFO\n~ask bob 0 UPDATE\n-Route\n',
  '~call alice bob\n~tell lose-registration alice\n~ask alice 0 INFO\n~call alice bob REGISTER\n~ask alice 0 INFO\n~tell restore-registration alice\n',
  '~opens no\n~call alice dave\n~lose bob refused\n~call alice bob\n~ask alice 0 INFO\n~wait 1000\n~opens yes\n~call alice bob\n',
  '~opens wait\n~call alice dave\n~call alice dave\n~call carol bob\n~grant\n~opens no\n~call alice dave\n~grant\n',
  '~mood bob mirror\n~call alice bob\n~mood bob proxy\n~call alice bob\n~mood dave proxy\n~call alice dave\n',
  '~from alice\nOPTIONS sip:10.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP 10.0.1.1:5070;branch=z9hG4bKo\r\nFrom: <sip:a>;tag=1\r\nTo: <sip:b>\r\nCall-ID: o\r\nCSeq: 1 OPTIONS\r\n\r\n',
  '~from alice\nMESSAGE sip:x@[2001:db8::6] SIP/2.0\r\nv: SIP/2.0/UDP 10.0.1.1:5071, SIP/2.0/TCP p;branch=1\r\nf: <sip:a>;tag=1\r\nt: <sip:b>\r\ni: o\r\nCSeq: 1 MESSAGE\r\n\r\nbody',
  '~call alice bob OPTIONS\nMax-Forwards: 0\n~call alice bob\n-Max-Forwards\n~call alice bob\nProxy-Require: x\n~call alice bob\n!INVITE sips:b SIP/2.0\n~call alice bob\n!INVITE tel:1 SIP/2.0\n',
  '~call alice bob\nRoute: <sip:10.0.0.1;lr>, <sip:10.0.7.7:5070;lr>\n~call alice bob\nRoute: <sip:10.0.7.7:5070>\n~call alice bob\n!INVITE sip:x@10.0.0.1;lr SIP/2.0\nRoute: <sip:10.0.7.7:5070>\n',
  '~call alice bob\n!INVITE sip:x@10.0.0.1 SIP/2.0\n~call alice bob\n!INVITE sip:x@10.0.7.7;maddr=10.0.0.1 SIP/2.0\n~call alice bob\n!INVITE sip:x@b.example SIP/2.0\n',
  '~mood bob silent\n~call alice bob\n~reply same 180 0\n~reply same 200 0\n~reply stranger 200 0\n~echo alice 0\n~again alice 0\n~ask alice 0 CANCEL\n',
  '~call alice far\n~from stranger\nINFO sip:far@10.0.7.7:5070 SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.66:6666;branch=z9hG4bKs\r\nRoute: {r}\r\nFrom: <sip:a>;tag=1\r\nTo: <sip:b>;tag=2\r\nCall-ID: {c}\r\nCSeq: 9 INFO\r\n\r\n',
  '~call intruder alice\n~head intruder 0\nINVITE x\r\n~head carol 2\nOPTIONS sip:10.0.0.1 SIP/2.0\r\nVia: SIP/2.0/TCP 10.0.3.3:40001;branch=z9hG4bKh\r\nFrom: <sip:a>;tag=1\r\nTo: <sip:b>\r\nCall-ID: h\r\nCSeq: 1 OPTIONS\r\n\r\n',
  '~hold\n~call alice bob\n~lose bob\n~call carol dave\n~go\n~turned intruder slow\n~tell clients none\n~call alice bob\n~tell clients\n',
];

/** What programs for an edge are made of. */
export const edgeWords: readonly Uint8Array[] = [
  ...flowWords,
  ...edgeSettingNames.map((name) => `~with ${name}`),
  ...['alice bob', 'bob alice', 'carol dave', 'dave carol', 'alice six', 'six carol', 'bob far'].flatMap((pair) => [
    `~call ${pair}`,
    `~call ${pair} SUBSCRIBE`,
  ]),
  ...['INFO', 'UPDATE', 'INVITE', 'ACK', 'BYE', 'CANCEL', 'DANCE'].flatMap((method) =>
    ['alice', 'bob', 'carol', 'dave', 'far', 'stranger', 'intruder'].map((name) => `~ask ${name} 0 ${method}`),
  ),
  ...['from alice', 'from stranger', 'again alice 0', 'echo bob 0', 'echo alice 0', 'reply same 200 0'],
  ...['tell lose-memory', 'tell clients none', 'tell clients', 'tell lose-flow alice', 'tell lose-registration alice'],
  ...['mood bob mirror', 'mood bob proxy', 'mood bob silent', 'mood dave proxy', 'lose carol', 'lose dave', 'lose bob'],
  ...['!INVITE sip:x@10.0.0.1 SIP/2.0', '!INFO sip:x@10.0.7.7:5070;maddr=10.0.0.1;transport=tcp SIP/2.0'],
  ...['Route: {r}', 'Route: {r}, <sip:10.0.7.7:5070;lr>', 'Route: <sip:10.0.0.1;lr>', 'Route: <sip:10.0.7.7:5070>'],
  ...['Route: <sip:x@10.0.0.1:5060;transport=tcp;lr>', 'Route: <sip:[2001:db8::1];lr>, <sip:[2001:db8::6];lr>'],
  ...['-Route', '-Supported', '-Max-Forwards', '-Via', '-Contact', 'Max-Forwards: 0', 'Proxy-Require: x', 'Require: x'],
  ...['Via: SIP/2.0/UDP 10.0.1.1;branch=z9hG4bKv, SIP/2.0/UDP 10.0.0.1:5060;branch={b}'],
  ...['Via: SIP/2.0/UDP 10.0.1.1:9;maddr=10.0.2.2;branch=z9hG4bKm', 'Call-ID: {c}', 'To: <sip:b>;tag=2'],
].map((line) => textOctets(`${line.startsWith('~') || /^[-!A-Z]/.test(line) ? '' : '~'}${line}\n`));
