/** What the answer to an INVITE says of its dialog. */
export interface AnsweredCall {
  /** Value of To, with the tag. */
  readonly to: string;
  /** URI of the callee's Contact. */
  readonly target: string;
  /** Route lines, in the order that the caller writes them; empty without Record-Route. */
  readonly routes: string;
}

/** Reads a 2xx to an INVITE; undefined where it makes no dialog. */
export function readAnswer(text: string): AnsweredCall | undefined {
  const to = /\r\nTo: *([^\r]*)/i.exec(text)?.[1];
  const target = /\r\nContact: *[^<\r]*<([^>]*)>/i.exec(text)?.[1];
  if (to === undefined || target === undefined || !to.includes(';tag=')) return undefined;
  let routes = '';
  for (const [, value = ''] of text.matchAll(/\r\nRecord-Route: *([^\r]*)/gi)) {
    for (const [route] of [...value.matchAll(/<[^>]*>[^,]*/g)]) routes = `Route: ${route.trim()}\r\n${routes}`;
  }
  return { to, target, routes };
}
