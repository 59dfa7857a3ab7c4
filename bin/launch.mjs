// Runs a file of this package on Node 24 from whatever Node started us. Works on Node 20 and needs no
// dependency but the optional one that carries the Node 24 binary.
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import { createRequire } from 'node:module';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

export const ROOT = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');
const require = createRequire(import.meta.url);
const windows = process.platform === 'win32';
/** Type stripping without a warning, and what AVA asks for. */
const OLDEST = [24, 12];

// Snapshots live for a few groups: with V8's usual 16 MB they are copied out of the young generation again and again.
const FLAGS = ['--max-semi-space-size=64'];

/** A Node that runs TypeScript: this one, else the one npm installed for this platform. */
export function findNode() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major > OLDEST[0] || (major === OLDEST[0] && minor >= OLDEST[1])) return process.execPath;
  const name = `node-${windows ? 'win' : process.platform}-${process.arch}`;
  try {
    return path.join(path.dirname(require.resolve(`${name}/package.json`)), 'bin', windows ? 'node.exe' : 'node');
  } catch {
    return undefined;
  }
}

/** bin/x.ts of a checkout, or dist/bin/x.js of an installed package, where Node strips no types. */
export function findSource(file) {
  const source = path.resolve(ROOT, file);
  const installed = ROOT.split(path.sep).includes('node_modules');
  if (!file.endsWith('.ts') || (fs.existsSync(source) && !installed)) return source;
  return path.resolve(ROOT, 'dist', path.relative(ROOT, source)).replace(/\.ts$/, '.js');
}

/** Replaces this process as far as Node allows: same streams, same signals, same exit code. */
export function launch(file, args) {
  const node = findNode();
  if (!node) {
    const platform = `${process.platform}-${process.arch}`;
    console.error(
      `Node ${OLDEST.join('.')} or newer is needed: this is ${process.version}, and no Node package for ${platform}` +
        ' is installed; install Node 24, or run npm ci again without --omit=optional',
    );
    process.exit(1);
  }
  const preloads = ['config/drizzle-cjs.mjs', 'bin/launched.mjs'];
  const imports = preloads.flatMap((name) => ['--import', pathToFileURL(path.join(ROOT, name)).href]);
  // Not for the tools of others: AVA hands its flags to worker threads, which take none of V8's.
  const flags =
    file.includes(`${path.sep}node_modules${path.sep}`) && !file.startsWith(path.join(ROOT, 'dist')) ? [] : FLAGS;
  const child = spawn(node, [...flags, ...imports, file, ...args], {
    stdio: 'inherit',
    env: {
      ...process.env,
      PATH: `${path.dirname(node)}${path.delimiter}${process.env.PATH ?? ''}`,
      MELTICA_LAUNCHER: String(process.pid),
    },
  });
  forwardSignals(child);
  child.on('error', (error) => {
    console.error(`${node} could not be started: ${error.message}`);
    process.exitCode = 1;
  });
  child.on('exit', (code, signal) => {
    process.exit(signal ? 128 + (os.constants.signals[signal] ?? 0) : (code ?? 1));
  });
}

function forwardSignals(child) {
  const terminal = Boolean(process.stdin.isTTY || process.stdout.isTTY || process.stderr.isTTY);
  process.on('SIGTERM', () => child.kill('SIGTERM'));
  for (const signal of ['SIGINT', 'SIGHUP']) {
    // A terminal signals the whole foreground group, so the child has it; a second one would mean "at once".
    process.on(signal, () => {
      if (!terminal) child.kill(signal);
    });
  }
  // npm passes a SIGTERM to its shell, which dies of it without passing it on.
  if (process.env.npm_lifecycle_event) {
    const before = ancestors();
    setInterval(() => {
      if (ancestors() !== before) child.kill('SIGTERM');
    }, 300).unref();
  }
}

/** Our parent, npm's shell, and on Linux its parent too, npm itself: both change when one of them dies. */
function ancestors() {
  try {
    const stat = fs.readFileSync(`/proc/${process.ppid}/stat`, 'utf8');
    return `${process.ppid} ${stat.slice(stat.lastIndexOf(')')).split(' ')[2]}`;
  } catch {
    return String(process.ppid);
  }
}
