/**
 * What dialogs can be in, each as the operations that bring one there: an input makes the states that it wants to meet, and pays for no
 * others.
 */
const texts = {
  out: '~tell invite\n',
  stream: '~mood hop 503\n~tell invite\n~mood hop 200\n',
  early: '~mood hop 0\n~tell invite\n~reply hop 180\n~mood hop 200\n',
  offered:
    '~mood hop 0\n~tell invite bodyless offers\n~reply hop 183\nRequire: 100rel\nRSeq: 7\n\nv=0\r\n~mood hop 200\n',
  forked:
    '~mood hop 0\n~tell invite forks\n~reply hop 180\n~reply hop 180\nTo: <sip:bob@10.0.0.2>;tag=fork\n~reply hop 200\nTo: <sip:bob@10.0.0.2>;tag=fork\n~reply hop 200\n~mood hop 200\n',
  offerless: '~zeal idle\n~tell invite bodyless offers\n~zeal half\n',
  in: '~call hop\n~tell answer\n',
  inbound: '~call inbound\n~tell answer\n',
  direct: '~call peer\n~tell answer\n',
  held: '~call hop\n',
  ringing: '~call hop\n~tell ring 0 79\n',
  reliable: '~mood hop 0\n~call hop\n~tell ring 0 82 reliable body\n~mood hop 200\n',
  unacked: '~mood hop 0\n~call hop\n~tell answer\n~mood hop 200\n',
  info: '~tell invite\n~mood hop 0\n~tell request 0 INFO\n~mood hop 200\n',
  reinvite: '~tell invite\n~mood hop 0\n~tell request 0 INVITE other\n~mood hop 200\n',
  update: '~tell invite\n~mood hop 0\n~tell request 0 UPDATE other\n~mood hop 200\n',
  asked: '~tell invite\n~zeal idle\n~ask hop 0 INFO\n~zeal half\n',
  reoffered: '~tell invite\n~zeal idle\n~ask hop 0 INVITE\n\nv=0\r\ns=2\r\n~zeal half\n',
  quick:
    '~tell invite\n~mood hop 0\n~tell request 0 INFO\n~reply hop 430\nP-Dialog-Recovery-Action: Dialog-Route-Set-Update\n~mood hop 200\n',
  broken: '~tell invite\n~mood hop 503\n~tell request 0 INFO\n~mood hop 200\n',
  waiting:
    '~tell invite\n~mood hop 430\nP-Dialog-Recovery-Action: Wait-For-Session-Update\n~tell request 0 INFO\n~wait 10\n~mood hop 200\n',
  registering:
    '~tell invite\n~zeal idle\n~mood hop 430\nP-Dialog-Recovery-Action: Registration-Route-Set-Update, Dialog-Route-Set-Update\n~tell request 0 INFO\n~mood hop 200\n~zeal half\n',
  dead: '~tell invite\n~mood hop 0\n~mood stream 0\n~lose hop\n~lose stream\n~opens no\n~wait 2000\n~opens yes\n~mood hop 200\n~mood stream 200\n',
  ending: '~tell invite\n~mood hop 0\n~tell bye 0\n~mood hop 200\n',
  owed: '~tell invite\n~mood hop 503\n~mood stream 503\n~tell bye 0\n~wait 5\n~mood hop 200\n~mood stream 200\n',
  released: '~tell invite\n~tell release 0\n',
  adopted: '~tell invite\n~tell release 0\n~tell adopt 0\n',
  related: '~tell invite\n~tell relate 0 g\n~tell invite\n~tell relate 0 g\n',
  unmediated: '~tell invite\n~tell media 0 dead\n',
} as const satisfies Readonly<Record<string, string>>;

export const sceneNames: readonly string[] = Object.keys(texts);
export const scenes: readonly string[] = Object.values(texts);
