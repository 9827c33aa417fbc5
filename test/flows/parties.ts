/** What the flows know of a party, wherever it is met. */
export interface Party {
  /** Of a user: proxies and redirect servers have none. */
  readonly user?: { readonly display: string; readonly name: string; readonly addressOfRecord: string };
  /** Where it is unless the flow says otherwise. */
  readonly host: string;
  /** Of its challenges. */
  readonly realm?: string;
}

const parties = {
  Alice: {
    user: { display: 'Alice', name: 'alice', addressOfRecord: 'sip:alice@atlanta.example.com' },
    host: 'client.atlanta.example.com',
  },
  Bob: {
    user: { display: 'Bob', name: 'bob', addressOfRecord: 'sip:bob@biloxi.example.com' },
    host: 'client.biloxi.example.com',
  },
  'Proxy 1': { host: 'ss1.atlanta.example.com', realm: 'atlanta.example.com' },
  'Proxy 2': { host: 'ss2.biloxi.example.com', realm: 'biloxi.example.com' },
  'Proxy 3': { host: 'ss3.chicago.example.com' },
  'SIP ALG': { host: 'alg1.atlanta.example.com' },
  'Redirect Server': { host: 'redirect.biloxi.example.com' },
  P1: { host: 'p1.atlanta.example.com' },
  P2: { host: 'p2.biloxi.example.com' },
} as const satisfies Readonly<Record<string, Party>>;

export type PartyName = keyof typeof parties;

export function partyOf(name: PartyName): Party {
  return parties[name];
}

export function isPartyName(text: string): text is PartyName {
  return Object.hasOwn(parties, text);
}

const addresses: ReadonlyMap<string, string> = new Map([
  ['client.atlanta.example.com', '192.0.2.101'],
  ['client.biloxi.example.com', '192.0.2.201'],
  ['client.chicago.example.com', '192.0.2.100'],
  ['ss1.atlanta.example.com', '192.0.2.111'],
  ['ss2.biloxi.example.com', '192.0.2.222'],
  ['ss3.chicago.example.com', '192.0.2.233'],
  ['alg1.atlanta.example.com', '192.0.2.128'],
  ['redirect.biloxi.example.com', '192.0.2.223'],
  ['pc33.atlanta.example.com', '192.0.2.1'],
  ['p1.atlanta.example.com', '192.0.2.2'],
  ['p2.biloxi.example.com', '192.0.2.3'],
]);

/** Where packets of that host come from; a host that is an address is its own. */
export function addressOf(host: string): string {
  return addresses.get(host) ?? host;
}
