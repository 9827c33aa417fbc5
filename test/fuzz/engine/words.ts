import { textOctets } from '../octets-text.ts';
import { flowWords } from '../world/flow-actions.ts';
import { partyNames } from './parties.ts';
import { sceneNames } from './scenes.ts';
import { settingNames } from './settings.ts';

const operations = [
  ...sceneNames.map((name) => `~scene ${name}`),
  ...settingNames.map((name) => `~with ${name}`),
  ...partyNames.flatMap((name) => [`~lose ${name}`, `~mood ${name} 0`, `~mood ${name} 200`, `~call ${name}`]),
  ...flowWords,
  ...[100, 180, 183, 200, 302, 401, 404, 407, 408, 422, 430, 481, 486, 487, 491, 500, 503, 603].map(
    (status) => `~reply same ${status} 0`,
  ),
  ...[403, 404, 405, 422, 430, 481, 491, 500, 501, 503].map((status) => `~mood hop ${status}`),
  ...['INVITE', 'ACK', 'BYE', 'CANCEL', 'UPDATE', 'INFO', 'PRACK', 'OPTIONS', 'MESSAGE', 'REFER'].flatMap((method) => [
    `~ask hop 0 ${method}`,
    `~ask stranger 1 ${method}`,
  ]),
  ...[
    'from hop',
    'from stranger',
    'again hop 0',
    'again stranger 0',
    'echo hop 0',
    'echo stranger 0',
    'cancel hop',
  ].map((words) => `~${words}`),
  '~zeal idle',
  '~zeal good',
  ...['invite', 'invite forks', 'invite bodyless offers', 'invite expires', 'cancel 0', 'abandon 0', 'ring 0 79'].map(
    (words) => `~tell ${words}`,
  ),
  ...['ring 0 82 reliable body', 'answer 0', 'refuse 0 186', 'respond 0 0 body', 'answer-offer 0', 'bye 0'].map(
    (words) => `~tell ${words}`,
  ),
  ...['request 0 INFO', 'request 0 INFO confirm', 'request 0 INVITE other', 'request 0 UPDATE other', 'heal 0'].map(
    (words) => `~tell ${words}`,
  ),
  ...['heal-all', 'relate 0 g', 'media 0 dead', 'media 0 alive', 'registration 0 ok', 'registration 0 fail'].map(
    (words) => `~tell ${words}`,
  ),
  ...['route-status 0', 'export 0', 'release 0', 'adopt 0', 'hops none', 'hops', 'drain'].map(
    (words) => `~tell ${words}`,
  ),
];

const lines = [
  'Supported: ms-dialog-route-set-update',
  'Record-Route: <sip:10.0.0.2:5060;lr>',
  'Record-Route: <sip:10.0.0.3:5060;transport=tcp;lr>',
  'Record-Route: <sip:192.0.2.66;lr>',
  'Record-Route: <sip:10.0.0.2>',
  'Contact: <sip:192.0.2.66:6666>',
  'Contact: <sips:10.0.0.2>',
  'P-Dialog-Recovery-Action: Dialog-Route-Set-Update',
  'P-Dialog-Recovery-Action: Wait-For-Session-Update',
  'P-Dialog-Recovery-Action: Registration-Route-Set-Update, Dialog-Route-Set-Update',
  'Retry-After: 1',
  'Require: 100rel\nRSeq: 1',
  'Replaces: {c};to-tag={n};from-tag={f}',
  'Authorization: {proof}',
  'WWW-Authenticate: Digest realm="x", nonce="m", qop="auth"',
  'Proxy-Authenticate: Digest realm="y", nonce="m", algorithm=SHA-256, stale=true',
  'Session-Expires: 90;refresher=uas',
  'Session-Expires: 90;refresher=uac',
  'Min-SE: 120',
  'Date: Wed, 01 Jan 2025 00:00:01 GMT',
  'To: <sip:bob@10.0.0.2>;tag=fork',
  '-Contact',
  '-Record-Route',
  '-Allow',
  '-Supported',
  '\n\nv=0\r\ns=new',
];

/** What programs for an engine are made of. */
export const engineWords: readonly Uint8Array[] = [...operations, ...lines].map((line) => textOctets(`${line}\n`));
