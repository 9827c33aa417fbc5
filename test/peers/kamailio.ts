import { createSocket } from 'node:dgram';
import { programPath } from './programs.ts';
import { ProgramGroup } from './program-group.ts';
import { bedFile } from './sources.ts';

export interface KamailioOptions {
  /** `edge` lets dialogs heal through it; `stock` decides as the distribution's configuration does. */
  readonly config: 'edge' | 'stock';
  /** UDP port on 127.0.0.1. */
  readonly port: number;
  /** `ip:port` that initial requests for the proxy itself go to; requests for other addresses go there anyway. */
  readonly uas?: string;
  /** How long a next hop may be silent before its transaction ends with 408 (default: 2000). */
  readonly finalResponseMs?: number;
  /** `edge` only: its routes carry this token, and a route with another token is refused with 430 or 481. */
  readonly routeState?: string;
  /** Gives up waiting for it to listen (default: after 10 s). */
  readonly signal?: AbortSignal;
}

export interface Kamailio {
  readonly pid: number;
  readonly port: number;
  /** SIGSTOP to all of its processes: it is there, and silent. */
  freeze(): void;
  /** SIGCONT to all of its processes. */
  thaw(): void;
  /** SIGKILL to all of its processes; resolves when the last one is gone, and its port is free. */
  kill(): Promise<void>;
}

/** Starts one Kamailio; resolves when it answers OPTIONS. */
export async function startKamailio(options: KamailioOptions): Promise<Kamailio> {
  const group = ProgramGroup.start(programPath('kamailio'), (folder) => ({ args: argumentsFor(options, folder) }));
  const stopWaiting = new AbortController();
  const listening = answersOptions(options.port, AbortSignal.any([stopWaiting.signal, options.signal ?? AbortSignal.timeout(10_000)]));
  try {
    const ending = await Promise.race([listening, group.ended]);
    if (ending !== 'listening') throw new Error(`kamailio ended at once:\n${ending.complaints}`);
  } catch (error) {
    group.signal('SIGKILL');
    await group.ended;
    throw error;
  } finally {
    stopWaiting.abort();
    listening.catch(() => undefined);
  }
  return {
    pid: group.pid,
    port: options.port,
    freeze: () => group.signal('SIGSTOP'),
    thaw: () => group.signal('SIGCONT'),
    kill: async () => {
      group.signal('SIGKILL');
      await group.ended;
    },
  };
}

function argumentsFor({ config, port, uas, finalResponseMs = 2000, routeState }: KamailioOptions, folder: string): string[] {
  const uasArguments = uas === undefined ? [] : ['-A', 'WITH_UAS', `--substdefs=!UAS_ADDRESS!${uas}!g`];
  const stateArguments = routeState === undefined ? [] : ['-A', 'WITH_430', `--substdefs=!ROUTE_STATE!${routeState}!g`];
  return [
    ...['-f', bedFile('kamailio', `${config}.cfg`), '-DD', '-E', '-m', '64', '-M', '4'],
    ...['-w', folder, '-Y', folder, '-P', `${folder}/pid`, '-l', `udp:127.0.0.1:${port}`],
    ...['-A', `FR_TIMER_MS=${finalResponseMs}`, ...uasArguments, ...stateArguments],
  ];
}

/** Asks again and again, since the port may not be open yet; ICMP errors on the way mean the same. */
function answersOptions(port: number, signal: AbortSignal): Promise<'listening'> {
  const socket = createSocket('udp4');
  return new Promise<'listening'>((resolve, reject) => {
    const ask = (): void => socket.send(optionsRequest(port, socket.address().port), port, '127.0.0.1', () => undefined);
    let asking: NodeJS.Timeout | undefined;
    const stop = (): void => {
      clearInterval(asking);
      socket.close();
    };
    socket.on('error', () => undefined);
    socket.once('message', () => {
      stop();
      resolve('listening');
    });
    socket.bind(0, '127.0.0.1', () => {
      if (signal.aborted) return;
      asking = setInterval(ask, 20);
      ask();
    });
    signal.addEventListener('abort', () => {
      stop();
      reject(signal.reason);
    });
  });
}

function optionsRequest(port: number, ownPort: number): string {
  return [
    `OPTIONS sip:127.0.0.1:${port} SIP/2.0`,
    `Via: SIP/2.0/UDP 127.0.0.1:${ownPort};rport;branch=z9hG4bKready${ownPort}`,
    'Max-Forwards: 70',
    `From: <sip:bed@127.0.0.1:${ownPort}>;tag=bed`,
    `To: <sip:127.0.0.1:${port}>`,
    `Call-ID: ready-${ownPort}@127.0.0.1`,
    'CSeq: 1 OPTIONS',
    'Content-Length: 0',
    '',
    '',
  ].join('\r\n');
}
