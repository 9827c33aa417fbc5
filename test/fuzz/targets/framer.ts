import { Message } from '../../../core/message/message.ts';
import { type Frame, type FrameLimits, Framer } from '../../../transport/frame.ts';
import { assemblyStartSize, assemblyStepSize, bodySizeMax, headSizeMax } from '../../../transport/limits.ts';
import { Chance } from '../chance.ts';
import { frameNaively } from '../naive-framer.ts';
import { octetsText } from '../octets-text.ts';
import { startingMessages } from '../starts.ts';
import { check, same, type Target } from '../target.ts';

/** The first octet of an input says how its stream is cut, and under which limits it is read. */
const headerSize = 1;

const usual: FrameLimits = { headSizeMax, bodySizeMax };
/** Bounds that most inputs can reach. */
const small: FrameLimits = { headSizeMax: 300, bodySizeMax: 20 };

const message = new Message();
const encoder = new TextEncoder();

/** The framer of a stream: one piece, cut anywhere and read plainly are the same messages. */
export const target: Target = {
  name: 'framer',
  covers: ['transport/frame.ts'],
  starts,
  run(input) {
    const cut = input[0] ?? 0;
    const stream = input.subarray(headerSize);
    const limits = cut % 4 === 0 ? small : usual;
    const naive = JSON.stringify(frameNaively(octetsText(stream), limits));
    same(read([stream], limits), naive, 'a stream is what a plain reader finds');
    same(read(pieces(stream, cut), limits), naive, 'a stream is the same however it is cut');
  },
};

/** Single messages, what stands between them, and streams of several. */
function starts(): Uint8Array[] {
  const messages = startingMessages();
  const between = ['', '\r\n', '\r\n\r\n', '\r\n\r\n\r\n'].map((text) => encoder.encode(text));
  const streams = messages.map((each, index) => {
    const before = between[index % between.length] ?? new Uint8Array(0);
    return Uint8Array.of(index, ...before, ...each, ...(messages[index + 1] ?? []), ...(messages[index + 2] ?? []));
  });
  return [...streams, Uint8Array.of(3, ...encoder.encode('A\r\nl:0\r\n\r\n'))];
}

/** Octet by octet, or in pieces of any size, small ones more often. */
function pieces(stream: Uint8Array, cut: number): Uint8Array[] {
  const chance = new Chance(cut);
  const sizeMax = cut < 16 ? 1 : 4 * cut;
  const result: Uint8Array[] = [];
  for (let at = 0; at < stream.length; ) {
    const size = chance.few(sizeMax);
    result.push(stream.subarray(at, at + size));
    at += size;
  }
  return result;
}

/** What a framer gives for these chunks. */
function read(chunks: readonly Uint8Array[], limits: FrameLimits): string {
  const framer = new Framer(limits);
  const frames: unknown[] = [];
  let over = false;
  for (const chunk of chunks) {
    framer.push(chunk);
    for (;;) {
      const frame = framer.next();
      if (frame.kind === 'incomplete') break;
      if (frame.kind === 'invalid') {
        check(framer.next() === frame, 'what is invalid stays invalid');
        check((frame.head?.length ?? 0) <= limits.headSizeMax, 'a refused head is no larger than a head may be');
        if (!over) frames.push({ kind: frame.kind, reason: frame.reason });
        over = true;
        break;
      }
      check(!over, 'nothing is read behind what is invalid');
      frames.push(frame.kind === 'message' ? messageOf(frame, chunk) : { kind: frame.kind });
    }
  }
  return JSON.stringify(frames);
}

function messageOf({ bytes }: Extract<Frame, { kind: 'message' }>, chunk: Uint8Array): unknown {
  const kept = bytes.buffer === chunk.buffer ? 0 : bytes.buffer.byteLength;
  const bound = Math.max(chunk.length, 2 * (bytes.length + assemblyStepSize), assemblyStartSize);
  check(kept <= bound, 'a message keeps no more memory than twice its size', () => `${kept} for ${bytes.length}`);
  const refusal = message.scan(bytes)?.reason;
  if (refusal === undefined) check(message.size === bytes.length, 'a message ends where its scan ends it');
  check(
    refusal !== 'content-length' &&
      refusal !== 'body-truncated' &&
      refusal !== 'head-incomplete' &&
      refusal !== 'empty',
    'framer and scan agree about Content-Length',
    () => `${refusal}`,
  );
  return { kind: 'message', octets: octetsText(bytes) };
}
