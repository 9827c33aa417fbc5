/** The public surface of the ground floor: sockets, a network in memory, and clocks. */

export type { Endpoint } from './address.ts';
export { systemClock, VirtualClock } from './clock.ts';
export type {
  Address,
  Clock,
  FlowId,
  MessageFault,
  OpenTransport,
  Protocol,
  Transport,
  TransportContext,
  TransportFailure,
  TransportListener,
} from './contract.ts';
export { TransportError } from './contract.ts';
export type { Datagram, Fate, MemoryNetwork, MemoryNetworkOptions, NetworkConditions } from './memory.ts';
export { memoryNetwork } from './memory.ts';
export type { TcpOptions } from './tcp.ts';
export { tcp } from './tcp.ts';
export type { UdpOptions } from './udp.ts';
export { udp } from './udp.ts';
