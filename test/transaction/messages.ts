import * as assert from 'uvu/assert';
import type { RandomSource } from '../../core/contract.ts';
import { Message } from '../../core/message/message.ts';

const encoder = new TextEncoder();

/** The octets of a message given line by line, without a body. */
export function octets(...lines: string[]): Uint8Array {
  return encoder.encode(`${lines.join('\r\n')}\r\n\r\n`);
}

export function text(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}

/** The message in `bytes`, which must be a good one. */
export function scanned(bytes: Uint8Array): Message {
  const message = new Message();
  assert.is(message.scan(bytes), undefined, text(bytes));
  return message;
}

export interface RequestParts {
  readonly method: string;
  readonly branch?: string | undefined;
  readonly sentBy?: string;
  readonly cseq?: number;
  readonly callId?: string;
  readonly toTag?: string;
  readonly uri?: string;
}

export function request(parts: RequestParts): Uint8Array {
  const { method, branch, sentBy = 'client.example', cseq = 7, callId = 'a84b4c76e66710', toTag, uri } = parts;
  return octets(
    `${method} ${uri ?? 'sip:bob@biloxi.example'} SIP/2.0`,
    `Via: SIP/2.0/UDP ${sentBy}${branch === undefined ? '' : `;branch=${branch}`}`,
    'Max-Forwards: 70',
    'From: Alice <sip:alice@atlanta.example>;tag=88sja8x',
    `To: Bob <sip:bob@biloxi.example>${toTag === undefined ? '' : `;tag=${toTag}`}`,
    `Call-ID: ${callId}`,
    `CSeq: ${cseq} ${method}`,
    'Content-Length: 0',
  );
}

export function response(status: number, method: string, branch: string): Uint8Array {
  return octets(
    `SIP/2.0 ${status} Because`,
    `Via: SIP/2.0/UDP client.example;branch=${branch}`,
    'From: Alice <sip:alice@atlanta.example>;tag=88sja8x',
    'To: Bob <sip:bob@biloxi.example>;tag=99sa0xk',
    'Call-ID: a84b4c76e66710',
    `CSeq: 7 ${method}`,
    'Content-Length: 0',
  );
}

/** Octets that look random and are the same in each run. */
export function seededRandom(seed = 1): RandomSource {
  let state = seed;
  return (target) => {
    for (let i = 0; i < target.length; i++) {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
      target[i] = state >>> 24;
    }
  };
}
