import type { Flow } from './flow.ts';

const callId = '2xTb9vxSit55XU7p8@atlanta.example.com';
const users = { Alice: '9fxced76sl', Bob: '314159' } as const;

/** The flows of sessions, by their sections. @see RFC 3665 §3 */
export const flows: ReadonlyMap<string, Flow> = new Map(
  [
    {
      name: '3.1',
      callId: '3848276298220188511@atlanta.example.com',
      tags: { ...users, Bob: '8321234356' },
      rows: `
        F1 INVITE Alice > Bob | sdp
        F2 180 INVITE Bob > Alice
        F3 200 INVITE Bob > Alice | sdp
        F4 ACK Alice > Bob
        F5 BYE Bob > Alice
        F6 200 BYE Alice > Bob`,
    },
    {
      name: '3.2',
      callId: '3848276298220188511@atlanta.example.com',
      tags: { ...users, 'Proxy 1': '3flal12sf' },
      rows: `
        F1 INVITE Alice > Proxy 1 | sdp | route
        F2 407 INVITE Proxy 1 > Alice
        F3 ACK Alice > Proxy 1
        F4 INVITE Alice > Proxy 1 | sdp | route | credentials atlanta.example.com
        F5 INVITE Proxy 1 > Proxy 2 | record-route
        F6 100 INVITE Proxy 1 > Alice
        F7 INVITE Proxy 2 > Bob | record-route
        F8 100 INVITE Proxy 2 > Proxy 1
        F9 180 INVITE Bob > Proxy 2
        F10 180 INVITE Proxy 2 > Proxy 1
        F11 180 INVITE Proxy 1 > Alice
        F12 200 INVITE Bob > Proxy 2 | sdp
        F13 200 INVITE Proxy 2 > Proxy 1
        F14 200 INVITE Proxy 1 > Alice
        F15 ACK Alice > Proxy 1
        F16 ACK Proxy 1 > Proxy 2
        F17 ACK Proxy 2 > Bob
        F18 BYE Bob > Proxy 2
        F19 BYE Proxy 2 > Proxy 1
        F20 BYE Proxy 1 > Alice
        F21 200 BYE Alice > Proxy 1
        F22 200 BYE Proxy 1 > Proxy 2
        F23 200 BYE Proxy 2 > Bob`,
    },
    {
      name: '3.3',
      callId,
      tags: { ...users, Bob: '9103874', 'Proxy 1': '876321', 'Proxy 2': '838209' },
      rows: `
        F1 INVITE Alice > Proxy 1 | sdp | route
        F2 407 INVITE Proxy 1 > Alice
        F3 ACK Alice > Proxy 1
        F4 INVITE Alice > Proxy 1 | sdp | route | credentials atlanta.example.com
        F5 100 INVITE Proxy 1 > Alice
        F6 INVITE Proxy 1 > Proxy 2 | record-route
        F7 407 INVITE Proxy 2 > Proxy 1
        F8 ACK Proxy 1 > Proxy 2
        F9 407 INVITE Proxy 1 > Alice
        F10 ACK Alice > Proxy 1
        F11 INVITE Alice > Proxy 1 | sdp | route | credentials atlanta.example.com | credentials biloxi.example.com
        F12 100 INVITE Proxy 1 > Alice
        F13 INVITE Proxy 1 > Proxy 2 | record-route
        F14 100 INVITE Proxy 2 > Proxy 1
        F15 INVITE Proxy 2 > Bob | record-route
        F16 200 INVITE Bob > Proxy 2 | sdp
        F17 200 INVITE Proxy 2 > Proxy 1
        F18 200 INVITE Proxy 1 > Alice
        F19 ACK Alice > Proxy 1
        F20 ACK Proxy 1 > Proxy 2
        F21 ACK Proxy 2 > Bob`,
    },
    {
      name: '3.4',
      callId,
      tags: { ...users, 'Proxy 2': '2421452' },
      rows: `
        F1 INVITE Alice > Proxy 1 | sdp | route
        F2 INVITE Alice > Proxy 1 | again
        F3 INVITE Alice > Proxy 1 | again
        F4 INVITE Alice > Proxy 1 | again
        F5 INVITE Alice > Proxy 1 | again
        F6 INVITE Alice > Proxy 1 | again
        F7 INVITE Alice > Proxy 1 | again
        F8 INVITE Alice > Proxy 2 | sdp | Call-ID: 4Fde34wkd11wsGFDs3@atlanta.example.com
        F9 407 INVITE Proxy 2 > Alice
        F10 ACK Alice > Proxy 2
        F11 INVITE Alice > Proxy 2 | sdp | credentials biloxi.example.com
        F12 INVITE Proxy 2 > Bob | record-route
        F13 100 INVITE Proxy 2 > Alice
        F14 180 INVITE Bob > Proxy 2
        F15 180 INVITE Proxy 2 > Alice
        F16 200 INVITE Bob > Proxy 2 | sdp
        F17 200 INVITE Proxy 2 > Alice
        F18 ACK Alice > Proxy 2
        F19 ACK Proxy 2 > Bob
        F20 BYE Bob > Proxy 2
        F21 BYE Proxy 2 > Alice
        F22 200 BYE Alice > Proxy 2
        F23 200 BYE Proxy 2 > Bob`,
    },
    {
      name: '3.5',
      callId,
      tags: users,
      rows: `
        F1 INVITE Alice > SIP ALG | sdp | route | credentials biloxi.example.com
        F2 INVITE SIP ALG > Proxy 2 | record-route | sdp at 192.0.2.128
        F3 100 INVITE SIP ALG > Alice
        F4 INVITE Proxy 2 > Bob
        F5 100 INVITE Proxy 2 > SIP ALG
        F6 180 INVITE Bob > Proxy 2
        F7 180 INVITE Proxy 2 > SIP ALG
        F8 180 INVITE SIP ALG > Alice
        F9 200 INVITE Bob > Proxy 2 | sdp
        F10 200 INVITE Proxy 2 > SIP ALG
        F11 200 INVITE SIP ALG > Alice | sdp at 192.0.2.128
        F12 ACK Alice > SIP ALG
        F13 ACK SIP ALG > Bob
        F14 BYE Alice > SIP ALG
        F15 BYE SIP ALG > Bob
        F16 200 BYE Bob > SIP ALG
        F17 200 BYE SIP ALG > Alice`,
    },
    {
      name: '3.6',
      callId,
      tags: { ...users, 'Redirect Server': '53fHlqlQ2' },
      hosts: { Bob: 'client.chicago.example.com' },
      rows: `
        F1 INVITE Alice > Redirect Server
        F2 302 INVITE Redirect Server > Alice | Contact: <sip:bob@chicago.example.com>
        F3 ACK Alice > Redirect Server
        F4 INVITE Alice > Proxy 3
        F5 INVITE Proxy 3 > Bob | record-route
        F6 100 INVITE Proxy 3 > Alice
        F7 180 INVITE Bob > Proxy 3
        F8 180 INVITE Proxy 3 > Alice
        F9 200 INVITE Bob > Proxy 3 | sdp
        F10 200 INVITE Proxy 3 > Alice
        F11 ACK Alice > Proxy 3 | sdp
        F12 ACK Proxy 3 > Bob
        F13 BYE Bob > Proxy 3
        F14 BYE Proxy 3 > Alice
        F15 200 BYE Alice > Proxy 3
        F16 200 BYE Proxy 3 > Bob`,
    },
    {
      name: '3.7',
      callId,
      tags: users,
      rows: `
        F1 INVITE Alice > Proxy 2 | sdp
        F2 INVITE Proxy 2 > Bob
        F3 100 INVITE Proxy 2 > Alice
        F4 180 INVITE Bob > Proxy 2
        F5 180 INVITE Proxy 2 > Alice
        F6 200 INVITE Bob > Proxy 2 | sdp
        F7 200 INVITE Proxy 2 > Alice
        F8 ACK Alice > Bob
        F9 INVITE Bob > Alice | sdp | at client.chicago.example.com | CSeq 14
        F10 200 INVITE Alice > Bob | sdp
        F11 ACK Bob > Alice
        F12 BYE Alice > Bob
        F13 200 BYE Bob > Alice`,
    },
    {
      name: '3.8',
      callId,
      tags: users,
      rows: `
        F1 INVITE Alice > Proxy 1 | sdp | route | credentials atlanta.example.com
        F2 INVITE Proxy 1 > Proxy 2 | record-route
        F3 100 INVITE Proxy 1 > Alice
        F4 INVITE Proxy 2 > Bob | record-route
        F5 100 INVITE Proxy 2 > Proxy 1
        F6 180 INVITE Bob > Proxy 2
        F7 180 INVITE Proxy 2 > Proxy 1
        F8 180 INVITE Proxy 1 > Alice
        F9 CANCEL Alice > Proxy 1
        F10 200 CANCEL Proxy 1 > Alice
        F11 CANCEL Proxy 1 > Proxy 2
        F12 200 CANCEL Proxy 2 > Proxy 1
        F13 CANCEL Proxy 2 > Bob
        F14 200 CANCEL Bob > Proxy 2
        F15 487 INVITE Bob > Proxy 2
        F16 ACK Proxy 2 > Bob
        F17 487 INVITE Proxy 2 > Proxy 1
        F18 ACK Proxy 1 > Proxy 2
        F19 487 INVITE Proxy 1 > Alice
        F20 ACK Alice > Proxy 1`,
    },
    {
      name: '3.9',
      callId,
      tags: users,
      rows: `
        F1 INVITE Alice > Proxy 1 | sdp | route | credentials atlanta.example.com
        F2 INVITE Proxy 1 > Proxy 2 | record-route
        F3 100 INVITE Proxy 1 > Alice
        F4 INVITE Proxy 2 > Bob | record-route
        F5 100 INVITE Proxy 2 > Proxy 1
        F6 486 INVITE Bob > Proxy 2
        F7 ACK Proxy 2 > Bob
        F8 486 INVITE Proxy 2 > Proxy 1
        F9 ACK Proxy 1 > Proxy 2
        F10 486 INVITE Proxy 1 > Alice
        F11 ACK Alice > Proxy 1`,
    },
    {
      name: '3.10',
      callId,
      tags: { ...users, 'Proxy 2': '314159' },
      rows: `
        F1 INVITE Alice > Proxy 1 | sdp | route | credentials atlanta.example.com
        F2 INVITE Proxy 1 > Proxy 2 | record-route
        F3 100 INVITE Proxy 1 > Alice
        F4 INVITE Proxy 2 > Bob | record-route
        F5 100 INVITE Proxy 2 > Proxy 1
        F6 INVITE Proxy 2 > Bob | again
        F7 INVITE Proxy 2 > Bob | again
        F8 INVITE Proxy 2 > Bob | again
        F9 INVITE Proxy 2 > Bob | again
        F10 INVITE Proxy 2 > Bob | again
        F11 INVITE Proxy 2 > Bob | again
        F12 480 INVITE Proxy 2 > Proxy 1
        F13 ACK Proxy 1 > Proxy 2
        F14 480 INVITE Proxy 1 > Alice
        F15 ACK Alice > Proxy 1`,
    },
    {
      name: '3.11',
      callId,
      tags: users,
      rows: `
        F1 INVITE Alice > Proxy 1 | sdp | route | credentials atlanta.example.com
        F2 INVITE Proxy 1 > Proxy 2 | record-route
        F3 100 INVITE Proxy 1 > Alice
        F4 INVITE Proxy 2 > Bob | record-route
        F5 100 INVITE Proxy 2 > Proxy 1
        F6 180 INVITE Bob > Proxy 2
        F7 180 INVITE Proxy 2 > Proxy 1
        F8 180 INVITE Proxy 1 > Alice
        F9 480 INVITE Bob > Proxy 2
        F10 ACK Proxy 2 > Bob
        F11 480 INVITE Proxy 2 > Proxy 1
        F12 ACK Proxy 1 > Proxy 2
        F13 480 INVITE Proxy 1 > Alice
        F14 ACK Alice > Proxy 1`,
    },
  ].map((flow: Flow) => [flow.name, { ...flow, name: `RFC 3665 §${flow.name}` }]),
);
