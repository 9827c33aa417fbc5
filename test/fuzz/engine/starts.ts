import { octetsText, textOctets } from '../octets-text.ts';
import { startingMessages } from '../starts.ts';
import { sceneNames } from './scenes.ts';
import { settingNames } from './settings.ts';

/** One of so many: what a message is made of is other targets' affair. */
const messagesLeftOut = 8;

/** What may be done to a scene: each with all of them to begin with. */
const deeds = [
  '~tell request 0 INFO\n~tell heal 0\n~wait 500\n',
  '~ask stranger 0 UPDATE\nSupported: ms-dialog-route-set-update\nRecord-Route: <sip:192.0.2.66;lr>\n',
  '~ask hop 0 UPDATE\nSupported: ms-dialog-route-set-update\nRecord-Route: <sip:10.0.0.3;transport=tcp;lr>\n',
  '~ask stranger 0 BYE\n~ask hop 0 BYE\n',
  '~ask hop 0 INVITE\n\nv=0\r\ns=x\r\n~ask hop 0 ACK\n~reply same 200 0\n',
  '~lose hop\n~wait 3000\n~tell bye 0\n',
];

/** Programs to begin with: each setting, each scene with something done to it, and some of the messages that we know from anybody. */
export function engineStarts(): Uint8Array[] {
  const scenes = sceneNames.map((name, at) => `~scene ${name}\n${deeds[at % deeds.length]}`);
  const settings = settingNames.map(
    (name, at) => `~with ${name}\n~scene ${at % 2 === 0 ? 'broken' : 'out'}\n${deeds[0]}`,
  );
  const messages = startingMessages()
    .map(octetsText)
    .filter((_, at) => at % messagesLeftOut === 0);
  return [
    ...single,
    ...scenes,
    ...settings,
    ...messages.map((message, at) => `~scene out\n~from ${at}\n${message}`),
  ].map(textOctets);
}

const single = [
  '~scene out\n~ask stranger 0 UPDATE\nSupported: ms-dialog-route-set-update\nRecord-Route: <sip:a;lr>\n~mood stranger 200\n~ask stranger 0 UPDATE\nSupported: ms-dialog-route-set-update\nRecord-Route: <sip:a;lr>\nAuthorization: {proof}\n',
  '~scene out\n~mood peer 200\n~ask peer 0 UPDATE\nSupported: ms-dialog-route-set-update\nRecord-Route: <sip:10.0.0.4;lr>\n~ask peer 0 UPDATE\nSupported: ms-dialog-route-set-update\nRecord-Route: <sip:10.0.0.4;lr>\nAuthorization: {proof}\n',
  '~mood hop 401\nWWW-Authenticate: Digest realm="x", nonce="n", qop="auth"\n~tell invite\n~mood hop 200\n~wait 100\n',
  '~mood hop 422\nMin-SE: 120\n~tell invite\n~mood hop 200\n~wait 100\n',
  '~scene in\n~echo hop 0\n~echo stranger 1\n~again hop 0\n~again stranger 1\n',
  '~call hop\n~cancel hop\n~call inbound\n~cancel inbound\n~call stranger\n~tell answer\n',
  '~with replaces\n~scene broken\n~mood hop 481\n~wait 5000\n~mood hop 200\n~wait 70000\n',
  '~with replaces\n~scene out\n~call hop\nReplaces: {c};to-tag={n};from-tag={f}\n',
  '~with tight\n~scene out\n~call hop\n~call hop\n~call peer\n~tell invite\n~tell invite\n~tell answer\n',
  '~scene out\n~opens wait\n~lose hop\n~wait 100\n~grant\n~wait 100\n~opens no\n~lose stream\n~wait 4000\n',
  '~scene in\n~head inbound 0\nINVITE sip:x SIP/2.0\r\n~head stranger 1\nOPTIONS x\r\n\r\n',
  '~scene out\n~tell counts\n~tell memory\n~tell route-status 0\n~tell export 0\n~tell heal-all\n~tell drain\n~wait 100\n',
  '~tell invite expires\n~mood hop 0\n~tell invite expires\n~reply hop 180\n~wait 3000\n~tell invite\n~tell cancel 0\n~tell abandon 0\n',
  '~scene asked\n~tell respond 0 0\n~scene reoffered\n~tell respond 0 0 body\n~scene held\n~tell refuse 0 186\n',
  '~scene offered\n~tell answer-offer 0\n~reply hop 200\n~scene offerless\n~tell answer-offer 0 none\n',
];
