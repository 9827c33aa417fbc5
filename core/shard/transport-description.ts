import type { Transport } from '../../transport/contract.ts';
import { tcp } from '../../transport/tcp.ts';
import { udp } from '../../transport/udp.ts';
import { UsageError } from '../errors.ts';

/** A transport as plain data, which another thread makes it of again. */
export interface TransportDescription {
  readonly protocol: 'udp' | 'tcp';
  readonly host: string;
  readonly port: number;
}

/** Describes transports for other threads. @throws UsageError where one was made neither by `udp` nor by `tcp` */
export function descriptionsOf(transports: readonly Transport[]): TransportDescription[] {
  return transports.map((transport, index) => {
    if (!kinds.includes(transport.constructor)) {
      throw new UsageError(`transports[${index}]: shards in threads of their own take what udp() or tcp() made.`);
    }
    return { ...transport } as unknown as TransportDescription;
  });
}

export function transportOf(description: TransportDescription): Transport {
  return description.protocol === 'udp' ? udp(description) : tcp(description);
}

const anywhere = { host: '127.0.0.1', port: 0 };
const kinds = [udp(anywhere).constructor, tcp(anywhere).constructor];
