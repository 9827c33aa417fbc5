// Brings a clone into a state in which `dist/` can be run: installs from the lock file, then builds.
// Says nothing and ends at once when there is nothing to do. Needs Node and npm alone.
//
//   node .ci/setup.mjs [--install-only] [--clean]

import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, rmdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '..');
const dist = join(root, 'dist');
const sourceFolders = ['core', 'transport', 'bench', 'test'];
const outputEndings = ['.js', '.js.map', '.d.ts', '.d.ts.map'];
const buildInfo = join(dist, '.tsbuildinfo');
const stateFile = join(dist, '.built.json');
const lockFile = join(root, '.out-setup');
/** No set-up takes longer: a lock that is older belongs to nobody, whatever process has its number now. */
const setupMaxMs = 600_000;

class SetupError extends Error {}

main(process.argv.slice(2));

function main(args) {
  try {
    checkNode();
    holdLock();
    try {
      if (!installed()) install();
      if (args.includes('--clean')) rmSync(dist, { recursive: true, force: true });
      if (!args.includes('--install-only')) build();
    } finally {
      rmSync(lockFile, { force: true });
    }
  } catch (error) {
    if (!(error instanceof SetupError)) throw error;
    process.stderr.write(`\nsipmend set-up failed: ${error.message}\n`);
    process.exitCode = 1;
  }
}

function checkNode() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major > 20 || (major === 20 && minor >= 18)) return;
  throw new SetupError(`this is Node ${process.versions.node}; install Node 20.18 or newer (https://nodejs.org).`);
}

/** Two set-ups at once in one clone would take each other's node_modules away: the second one waits. */
function holdLock() {
  for (let told = false; ; ) {
    try {
      writeFileSync(lockFile, String(process.pid), { flag: 'wx' });
      return;
    } catch (error) {
      if (error.code !== 'EEXIST') throw new SetupError(`cannot write to ${root} (${error.code}).`);
    }
    const holder = Number(readIfThere(lockFile) ?? 0);
    if (lockAgeMs() > (alive(holder) ? setupMaxMs : 2000)) {
      rmSync(lockFile, { force: true });
      continue;
    }
    if (!told) say(`waiting for the set-up that is under way (process ${holder})`);
    told = true;
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 200);
  }
}

/** How long ago a lock was taken; 0 when it is gone. Its holder's number stands in it a moment after. */
function lockAgeMs() {
  const taken = statSync(lockFile, { throwIfNoEntry: false });
  return taken === undefined ? 0 : Date.now() - taken.mtimeMs;
}

function alive(pid) {
  if (pid === 0) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}

/** Whether node_modules holds exactly what the lock file names. npm writes its own copy of the lock file last. */
function installed() {
  const wanted = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')).packages;
  const text = readIfThere(join(root, 'node_modules', '.package-lock.json'));
  if (text === undefined) return false;
  const found = JSON.parse(text).packages;
  return Object.entries(wanted).every(([path, { version, optional, devOptional }]) => {
    if (path === '') return true;
    // An optional package may be left out, as one for another platform is.
    if (found[path] === undefined) return optional === true || devOptional === true;
    return found[path].version === version;
  });
}

function install() {
  say('installing the dependencies (npm ci)');
  const npm = process.env.npm_execpath?.endsWith('npm-cli.js')
    ? [process.execPath, process.env.npm_execpath]
    : [process.platform === 'win32' ? 'npm.cmd' : 'npm'];
  run(
    [...npm, 'ci', '--include=dev', '--no-audit', '--no-fund', '--loglevel=error'],
    'the dependencies could not be installed (see above).\n' +
      'Try `npm ping`: npm needs its registry once. A lock file that disagrees with package.json is mended by `npm install`.',
  );
}

function build() {
  const sources = sourceFolders.flatMap((folder) => files(join(root, folder)).filter(isSource));
  const outputs = sources.map((source) => join(dist, relative(root, source)).replace(/\.ts$/, '.js'));
  const fingerprint = fingerprintOf(sources);
  const state = JSON.parse(readIfThere(stateFile) ?? '{}');
  // The compiler's incremental state is right only while the outputs are those that it wrote itself.
  const untouched = outputs.every((output) => (mtimeMs(output) ?? Number.POSITIVE_INFINITY) <= state.writtenAtMs);
  if (untouched && state.fingerprint === fingerprint) return;

  const known = new Set(state.outputs);
  const foreign = outputs.some((output) => {
    const atMs = mtimeMs(output);
    return atMs === undefined ? known.has(output) : !(atMs <= state.writtenAtMs);
  });
  if (foreign) rmSync(buildInfo, { force: true });
  rmSync(stateFile, { force: true });
  say('building (tsc)');
  removeStale(sources);
  const tsc = [process.execPath, join(root, 'node_modules', 'typescript', 'bin', 'tsc')];
  let compiled = false;
  try {
    run(
      [...tsc, '-p', join(root, 'tsconfig.json'), '--incremental', '--tsBuildInfoFile', buildInfo],
      'the sources do not compile (see above). If they should, try `npm run build -- --clean`.',
    );
    compiled = true;
  } finally {
    const writtenAtMs = Math.max(0, ...outputs.map((output) => mtimeMs(output) ?? 0));
    if (existsSync(dist)) {
      writeFileSync(stateFile, JSON.stringify({ fingerprint: compiled ? fingerprint : '', writtenAtMs, outputs }));
    }
  }
}

function isSource(path) {
  return path.endsWith('.ts') && !path.endsWith('.d.ts');
}

function fingerprintOf(sources) {
  const hash = createHash('sha256');
  for (const source of sources) hash.update(`${source}\n${mtimeMs(source)}\n${statSync(source).size}\n`);
  for (const name of ['tsconfig.json', 'package-lock.json', 'package.json'])
    hash.update(readFileSync(join(root, name)));
  return hash.digest('hex');
}

/** Removes outputs whose source is gone: a renamed test must not go on running. */
function removeStale(sources) {
  const expected = new Set();
  for (const source of sources) {
    const stem = join(dist, relative(root, source)).replace(/\.ts$/, '');
    for (const ending of outputEndings) expected.add(stem + ending);
  }
  for (const path of files(dist)) {
    if (!outputEndings.some((ending) => path.endsWith(ending)) || expected.has(path)) continue;
    rmSync(path);
    for (let folder = dirname(path); folder !== dist && readdirSync(folder).length === 0; folder = dirname(folder)) {
      rmdirSync(folder);
    }
  }
}

function run([program, ...args], failure) {
  // Standard output belongs to the program that follows, so everything of ours goes to standard error.
  const shell = program.endsWith('.cmd');
  const { status, error } = spawnSync(program, args, {
    cwd: root,
    shell,
    stdio: ['ignore', process.stderr, process.stderr],
  });
  if (error !== undefined) throw new SetupError(`cannot start ${program} (${error.code}): is it installed?`);
  if (status !== 0) throw new SetupError(failure);
}

function files(folder) {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name))
    .sort();
}

function mtimeMs(path) {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs;
}

function readIfThere(path) {
  return existsSync(path) ? readFileSync(path, 'utf8') : undefined;
}

function say(what) {
  process.stderr.write(`sipmend: ${what} …\n`);
}
