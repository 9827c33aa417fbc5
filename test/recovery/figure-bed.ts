import * as assert from 'uvu/assert';
import { createEdge, type EdgeHost } from '../../core/create-edge.ts';
import { createStack, type Dialog, type RecoveryMode, type Stack } from '../../core/index.ts';
import {
  memoryNetwork,
  type Protocol,
  systemClock,
  type Transport,
  tcp,
  udp,
  VirtualClock,
} from '../../transport/index.ts';
import { HandClock } from '../hand-clock.ts';
import { JumpClock } from '../jump-clock.ts';
import { type Tap, tap } from '../tap.ts';

/** The cast of the figures: an application on UCMA's side, the server, and the remote end, with a call between them. */
export interface FigureBed {
  /** What arrives where, and what the application sees, in order; without probes. */
  readonly log: string[];
  readonly near: Stack;
  readonly far: Stack;
  readonly server: EdgeHost;
  readonly serverTap: Tap;
  readonly serverClock: HandClock;
  readonly nearClock: JumpClock;
  readonly farClock: JumpClock;
  readonly nearPort: number;
  readonly farPort: number;
  readonly dialog: Dialog;
  /** Called with each line as it is written. */
  onLine: (line: string) => void;
  /** Passes time until the log holds this line so many times. */
  until(line: string, times?: number): Promise<void>;
  /** Lets everybody take what was deferred to a later turn. */
  turns(): Promise<void>;
  /** Sends an INFO from the application and writes down what becomes of it. */
  sendInfo(): void;
  /** Compares the log: in virtual time as a whole; else the messages and what the application saw, each in their order. */
  assertLog(expected: readonly string[]): void;
  /** Ends the call, passes every timer, and sees that nothing is left. */
  finish(): Promise<void>;
}

export interface FigureOptions {
  /** The remote end heals by itself, or waits to be healed. */
  readonly far: RecoveryMode;
  readonly sessionIntervalS?: number;
}

/** A network, with a clock that can be waited on. */
interface Ground {
  readonly clock: VirtualClock | typeof systemClock;
  readonly protocol: Protocol;
  readonly host: string;
  transport(): Transport;
  settle(done: () => boolean, woken: (wake: () => void) => void): Promise<void>;
  /** Passes every timer that is armed. */
  idle(clocks: readonly JumpClock[]): Promise<void>;
}

export function virtualGround(protocol: Protocol): Ground {
  const clock = new VirtualClock();
  const network = memoryNetwork({ clock, seed: 1, delayMs: 1 });
  return {
    clock,
    protocol,
    host: '10.0.0.1',
    transport: () => network[protocol]({ host: '10.0.0.1', port: 0 }),
    settle: async (done) => {
      for (let ms = 0; !done() && ms < 60_000; ms++) await clock.run(1);
    },
    idle: () => clock.runUntilIdle(),
  };
}

export function realGround(protocol: Protocol): Ground {
  return {
    clock: systemClock,
    protocol,
    host: '127.0.0.1',
    transport: () => (protocol === 'udp' ? udp : tcp)({ host: '127.0.0.1', port: 0 }),
    settle: async (done, woken) => {
      const guard = AbortSignal.timeout(20_000);
      let wake = (): void => {};
      guard.addEventListener('abort', () => wake(), { once: true });
      while (!done() && !guard.aborted) {
        await new Promise<void>((resolve) => {
          wake = resolve;
          woken(resolve);
        });
      }
    },
    // Timers that those of the first minute arm, such as a transaction's last one, fall due in the second.
    idle: async (clocks) => {
      for (const clock of [...clocks, ...clocks]) clock.jump(60_000);
    },
  };
}

export async function figureBed(ground: Ground, options: FigureOptions): Promise<FigureBed> {
  const log: string[] = [];
  const names = new Map<number, string>();
  let wake = (): void => {};
  const note = (line: string): void => {
    log.push(line);
    bed.onLine(line);
    wake();
  };
  const tapped = (name: string): Tap =>
    tap(ground.transport(), (fromPort, text) => {
      if (!/^CSeq: \d+ OPTIONS/m.test(text)) note(`${names.get(fromPort)} > ${name} ${summary(text)}`);
    });
  const serverClock = new HandClock(ground.clock);
  const nearClock = new JumpClock(ground.clock);
  const farClock = new JumpClock(ground.clock);
  const serverTap = tapped('server');
  const until = async (line: string, times = 1): Promise<void> => {
    const done = (): boolean => log.filter((entry) => entry === line).length >= times;
    await ground.settle(done, (resolve) => {
      wake = resolve;
    });
    assert.ok(done(), `'${line}' ${times} times in:\n${log.join('\n')}`);
  };

  const server = await createEdge({ transports: [serverTap.transport], clients: [ground.host], clock: serverClock });
  const uriOf = (port: number, user = ''): string =>
    `sip:${user}${ground.host}:${port}${ground.protocol === 'udp' ? '' : `;transport=${ground.protocol}`}`;
  const hops = [uriOf(server.local.port)];
  const sessionTimer = { intervalS: options.sessionIntervalS ?? 1800 };
  const far = await createStack({
    transports: [tapped('far').transport],
    clock: farClock,
    hops,
    sessionTimer,
    recovery: { mode: options.far },
    application: {
      onCall: (call) => void call.answer({ body: 'v=0\r\no=far 1 1 IN IP4 0.0.0.0\r\ns=-\r\n' }),
      onRouteStatus: (_dialog, { status }) => note(`far ${status}`),
    },
  });
  const near = await createStack({
    transports: [tapped('near').transport],
    clock: nearClock,
    hops,
    sessionTimer,
    application: { onRouteStatus: (_dialog, { status }) => note(status) },
  });
  const portOf = (stack: { readonly locals: Stack['locals'] }): number => stack.locals[0]?.port ?? 0;
  names.set(portOf(near), 'near').set(portOf(far), 'far').set(server.local.port, 'server');

  let dialog: Dialog | undefined;
  const bed: Omit<FigureBed, 'dialog'> = {
    log,
    near,
    far,
    server,
    serverTap,
    serverClock,
    nearClock,
    farClock,
    nearPort: portOf(near),
    farPort: portOf(far),
    onLine: () => {},
    until,
    turns: async () => {
      let turned = false;
      const turn = (left: number): void => {
        if (left > 0) ground.clock.defer(() => turn(left - 1));
        else {
          turned = true;
          wake();
        }
      };
      turn(4);
      await ground.settle(
        () => turned,
        (resolve) => {
          wake = resolve;
        },
      );
    },
    sendInfo: () => {
      dialog?.request('INFO').then(
        ({ status }) => note(`INFO succeeded ${status}`),
        (error) => note(`INFO failed ${error.message}${error.cause ? ` because of ${error.cause.message}` : ''}`),
      );
    },
    assertLog: (expected) => {
      if (ground.clock instanceof VirtualClock) {
        assert.equal(log, expected);
        return;
      }
      for (const isMessage of [true, false]) {
        const side = (line: string): boolean => line.includes(' > ') === isMessage;
        assert.equal(log.filter(side), expected.filter(side));
      }
    },
    finish: async () => {
      dialog?.bye().then(() => note('BYE done'));
      await until('BYE done');
      await ground.idle([nearClock, farClock]);
      for (const stack of [near, far]) {
        stack.counts().then(
          (counts) =>
            note(
              `left ${Object.entries(counts)
                .filter(([name, count]) => name !== 'healedRequests' && count !== 0)
                .join(' ')}`,
            ),
          (error) => note(String(error)),
        );
      }
      await until('left ', 2);
      await Promise.all([near.destroy(), far.destroy(), server.close()]);
    },
  };
  near.invite(uriOf(portOf(far), 'bob@'), { body: 'v=0\r\no=near 1 1 IN IP4 0.0.0.0\r\ns=-\r\n' }).then(
    (established) => {
      dialog = established;
      note('established');
    },
    (error) => note(`call failed ${error.message}`),
  );
  await until('established');
  await until('server > far ACK');
  await bed.turns();
  // Past 64*T1 nobody minds whether the ACK has come.
  for (const clock of [nearClock, farClock]) clock.jump(33_000);
  log.length = 0;
  if (dialog === undefined) throw new Error('no dialog');
  return Object.assign(bed, { dialog });
}

/** A response to a request, as a server or an endpoint without further interest in it makes one. */
export function refusal(request: string, status: number, reason: string): string {
  const lines = request.split('\r\n').filter((line) => /^(Via|From|To|Call-ID|CSeq):/.test(line));
  return [`SIP/2.0 ${status} ${reason}`, ...lines, 'Content-Length: 0', '', ''].join('\r\n');
}

/** `INFO`, or `200 INFO`, and what a 430 asks for. */
function summary(text: string): string {
  const [first = ''] = text.split('\r\n', 1);
  if (!first.startsWith('SIP/2.0 ')) {
    const route = /^Route: /im.test(text) ? '' : ' route-less';
    const [method = ''] = first.split(' ', 1);
    return method === 'UPDATE' ? `${method}${route}` : method;
  }
  const method = /^CSeq: \d+ (\S+)/m.exec(text)?.[1] ?? '';
  const action = /^P-Dialog-Recovery-Action: (.*)$/im.exec(text)?.[1];
  return `${first.split(' ')[1]} ${method}${action === undefined ? '' : ` ${action.trim()}`}`;
}
