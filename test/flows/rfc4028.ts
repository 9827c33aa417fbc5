import type { Flow } from './flow.ts';

/**
 * Two proxies ask for a longer interval, one after the other; Alice refreshes once and then is gone. Without TLS, and Alice's CSeq
 * begins with 1. @see RFC 4028 §13 figure 1
 */
export const sessionTimerFlow: Flow = {
  name: 'RFC 4028 §13',
  callId: 'a84b4c76e66710',
  tags: { Alice: '1928301774', Bob: '9as888nd', P1: '9a8kz' },
  hosts: { Alice: 'pc33.atlanta.example.com', Bob: '192.0.2.4' },
  rows: `
    F1 INVITE Alice > P1 | sdp | Supported: timer | Session-Expires: 50
    F2 422 INVITE P1 > Alice | Min-SE: 3600
    F3 ACK Alice > P1
    F4 INVITE Alice > P1 | sdp | Supported: timer | Session-Expires: 3600 | Min-SE: 3600
    F5 INVITE P1 > P2 | record-route
    F6 422 INVITE P2 > P1 | Min-SE: 4000
    F7 ACK P1 > P2
    F8 422 INVITE P1 > Alice
    F9 ACK Alice > P1
    F10 INVITE Alice > P1 | sdp | Supported: timer | Session-Expires: 4000 | Min-SE: 4000
    F11 INVITE P1 > P2 | record-route
    F12 INVITE P2 > Bob
    F13 200 INVITE Bob > P2 | sdp | Supported: timer | Require: timer | Session-Expires: 4000;refresher=uac | Allow: INVITE, ACK, BYE, UPDATE
    F14 200 INVITE P2 > P1
    F15 200 INVITE P1 > Alice
    F16 ACK Alice > P1
    F17 ACK P1 > Bob
    F18 UPDATE Alice > P1 | Supported: timer | Session-Expires: 4000;refresher=uac
    F19 UPDATE P1 > Bob
    F20 200 UPDATE Bob > P1 | Require: timer | Session-Expires: 4000;refresher=uac
    F21 200 UPDATE P1 > Alice
    F22 BYE Bob > P1
    F23 BYE P1 > Alice
    F24 408 BYE P1 > Bob`,
};
