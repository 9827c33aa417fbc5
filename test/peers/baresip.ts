import { writeFileSync } from 'node:fs';
import { networkInterfaces } from 'node:os';
import { join } from 'node:path';
import { PortWatch, refuseIfBound } from './ports.ts';
import { ProgramGroup } from './program-group.ts';
import { programPath } from './programs.ts';

/** A phone that answers every call by itself. It has no UPDATE, no session timer, and knows nothing of dialog recovery. */
export interface Baresip {
  readonly pid: number;
  readonly port: number;
  stop(): Promise<void>;
}

/** Why it cannot play here; undefined where it can. Without an address beside the loopback's it does not start. */
export function whyNoBaresip(): string | undefined {
  const isLoopbackAlone = Object.values(networkInterfaces()).every((all) => all?.every(({ internal }) => internal));
  return isLoopbackAlone ? 'baresip needs a network interface beside the loopback' : undefined;
}

/** Starts one; resolves when its UDP port on 127.0.0.1 is open. */
export async function startBaresip(port: number): Promise<Baresip> {
  await refuseIfBound(port);
  const group = ProgramGroup.start(programPath('baresip'), (folder) => {
    writeFileSync(join(folder, 'config'), config(port));
    writeFileSync(join(folder, 'accounts'), '<sip:bob@127.0.0.1>;regint=0;answermode=auto;audio_codecs=PCMU\n');
    return { args: ['-f', folder] };
  });
  const watch = new PortWatch(port);
  try {
    const first = await group.settled(watch.bound, AbortSignal.timeout(10_000));
    if (first !== 'ready') throw new Error(`baresip ended instead of listening:\n${first.output}${first.complaints}`);
  } finally {
    watch.stop();
  }
  return { pid: group.pid, port, stop: () => group.kill() };
}

/** Its audio goes from and to a bridge inside of it, where nobody else is. */
function config(port: number): string {
  return [
    'poll_method epoll',
    `sip_listen 127.0.0.1:${port}`,
    'audio_source aubridge,none',
    'audio_player aubridge,none',
    'audio_alert aubridge,none',
    'module_path /usr/lib/baresip/modules',
    'module g711.so',
    'module aubridge.so',
    'module_tmp account.so',
    '',
  ].join('\n');
}
