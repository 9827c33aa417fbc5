import type { Address } from '../../../core/contract.ts';

/** Where the engine is reached. */
export const ownHost = '10.0.0.1';

/** What strangers come from: no message but theirs says it, unless an input has a hop say it. */
export const strangerHost = '192.0.2.66';

/** How one who is asked answers. */
export interface Mood {
  /** 0: not at all. 200: as a good peer. */
  readonly status: number;
  /** Changes of the answer. */
  readonly changes: string;
}

/** Somebody who has a flow to the engine. */
export interface Party {
  readonly name: string;
  readonly address: Address;
  /** What its Via says. */
  readonly sentBy: string;
  /** The URI that reaches it. */
  readonly uri: string;
  /** A hop of the list. */
  readonly listed: boolean;
  /** It may send what it wants, and is never to be believed. */
  readonly isStranger: boolean;
  mood: Mood;
}

export const good: Mood = { status: 200, changes: '' };
export const silent: Mood = { status: 0, changes: '' };

/** In this order inputs number them. */
export const partyNames = ['hop', 'stream', 'peer', 'stranger', 'intruder', 'inbound'] as const;

/** One that no input can touch: the witness's. */
export const guardName = 'guard';
/** Its call. */
export const guardCallId = 'witness';

/** Each of a new world. */
export function parties(): readonly Party[] {
  return [
    party('hop', 'udp', '10.0.0.2', 5060, { listed: true }),
    party('stream', 'tcp', '10.0.0.3', 5060, { listed: true }),
    party('peer', 'udp', '10.0.0.4', 5060, {}),
    party('stranger', 'udp', strangerHost, 6666, { isStranger: true }),
    party('intruder', 'tcp', strangerHost, 7777, { isStranger: true }),
    // The stream's machine, by a connection that it has opened itself.
    party('inbound', 'tcp', '10.0.0.3', 40_000, { sentBy: '10.0.0.3:5060' }),
    party(guardName, 'udp', '10.0.0.5', 5060, {}),
  ];
}

function party(
  name: string,
  protocol: 'udp' | 'tcp',
  host: string,
  port: number,
  more: { readonly listed?: boolean; readonly isStranger?: boolean; readonly sentBy?: string },
): Party {
  const { listed = false, isStranger = false, sentBy = `${host}:${port}` } = more;
  const uri = `sip:${sentBy}${protocol === 'udp' ? '' : ';transport=tcp'}`;
  return {
    name,
    address: { protocol, host, port },
    sentBy,
    uri,
    listed,
    isStranger,
    mood: isStranger ? silent : good,
  };
}
