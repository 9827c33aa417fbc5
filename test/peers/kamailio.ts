import { createSocket, type Socket } from 'node:dgram';
import { refuseIfBound } from './ports.ts';
import { ProgramGroup } from './program-group.ts';
import { programPath } from './programs.ts';
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
  /** `edge` only: it listens for TCP as well, on the same port. */
  readonly tcp?: boolean;
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
  await refuseIfBound(options.port);
  const group = ProgramGroup.start(programPath('kamailio'), (folder) => ({ args: argumentsFor(options, folder) }));
  const probe = new Probe(options.port);
  try {
    const first = await group.settled(probe.answered, options.signal ?? AbortSignal.timeout(10_000));
    if (first !== 'ready') throw new Error(`kamailio ended instead of listening:\n${first.complaints}`);
  } finally {
    probe.stop();
  }
  return {
    pid: group.pid,
    port: options.port,
    freeze: () => group.signal('SIGSTOP'),
    thaw: () => group.signal('SIGCONT'),
    kill: () => group.kill(),
  };
}

function argumentsFor(
  { config, port, uas, finalResponseMs = 2000, routeState, tcp = false }: KamailioOptions,
  folder: string,
): string[] {
  const uasArguments = uas === undefined ? [] : ['-A', 'WITH_UAS', `--substdefs=!UAS_ADDRESS!${uas}!g`];
  const stateArguments = routeState === undefined ? [] : ['-A', 'WITH_430', `--substdefs=!ROUTE_STATE!${routeState}!g`];
  const tcpArguments = tcp ? ['-A', 'WITH_TCP', '-l', `tcp:127.0.0.1:${port}`] : [];
  return [
    ...['-f', bedFile('kamailio', `${config}.cfg`), '-DD', '-E', '-m', '64', '-M', '4'],
    ...['-w', folder, '-Y', folder, '-P', `${folder}/pid`, '-l', `udp:127.0.0.1:${port}`],
    ...['-A', `FR_TIMER_MS=${finalResponseMs}`, ...tcpArguments, ...uasArguments, ...stateArguments],
  ];
}

/** Sends OPTIONS until one is answered. An ICMP error on the way means no more than silence. */
class Probe {
  readonly answered: Promise<void>;
  readonly #socket: Socket = createSocket('udp4');
  readonly #asking: NodeJS.Timeout;

  constructor(port: number) {
    this.#socket.on('error', () => undefined);
    this.#socket.bind(0, '127.0.0.1');
    this.answered = new Promise((resolve) => this.#socket.once('message', () => resolve()));
    this.#asking = setInterval(() => {
      const request = optionsRequest(port, this.#socket.address().port);
      this.#socket.send(request, port, '127.0.0.1', () => undefined);
    }, 20);
  }

  stop(): void {
    clearInterval(this.#asking);
    this.#socket.close();
  }
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
