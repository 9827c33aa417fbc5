import type { FlowId } from '../../../core/contract.ts';
import { HeaderId } from '../../../core/message/header.ts';
import { Message } from '../../../core/message/message.ts';
import { octetsText } from '../octets-text.ts';
import { check } from '../target.ts';
import { outgrew } from '../written.ts';

/** A message that an engine or an edge has sent, and what it says. */
export interface SentMessage {
  readonly flow: FlowId;
  readonly text: string;
  readonly isRequest: boolean;
  readonly method: string;
  /** 0 in a request. */
  readonly status: number;
  readonly callId: string;
  readonly branch: string;
  readonly fromTag: string;
  readonly toTag: string;
  readonly sequence: number;
}

const message = new Message();

/** Reads a message that we wrote: it must be one, and end where it says. `isOurs`: of our own, which always say where. */
export function readSent(bytes: Uint8Array, flow: FlowId, isOurs: boolean = true): SentMessage {
  const refusal = message.scan(bytes)?.reason;
  const text = octetsText(bytes);
  // What answers a crooked request repeats what is crooked of it.
  const isRefusal = refusal !== undefined && !message.isRequest && message.status >= 400;
  if (isRefusal) {
    check(text.endsWith('\r\nContent-Length: 0\r\n\r\n'), 'a refusal ends with its head', () => text);
  } else if (!outgrew(message, refusal)) {
    check(refusal === undefined, 'what is sent is a good message', () => `${refusal}: ${text}`);
    check(message.size === bytes.length, 'what is sent ends with its body', () => text);
    check(!isOurs || message.first(HeaderId.ContentLength) >= 0, 'what is sent says how long its body is', () => text);
  }
  const { isRequest, method, status, callId, via, from, to, cseq } = message;
  return {
    flow,
    text,
    isRequest,
    method,
    status: isRequest ? 0 : status,
    callId: message.text(callId),
    branch: message.text(via.branch),
    fromTag: message.text(from.tag),
    toTag: message.text(to.tag),
    sequence: cseq.number,
  };
}

/** All values of a header field in a message that we wrote: a line each, under its usual name. */
export function valuesOf(text: string, name: string): string[] {
  const values: string[] = [];
  const label = `\r\n${name}: `;
  const headEnd = text.indexOf('\r\n\r\n');
  for (let at = text.indexOf(label); at >= 0 && at < headEnd; at = text.indexOf(label, at + 1)) {
    values.push(text.slice(at + label.length, text.indexOf('\r\n', at + label.length)));
  }
  return values;
}
