import * as assert from 'uvu/assert';
import { createStack, type Dialog, type RecoveryMode, type RouteStatus, type Stack } from '../../core/index.ts';
import { tcp, udp } from '../../transport/index.ts';

export const host = '127.0.0.1';

export const description = `v=0\r\no=- 1 1 IN IP4 ${host}\r\ns=-\r\nc=IN IP4 ${host}\r\nt=0 0\r\nm=audio 6000 RTP/AVP 0\r\n`;

export type Protocol = 'udp' | 'tcp';

/** A URI of this machine. */
export function localUri(port: number, protocol: Protocol = 'udp', user?: string): string {
  return `sip:${user === undefined ? '' : `${user}@`}${host}:${port}${protocol === 'udp' ? '' : `;transport=${protocol}`}`;
}

/** One end of a call, and what it sees. */
export interface End {
  readonly stack: Stack;
  readonly uri: string;
  readonly seen: string[];
  readonly statuses: RouteStatus[];
  /** The dialogs that it answered into. */
  readonly answered: Dialog[];
  /** Resolves when `seen` holds this so many times. */
  sees(what: string, times?: number): Promise<void>;
}

/** Opens a stack that answers every call and every request. */
export async function openEnd(
  hops: readonly string[],
  options: { readonly mode?: RecoveryMode; readonly protocol?: Protocol } = {},
): Promise<End> {
  const { mode = 'maximum', protocol = 'udp' } = options;
  const seen: string[] = [];
  const statuses: RouteStatus[] = [];
  const answered: Dialog[] = [];
  let wake = (): void => {};
  const note = (what: string): void => {
    seen.push(what);
    wake();
  };
  const stack = await createStack({
    transports: [protocol === 'udp' ? udp({ host, port: 0 }) : tcp({ host, port: 0 })],
    hops,
    recovery: { mode },
    application: {
      onCall: (call) =>
        void call.answer({ body: description }).then((dialog) => {
          answered.push(dialog);
          note('answered');
        }),
      onRequest: (request) => {
        request.respond(200);
        note(`request ${request.method}`);
      },
      onRouteStatus: (_dialog, routeStatus) => {
        statuses.push(routeStatus);
        note(routeStatus.status);
      },
      onEnded: (_dialog, by, reason) => note(`ended ${by} ${reason}`),
    },
  });
  const sees = async (what: string, times = 1): Promise<void> => {
    const guard = AbortSignal.timeout(30_000);
    guard.addEventListener('abort', () => wake(), { once: true });
    while (seen.filter((each) => each === what).length < times) {
      assert.not(guard.aborted, `'${what}' ${times} times among: ${seen.join(', ')}`);
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
  };
  return { stack, uri: localUri(stack.locals[0]?.port ?? 0, protocol, 'end'), seen, statuses, answered, sees };
}
