// A server and the watcher that ends it with us: `sh` holds a pipe from this process, and whatever closes
// the pipe (stop, exit, kill -9) makes it ask the server for a fast shutdown.
import type { ChildProcess } from 'node:child_process';
import net from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Cluster } from './cluster.ts';
import { EmbeddedPostgresFault, explain, lastWords } from './failure.ts';
import { isServerOf, readPostmaster, removeMisleadingPidFile } from './postmaster.ts';
import { isRunning } from './process-mark.ts';
import { POSIX, start } from './run.ts';

export interface Exit {
  /** By stop(); false when the server ended on its own or was killed. */
  readonly asked: boolean;
  readonly detail: string;
}

export interface Server {
  readonly port: number;
  readonly exited: Promise<Exit>;
  stop(): Promise<void>;
}

const POLL_MS = 25;
const READY_WITHIN_MS = 600_000;
/** After that a stop is no longer gentle; the next start then recovers from the log, which loses nothing. */
const STOP_WITHIN_MS = 60_000;

const WATCH_CHILD = `
remove=$1; shift
"$@" 3<&- </dev/null & server=$!
(read _ <&3; kill -INT $server 2>/dev/null) & pipe=$!
wait $server; code=$?
kill $pipe 2>/dev/null
[ -z "$remove" ] || rm -rf "$remove"
exit $code`;

const WATCH_RUNNING = `
server=$1
(read _ <&3; kill -INT $server 2>/dev/null) & pipe=$!
while kill -0 $server 2>/dev/null; do sleep 0.2; done
kill $pipe 2>/dev/null`;

export interface StartOptions {
  readonly postgres: string;
  readonly settings: readonly string[];
  readonly removeOnStop: boolean;
  readonly preferredPort: number | undefined;
  readonly onLog: (line: string) => void;
}

/** Starts the server, on another port when the chosen one is taken meanwhile. */
export async function startServer(cluster: Cluster, options: StartOptions): Promise<Server> {
  removeMisleadingPidFile(cluster.data);
  let port = await freePort(options.preferredPort);
  const deadline = performance.now() + READY_WITHIN_MS;
  for (let attempt = 1; ; attempt += 1) {
    const outcome = await tryStart(cluster, options, port);
    if (typeof outcome !== 'string') return outcome;
    // Backends of a killed postmaster notice within moments and leave the memory they share.
    const lingering = /pre-existing shared memory block/.test(outcome);
    const taken = /could not bind|Address already in use/.test(outcome);
    if ((!lingering && !taken) || attempt >= 100 || performance.now() > deadline) {
      throw explain('start PostgreSQL', cluster.data, outcome);
    }
    if (taken) port = await freePort(undefined);
    await sleep(lingering ? 300 : POLL_MS);
  }
}

/** A server, or what it said before it ended. */
async function tryStart(cluster: Cluster, options: StartOptions, port: number): Promise<Server | string> {
  const args = [options.postgres, '-D', cluster.data, '-p', String(port), ...options.settings];
  const child = POSIX
    ? start(
        '/bin/sh',
        ['-c', WATCH_CHILD, 'sh', options.removeOnStop ? cluster.folder : '', ...args],
        cluster.account,
        ['ignore', 'ignore', 'pipe', 'pipe'],
      )
    : start(options.postgres, args.slice(1), cluster.account, ['ignore', 'ignore', 'pipe']);
  let output = '';
  const ready = Promise.withResolvers<boolean>();
  child.stderr?.on('data', (chunk: Buffer) => {
    output = (output + chunk).slice(-8_192);
    options.onLog(String(chunk).trimEnd());
    if (output.includes('ready to accept connections')) ready.resolve(true);
  });
  const ended = watchEnd(child);
  const isReady = await Promise.race([ready.promise, ended.then(() => false)]);
  if (!isReady) return output.trim() || (await ended);
  letUsExit(child);
  return handle(
    port,
    child,
    cluster.data,
    ended.then((how) => `${how}: ${lastWords(output)}`),
  );
}

/** Takes over a server whose starter is dead: from here on it ends with us. */
export function adoptServer(cluster: Cluster, port: number, pid: number): Server {
  if (!POSIX) return watchOnly(port, pid);
  const child = start('/bin/sh', ['-c', WATCH_RUNNING, 'sh', String(pid)], cluster.account, [
    'ignore',
    'ignore',
    'ignore',
    'pipe',
  ]);
  letUsExit(child);
  return handle(port, child, cluster.data, watchEnd(child));
}

/** A server that another living process started, and will stop. */
export function watchOnly(port: number, pid: number): Server {
  const exited = (async (): Promise<Exit> => {
    while (isRunning(pid)) await sleep(500, undefined, { ref: false });
    return { asked: false, detail: `the server of another process (postmaster ${pid}) ended` };
  })();
  return { port, exited, stop: () => Promise.resolve() };
}

/** Waits until a server that others started is ready; undefined when it ends instead. */
export async function waitUntilReady(data: string): Promise<{ port: number; pid: number } | undefined> {
  const deadline = performance.now() + READY_WITHIN_MS;
  for (;;) {
    const found = readPostmaster(data);
    const ours = found && isServerOf(found.pid, data);
    if (!found || ours === false) return undefined;
    if (found.status === 'ready') {
      if (await answers(found.port)) return { port: found.port, pid: found.pid };
      if (ours === undefined) return undefined; // the process cannot be looked at, and it is no server
    }
    if (performance.now() > deadline) {
      throw new EmbeddedPostgresFault(
        `the server of ${data} (process ${found.pid}) is not ready in ${READY_WITHIN_MS / 1000} s: end it, start again`,
      );
    }
    await sleep(POLL_MS * 4);
  }
}

function handle(port: number, child: ChildProcess, data: string, ended: Promise<string>): Server {
  let asked = false;
  const exited = ended.then((detail): Exit => ({ asked, detail }));
  const stop = async (): Promise<void> => {
    asked = true;
    child.ref();
    const pipe = child.stdio[3];
    if (pipe && 'end' in pipe) pipe.end();
    else child.kill();
    const gentle = await Promise.race([exited.then(() => true), sleep(STOP_WITHIN_MS, false, { ref: false })]);
    if (gentle) return;
    const pid = readPostmaster(data)?.pid;
    if (pid !== undefined && isServerOf(pid, data)) process.kill(pid, 'SIGQUIT');
    await exited;
  };
  return { port, exited, stop };
}

function watchEnd(child: ChildProcess): Promise<string> {
  return new Promise((resolve) => {
    child.on('error', (error) => resolve(error.message));
    child.on('exit', (code, signal) => {
      const end = (): void => resolve(`ended with ${signal ?? `code ${code}`}`);
      // Its last words may still be in the pipe; and what it started may hold the pipe open for long.
      child.on('close', end);
      void sleep(200).then(end);
    });
  });
}

/** A server that runs does not keep this process alive. */
function letUsExit(child: ChildProcess): void {
  child.unref();
  for (const stream of [child.stderr, child.stdio[3]]) if (stream instanceof net.Socket) stream.unref();
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = net.connect(port, '127.0.0.1');
    socket.on('connect', () => socket.end());
    socket.on('error', () => resolve(false));
    socket.on('close', (failed) => resolve(!failed));
  });
}

/** The preferred port when nobody has it, else one the system gives. */
export async function freePort(preferred: number | undefined): Promise<number> {
  const given = preferred === undefined ? undefined : await listenOnce(preferred);
  const port = given ?? (await listenOnce(0));
  if (port === undefined) {
    throw new EmbeddedPostgresFault(
      'no TCP port of 127.0.0.1 is free: close programs that hold many, then start again',
    );
  }
  return port;
}

function listenOnce(port: number): Promise<number | undefined> {
  return new Promise((resolve) => {
    const server = net.createServer();
    server.on('error', () => resolve(undefined));
    server.listen(port, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(address !== null && typeof address === 'object' ? address.port : undefined));
    });
  });
}
