import type { Socket } from 'node:dgram';

/** The octets asked for; undefined leaves the kernel's default. */
export interface BufferSizes {
  readonly receiveBufferSize: number | undefined;
  readonly sendBufferSize: number | undefined;
}

/** Asks for buffers on a bound socket; gives a sentence for each that the kernel made smaller than asked. */
export function askBuffers(socket: Socket, sizes: BufferSizes): string[] {
  const { receiveBufferSize, sendBufferSize } = sizes;
  const warnings: string[] = [];
  if (receiveBufferSize !== undefined) {
    attempt(() => socket.setRecvBufferSize(receiveBufferSize));
    const granted = usable(socket.getRecvBufferSize());
    if (granted < receiveBufferSize) warnings.push(capped('receive', 'net.core.rmem_max', receiveBufferSize, granted));
  }
  if (sendBufferSize !== undefined) {
    attempt(() => socket.setSendBufferSize(sendBufferSize));
    const granted = usable(socket.getSendBufferSize());
    if (granted < sendBufferSize) warnings.push(capped('send', 'net.core.wmem_max', sendBufferSize, granted));
  }
  return warnings;
}

/** Linux caps the size without a word, others refuse it: either way the size that is there afterwards tells. */
function attempt(set: () => void): void {
  try {
    set();
  } catch {
    // What was granted is read next.
  }
}

/** Linux doubles what is set, for its own bookkeeping, and reports the double. */
function usable(reported: number): number {
  return process.platform === 'linux' ? reported / 2 : reported;
}

function capped(which: 'receive' | 'send', name: string, asked: number, granted: number): string {
  const remedy =
    process.platform === 'linux'
      ? `${name} is ${granted}; raise it with "sysctl -w ${name}=${asked}"`
      : `raise the system's limit to ${asked}`;
  const effect =
    which === 'receive' ? 'what a storm brings beyond it is dropped' : 'messages wait in the process sooner';
  return `asked for a ${which} buffer of ${asked} octets, the kernel gave ${granted}: ${effect}. ${remedy}`;
}
