/* What SIPp plays: the calls of this bench, from either side. */

const sdp = `v=0
o=- 1 1 IN IP4 [local_ip]
s=-
c=IN IP4 [local_ip]
t=0 0
m=audio 6000 RTP/AVP 0`;

const head = `<?xml version="1.0" encoding="ISO-8859-1" ?>
<!DOCTYPE scenario SYSTEM "sipp.dtd">
<scenario name="calls">`;

function sent(attributes: string, text: string): string {
  return `<send${attributes}><![CDATA[\n\n${text}\n\n]]></send>`;
}

function request(method: string, target: string, sequence: number, to: string, more: string): string {
  return `${method} ${target} SIP/2.0
Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]
Max-Forwards: 70
${more}From: <sip:caller@[local_ip]:[local_port]>;tag=[pid]c[call_number]
To: <sip:callee@[remote_ip]:[remote_port]>${to}
Call-ID: [call_id]
CSeq: ${sequence} ${method}`;
}

const contact = 'Contact: <sip:caller@[local_ip]:[local_port]>\n';

/** A caller: it follows Record-Route, which SIPp's own does not. */
export const callerScenario: string = [
  head,
  sent(
    ' retrans="500"',
    `${request('INVITE', 'sip:callee@[remote_ip]:[remote_port]', 1, '', contact)}
Content-Type: application/sdp
Content-Length: [len]

${sdp}`,
  ),
  '<recv response="100" optional="true"/>',
  '<recv response="200" rrs="true" rtd="true"/>',
  sent('', `${request('ACK', '[next_url]', 1, '[peer_tag_param]', '[routes]\n')}\nContent-Length: 0`),
  sent(' retrans="500"', `${request('BYE', '[next_url]', 2, '[peer_tag_param]', '[routes]\n')}\nContent-Length: 0`),
  '<recv response="200"/>',
  '</scenario>',
].join('\n');

const repeated = `[last_Via:]
[last_Record-Route:]
[last_From:]`;

/** A callee: it stays a while after BYE, to answer one that comes again. */
export const calleeScenario: string = [
  head,
  '<recv request="INVITE"/>',
  sent(
    ' retrans="500"',
    `SIP/2.0 200 OK
${repeated}
[last_To:];tag=[pid]f[call_number]
[last_Call-ID:]
[last_CSeq:]
Contact: <sip:callee@[local_ip]:[local_port]>
Content-Type: application/sdp
Content-Length: [len]

${sdp}`,
  ),
  '<recv request="ACK" optional="true"/>',
  '<recv request="BYE"/>',
  sent('', `SIP/2.0 200 OK\n${repeated}\n[last_To:]\n[last_Call-ID:]\n[last_CSeq:]\nContent-Length: 0`),
  '<timewait milliseconds="1500"/>',
  '</scenario>',
].join('\n');
