import type { Address, FlowId } from '../../core/contract.ts';
import { DialogColumns } from '../../core/dialog/columns.ts';
import { Writer } from '../../core/message/write.ts';
import type { Hop } from '../../core/recovery/hop.ts';
import { Hops, type ListedHop } from '../../core/recovery/hops.ts';
import { Wheel } from '../../core/time/wheel.ts';

export const at = (port: number): Address => ({ protocol: 'udp', host: '192.0.2.1', port });
export const weighed = (...ports: number[]): ListedHop[] => ports.map((port) => ({ address: at(port), weight: 1 }));

/** Hops over a wheel; every flow that is asked for can be opened, and what is asked of the flows is written down. */
export interface HopGround {
  readonly hops: Hops;
  readonly wheel: Wheel;
  readonly log: string[];
  readonly opens: Map<number, Address>;
  readonly used: Set<FlowId>;
  /** Answers each `open`; a flow has the number of its port. */
  openAll(): void;
  run(ms: number): void;
}

export function table(): HopGround {
  const wheel = new Wheel({ nowMs: 0 });
  const log: string[] = [];
  const opens = new Map<number, Address>();
  const used = new Set<FlowId>();
  const hops = new Hops({
    columns: new DialogColumns(64),
    probing: true,
    probeIntervalMs: 375,
    allowDirect: false,
    healingRoute: '',
    wheel,
    writer: new Writer(),
    local: () => at(5060),
    speaks: () => true,
    token: () => 'token',
    branch: () => 'z9hG4bKprobe.00b',
    outlet: {
      send: (flow) => void log.push(`send ${flow}`),
      open: (openId, remote) => {
        log.push(`open ${remote.port}`);
        opens.set(openId, remote);
      },
      close: (flow) => void log.push(`close ${flow}`),
    },
    user: {
      hopLost: (hop, cause) => void log.push(`lost ${hop.address.port} ${cause}`),
      hopReturned: (hop) => void log.push(`returned ${hop.address.port}`),
      hopFree: (hop) => void log.push(`free ${hop.address.port}`),
      uses: (flow) => used.has(flow),
    },
  });
  const openAll = (): void => {
    for (const [openId, remote] of opens) hops.flowOpened(remote.port as FlowId, remote, openId);
    opens.clear();
  };
  const run = (ms: number): void => {
    for (let left = ms; left > 0; left--) wheel.advance(wheel.nowMs + 1);
  };
  return { hops, wheel, log, opens, used, openAll, run };
}

export function hopAt(hops: Hops, port: number): Hop {
  const hop = hops.forAddress(at(port));
  if (hop === undefined) throw new Error('no hop');
  return hop;
}
