import { createSocket, type Socket as DatagramSocket } from 'node:dgram';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { burstMax, type Deeds, type Job, type Order, type Target } from './job.ts';

/* An attacker's process: does the job that is its first message, and tells what it has done when it is asked. */

/** So many octets, and so many messages, are sent before an answer is awaited: what the smallest receive buffer holds. */
const burst = { size: 40_000, count: burstMax };
const markerAgainMs = 500;
/** Connections that are being opened at a time. */
const openingMax = 64;

const [job] = (await once(process, 'message')) as [Job];
const sent: number[] = [];
const answers: { [status: string]: number } = {};
let [markers, repeated, answersSize, sentSize, opened, closed] = [0, 0, 0, 0, 0, 0];
let numbers = 0;
/** Connections that were used. */
let uses = 0;
let stopped = false;

process.on('SIGINT', () => undefined);
process.once('disconnect', () => process.exit(1));
process.on('message', ({ order }: Order) => {
  if (order === 'stop') stopped = true;
  const deeds: Deeds = { sent, markers, repeated, answers, answersSize, sentSize, opened, closed };
  // What is under way is done, and counted, before the last word.
  setTimeout(() => process.send?.(deeds), order === 'stop' ? 300 : 0);
});
if (job.kind === 'datagrams') for (const host of job.hosts) void flood(job, host);
else void crowd(job);
process.send?.('ready');

async function flood({ to, messages }: Extract<Job, { kind: 'datagrams' }>, host: string): Promise<void> {
  const socket = createSocket('udp4');
  socket.bind(0, host);
  await once(socket, 'listening');
  const from: Target = { host, port: socket.address().port };
  let marked = (): void => undefined;
  let marker = '';
  socket.on('message', (bytes) => {
    const text = bytes.toString('latin1');
    if (marker !== '' && text.includes(marker)) marked();
    else noteAnswer(text);
  });
  for (let next = 0; !stopped; ) {
    for (let size = 0, count = 0; size < burst.size && count < burst.count; count++, next++) {
      const place = next % messages.length;
      const text = filled(messages[place] ?? '', from, to);
      size += text.length;
      note(place, text);
      socket.send(Buffer.from(text, 'latin1'), to.port, to.host);
    }
    marker = `marker-${++numbers}`;
    markers++;
    await awaitMarker(socket, to, marker, from, (then) => {
      marked = then;
    });
  }
}

/** Sends an OPTIONS until it is answered. */
async function awaitMarker(
  socket: DatagramSocket,
  to: Target,
  marker: string,
  from: Target,
  listen: (marked: () => void) => void,
): Promise<void> {
  const text = filled(markerText.replaceAll('$M', marker), from, to);
  await new Promise<void>((resolve) => {
    socket.send(text, to.port, to.host);
    const again = setInterval(() => {
      repeated++;
      socket.send(text, to.port, to.host);
    }, markerAgainMs);
    listen(() => {
      clearInterval(again);
      resolve();
    });
  });
}

const markerText = [
  'OPTIONS sip:$T SIP/2.0',
  'Via: SIP/2.0/UDP $H:$P;rport;branch=z9hG4bK-$M',
  'From: <sip:marker@$H>;tag=m',
  'To: <sip:$T>',
  'Call-ID: $M',
  'CSeq: 1 OPTIONS',
  'Content-Length: 0',
  '',
  '',
].join('\r\n');

async function crowd(crowding: Extract<Job, { kind: 'connections' }>): Promise<void> {
  let places = 0;
  const lane = async (): Promise<void> => {
    while (!stopped && places < crowding.count) {
      const place = places++;
      const socket = await open(crowding, place);
      if (socket === undefined) {
        places--;
        await new Promise((resolve) => setTimeout(resolve, 50));
        continue;
      }
      socket.once('close', () => {
        closed++;
        if (crowding.again !== true || stopped) return;
        places--;
        if (places === crowding.count - 1) void lane();
      });
      void use(socket, crowding);
    }
  };
  await Promise.all(Array.from({ length: openingMax }, lane));
}

async function open({ to, hosts }: Extract<Job, { kind: 'connections' }>, place: number): Promise<Socket | undefined> {
  const localAddress = hosts[place % hosts.length];
  const socket = connect({ host: to.host, port: to.port, ...(localAddress && { localAddress }) });
  socket.on('error', () => undefined);
  const isOpen = await new Promise<boolean>((resolve) => {
    socket.once('connect', () => resolve(true));
    socket.once('close', () => resolve(false));
  });
  if (!isOpen) return undefined;
  opened++;
  return socket;
}

async function use(socket: Socket, crowding: Extract<Job, { kind: 'connections' }>): Promise<void> {
  const { messages = [], trickle, reads, floods = false, to } = crowding;
  const from: Target = { host: socket.localAddress ?? '', port: socket.localPort ?? 0 };
  if (reads) socket.on('data', (bytes) => noteAnswer(bytes.toString('latin1')));
  else socket.pause();
  for (let next = uses++; messages.length > 0 && !stopped && !socket.destroyed; next++) {
    const at = next % messages.length;
    const text = filled(messages[at] ?? '', from, to);
    note(at, text);
    const isTaken = socket.write(Buffer.from(text, 'latin1'));
    if (!floods) break;
    if (!isTaken) {
      await new Promise<void>((resolve) => {
        const goOn = (): void => {
          socket.off('drain', goOn);
          socket.off('close', goOn);
          resolve();
        };
        socket.on('drain', goOn);
        socket.on('close', goOn);
      });
    } else if (next % 64 === 0) await new Promise((resolve) => setImmediate(resolve));
  }
  if (trickle === undefined) return;
  const text = filled(trickle.text, from, to);
  let at = 0;
  const timer = setInterval(() => {
    if (stopped || socket.destroyed) clearInterval(timer);
    else socket.write(text[at++ % text.length] ?? '');
  }, trickle.everyMs);
}

function note(place: number, text: string): void {
  sent[place] = (sent[place] ?? 0) + 1;
  sentSize += text.length;
}

/** One chunk may hold several. */
function noteAnswer(text: string): void {
  answersSize += text.length;
  for (const [, status = ''] of text.matchAll(/^SIP\/2\.0 (\d{3}) /gm)) answers[status] = (answers[status] ?? 0) + 1;
}

function filled(text: string, from: Target, to: Target): string {
  const number = String(++numbers);
  return text.replace(/\$[NHPT]/g, (name) => {
    if (name === '$N') return number;
    if (name === '$T') return `${to.host}:${to.port}`;
    return name === '$H' ? from.host : String(from.port);
  });
}
