#!/usr/bin/env node

/** The `sipmend-bench` command: finds the bench that is asked for and gives it the rest of the arguments. */

interface Command {
  /** One line for the list of commands. */
  readonly summary: string;
  /** Loads the bench, so that none of the others costs anything. */
  load(): Promise<Bench>;
}

/** What the main file of every bench exports. */
export interface Bench {
  /** Gives the exit code. */
  run(args: readonly string[]): Promise<number>;
}

const commands: ReadonlyMap<string, Command> = new Map<string, Command>([
  [
    'route-death',
    {
      summary: 'kill the route of many dialogs at once and time their healing',
      load: () => import('./route-death/main.ts'),
    },
  ],
  [
    'storm',
    {
      summary: 'break the route of up to a million dialogs again and again, and hold their healing against a floor',
      load: () => import('./storm/main.ts'),
    },
  ],
  [
    'calls',
    {
      summary: 'make calls at a constant rate, as caller or called, against a raw far end',
      load: () => import('./calls/main.ts'),
    },
  ],
  [
    'peers',
    {
      summary: 'make the same calls with our stack, SIPp, the npm package sip and Kamailio, and compare what they take',
      load: () => import('./peers/main.ts'),
    },
  ],
  [
    'soak',
    {
      summary:
        'have calls come and go for many minutes while edges break, and look for what is lost, left behind or leaked',
      load: () => import('./soak/main.ts'),
    },
  ],
  [
    'steady',
    {
      summary: 'hold many dialogs that do nothing but refresh, beside an empty stack',
      load: () => import('./steady/main.ts'),
    },
  ],
  [
    'floor',
    {
      summary: 'ping-pong between two processes: what a machine gives to whoever waits for answers',
      load: () => import('./floor/main.ts'),
    },
  ],
  [
    'parse',
    {
      summary: 'parse an UPDATE and an INVITE beside other parsers',
      load: () => import('./parse/main.ts'),
    },
  ],
  [
    'wheel',
    {
      summary: 'arm, disarm and fire a million timers, beside a heap and setTimeout',
      load: () => import('./wheel/main.ts'),
    },
  ],
  [
    'table',
    {
      summary: 'create, find, change and free a million dialogs beside a Map; what they and transactions take',
      load: () => import('./table/main.ts'),
    },
  ],
  [
    'memory',
    {
      summary: 'set up very many dialogs, and see from outside what they take',
      load: () => import('./memory/main.ts'),
    },
  ],
  [
    'heal',
    {
      summary: 'break and heal very many dialogs in the engine alone, without sockets',
      load: () => import('./heal/main.ts'),
    },
  ],
  [
    'ring',
    {
      summary: 'send messages from thread to thread by the ring between shards, and by postMessage',
      load: () => import('./ring/main.ts'),
    },
  ],
  [
    'codec',
    {
      summary: 'write and read the events of a storm as shards send them, beside JSON and structured clones',
      load: () => import('./codec/main.ts'),
    },
  ],
  [
    'sim',
    {
      summary: 'play whole networks of calls in virtual time, each from a seed, and watch that every rule holds',
      load: () => import('./sim/main.ts'),
    },
  ],
]);

process.exitCode = await main(process.argv.slice(2));

async function main([name, ...rest]: readonly string[]): Promise<number> {
  if (name === undefined || name === '--help' || name === 'help') {
    console.log(usage());
    return name === undefined ? 2 : 0;
  }
  const command = commands.get(name);
  if (command === undefined) {
    console.error(`sipmend-bench: there is no command '${name}'.\n\n${usage()}`);
    return 2;
  }
  const bench = await command.load();
  return bench.run(rest);
}

function usage(): string {
  const width = Math.max(...[...commands.keys()].map((name) => name.length));
  const list = [...commands].map(([name, { summary }]) => `  ${name.padEnd(width)}  ${summary}`);
  return ['Usage: sipmend-bench <command> [options]', '', ...list, '', 'Each command has its own --help.'].join('\n');
}
