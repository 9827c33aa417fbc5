import { HeaderId } from '../../core/message/header.ts';
import { Message } from '../../core/message/message.ts';
import { ReplacesView, readReplaces } from '../../core/message/replaces.ts';
import { requestUri } from '../../core/message/request-uri.ts';
import { emptySpan } from '../../core/message/span.ts';
import { uriParameter } from '../../core/message/uri.ts';
import { UriList } from '../../core/message/uri-list.ts';

/** A way of making a message long: `unit` so often between `open` and `close`, in the place of the header field that it names. */
export interface Way {
  readonly name: string;
  readonly open: string;
  readonly unit: string;
  readonly close: string;
}

/** Each aims at a loop that would take more than linear time if it were to look back, or ahead, at each step. */
export const ways: readonly Way[] = [
  { name: 'header lines', open: '', unit: 'X-Line: 1\r\n', close: '' },
  { name: 'one long header', open: 'Subject: ', unit: 'long ', close: '\r\n' },
  { name: 'folds', open: 'Subject: folds', unit: '\r\n \r\n a', close: '\r\n' },
  { name: 'Vias in one line', open: 'Via: ', unit: 'SIP/2.0/UDP h;branch=b,', close: 'SIP/2.0/UDP h;branch=b\r\n' },
  { name: 'a quoted string', open: 'From: "', unit: '\\"a', close: '" <sip:a@h>;tag=1\r\n' },
  { name: 'unclosed quotes', open: 'Contact: ', unit: '"a\\", ', close: '\r\n' },
  { name: 'angle brackets', open: 'Contact: ', unit: 'a<', close: '\r\n' },
  { name: 'header parameters', open: 'Contact: <sip:a@h>', unit: ' ; p = "1"', close: '\r\n' },
  { name: 'Route values', open: 'Route: <sip:h;lr>', unit: ', <sip:h;lr>', close: '\r\n' },
  { name: 'Record-Route lines', open: '', unit: 'Record-Route: <sip:h;lr>\r\n', close: '' },
  { name: 'a URI', open: 'Contact: <sip:a@h', unit: ';%6da=%20', close: '?a=b>\r\n' },
  { name: 'a URI without end', open: 'Contact: <sip:', unit: 'a:@;?', close: '\r\n' },
  { name: 'commas', open: 'Supported: ', unit: ', ,', close: '\r\n' },
];

/** What a message cannot do without, and each getter has something to find. */
const lines: readonly string[] = [
  'Via: SIP/2.0/UDP h;branch=z9hG4bKa\r\n',
  'From: <sip:a@h>;tag=1\r\n',
  'To: <sip:b@h>;tag=2\r\n',
  'Call-ID: c\r\n',
  'CSeq: 1 UPDATE\r\n',
  'Contact: <sip:a@h>\r\n',
  'Session-Expires: 90;refresher=uac\r\n',
];

/** A message of `size` octets, or a few less, that is long in that way. */
export function grow({ open, unit, close }: Way, size: number): Uint8Array {
  const name = open.slice(0, open.indexOf(':') + 1);
  const others = lines.filter((line) => name === '' || !line.startsWith(name)).join('');
  const start = `UPDATE sip:b@h SIP/2.0\r\n${others}${open}`;
  const end = `${close}\r\n`;
  return Buffer.from(start + unit.repeat(Math.floor((size - start.length - end.length) / unit.length)) + end);
}

/** How the time for a message grows with its size. */
export interface Growth {
  readonly way: string;
  /** For 32 KiB and 64 KiB: scan and every getter, best of five. */
  readonly ms: number;
  readonly doubledMs: number;
  readonly ratio: number;
  readonly isLinear: boolean;
}

/** What stays of linear growth on a machine with caches and other users. */
const ratioMax = 3;
const rounds = 5;
const roundMs = 10;
/** The compiler optimises what has run for some time. */
const warmupMs = 40;

export function measureGrowth(way: Way): Growth {
  const short = grow(way, 32_768);
  const long = grow(way, 65_536);
  fastestReading(short, warmupMs);
  fastestReading(long, warmupMs);
  let ms = Number.POSITIVE_INFINITY;
  let doubledMs = Number.POSITIVE_INFINITY;
  for (let round = 0; round < rounds; round++) {
    ms = Math.min(ms, fastestReading(short, roundMs));
    doubledMs = Math.min(doubledMs, fastestReading(long, roundMs));
  }
  const ratio = doubledMs / ms;
  return { way: way.name, ms, doubledMs, ratio, isLinear: ratio <= ratioMax };
}

/**
 * Milliseconds for the fastest of as many readings as take `totalMs`: the one that no garbage collection fell into, which strings of
 * 64 KiB call for at every few readings.
 */
function fastestReading(bytes: Uint8Array, totalMs: number): number {
  let fastestMs = Number.POSITIVE_INFINITY;
  let elapsedMs = 0;
  while (elapsedMs < totalMs) {
    const startMs = performance.now();
    readAll(bytes);
    const ms = performance.now() - startMs;
    fastestMs = Math.min(fastestMs, ms);
    elapsedMs += ms;
  }
  return fastestMs;
}

const message = new Message();
const uris = new UriList();
const replaces = new ReplacesView();
const span = emptySpan();
const ids: readonly HeaderId[] = Object.values(HeaderId);
/** Every getter that Message has, so that one that is added is measured without a word here. */
const getters = Object.entries(Object.getOwnPropertyDescriptors(Message.prototype))
  .filter(([, property]) => property.get !== undefined)
  .map(([name]) => name as keyof Message);

/** Scans a message and asks it everything, whether it was refused or not. */
function readAll(bytes: Uint8Array): void {
  message.scan(bytes);
  for (const name of getters) void message[name];
  message.routes(uris);
  message.recordRoutes(uris);
  for (const id of ids) {
    message.headerText(id);
    message.hasToken(id, 'absent');
  }
  message.field('X-Absent');
  message.headers();
  readReplaces(message, replaces);
  uriParameter(message.contactUri, 'absent', span);
  requestUri(message.contactUri);
}
