/** An OPTIONS by a connection, from somebody whom nobody knows. */
export function optionsRequest(fromTag: string = '$N'): string {
  return [
    'OPTIONS sip:$T SIP/2.0',
    'Via: SIP/2.0/TCP $H:$P;branch=z9hG4bK-$N',
    `From: <sip:x@$H>;tag=${fromTag}`,
    'To: <sip:$T>',
    'Call-ID: $N',
    'CSeq: 1 OPTIONS',
    'Content-Length: 0',
    '',
    '',
  ].join('\r\n');
}
