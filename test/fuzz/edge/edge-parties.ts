import type { Address } from '../../../core/contract.ts';
import { addressOf } from '../../edge/world.ts';

/** How one who gets a request behaves: not at all, as a user agent that is good, or as a proxy that sends back what it gets. */
export type EdgeMood = 'silent' | 'good' | 'mirror' | 'proxy';
export const edgeMoods: readonly EdgeMood[] = ['silent', 'good', 'mirror', 'proxy'];

/** Somebody who has a flow to the edge. */
export interface EdgeParty {
  readonly name: string;
  readonly address: Address;
  /** What its Via says. */
  readonly sentBy: string;
  /** The URI that reaches it. */
  readonly uri: string;
  /** On the list of clients. */
  readonly known: boolean;
  mood: EdgeMood;
}

/** Where the edge is reached. */
export const edgeHost = '10.0.0.1';
export const edgeHost6 = '2001:db8::1';
export const edgeLocals: readonly Address[] = [
  { protocol: 'udp', host: edgeHost, port: 5060 },
  { protocol: 'tcp', host: edgeHost, port: 5060 },
  { protocol: 'udp', host: edgeHost6, port: 5060 },
];

/** The list of who may ask for what they want. */
export const edgeClients: readonly string[] = [
  '10.0.1.1',
  '10.0.2.2:5080',
  '10.0.3.3',
  '10.0.4.4:5060',
  '[2001:db8::6]',
];

/** In this order inputs number them. */
export const edgePartyNames = ['alice', 'bob', 'carol', 'dave', 'six', 'far', 'stranger', 'intruder'] as const;

export const defaultTarget = 'bob';

/** Each of a new world. */
export function edgeParties(): readonly EdgeParty[] {
  return [
    party('alice', addressOf('10.0.1.1:5070'), true),
    party('bob', addressOf('10.0.2.2:5080'), true),
    // One who connects, and one to whom the edge does.
    party('carol', addressOf('tcp:10.0.3.3:40001'), true),
    party('dave', addressOf('tcp:10.0.4.4:5060'), true),
    party('six', { protocol: 'udp', host: '2001:db8::6', port: 5060 }, true),
    party('far', addressOf('10.0.7.7:5070'), false),
    party('stranger', addressOf('192.0.2.66:6666'), false),
    party('intruder', addressOf('tcp:192.0.2.66:7777'), false),
  ];
}

function party(name: string, address: Address, known: boolean): EdgeParty {
  const { protocol, host, port } = address;
  const sentBy = `${host.includes(':') ? `[${host}]` : host}:${port}`;
  const uri = `sip:${name}@${sentBy}${protocol === 'udp' ? '' : `;transport=${protocol}`}`;
  return { name, address, sentBy, uri, known, mood: 'good' };
}
