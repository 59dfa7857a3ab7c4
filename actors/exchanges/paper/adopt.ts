// How a gateway gets its venue: the one that runs on this data folder, or a new one on the same ledger.
//
// The venue is a process of its own, in its own session: killing the gateway, or Ctrl-C in its terminal, does not
// touch it. It lives as long as somebody holds a connection to /venue/hold open and `lingerMs` longer, for ever with
// `stay`. The kernel closes the connection of a killed gateway, so no pid has to be watched.
// A gateway that comes back within that time finds the same venue with the same open orders and market; one that
// comes later starts it again from its ledger. Either way orders, balances, trades and next ids are the same.
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdir, open, readFile } from 'node:fs/promises';
import { get, type IncomingMessage, request } from 'node:http';
import path from 'node:path';
import { LOG_FILE, type Place, prepareFolder, readAccounts, readPlace, readToken } from './folder.ts';
import { type Host, systemHost } from './host.ts';
import type { PaperAccount } from './serve.ts';
import { type Identity, TOKEN_HEADER } from './server/admin.ts';

export interface AdoptOptions {
  readonly dataDir: string;
  /** The file that runs the venue: bin/venue.ts. */
  readonly program: string;
  /** 0 for the port it had before, if that is free, else for any. */
  readonly port?: number;
  readonly seed?: number;
  readonly speed?: number;
  /** Live on without holders. */
  readonly stay?: boolean;
  readonly lingerMs?: number;
  /** Written to accounts.json when the folder has none yet. */
  readonly accounts?: readonly PaperAccount[];
  readonly startTimeoutMs?: number;
  readonly host?: Host;
}

export interface VenueHandle {
  readonly pid: number;
  readonly port: number;
  readonly restUrl: string;
  readonly streamUrl: string;
  readonly wsApiUrl: string;
  readonly adminToken: string;
  readonly accounts: readonly PaperAccount[];
  /** It was running before. */
  readonly adopted: boolean;
  /** Resolves when the venue is gone though nobody here let it go: call startOrAdoptVenue again. */
  readonly lost: Promise<void>;
  /** Lets go: it ends by itself unless another holds it. */
  release(): void;
  /** Ends it now; resolves when its port is closed. */
  stop(): Promise<void>;
}

const LINGER_MS = 10_000;
const START_TIMEOUT_MS = 30_000;
const POLL_MS = 50;
const RETRY_MS = 300;
const PROBE_TIMEOUT_MS = 1_000;
/** Exit code of a venue that found its ledger taken: there is another one to adopt. */
export const EXIT_LOCKED = 3;

export async function startOrAdoptVenue(options: AdoptOptions): Promise<VenueHandle> {
  const { dataDir } = options;
  const host = options.host ?? systemHost;
  await prepareFolder(dataDir);
  const accounts = await readAccounts(dataDir, host, options.accounts);
  const adminToken = await readToken(dataDir, host);
  const deadlineAt = host.now() + (options.startTimeoutMs ?? START_TIMEOUT_MS);
  let child: Child | null = null;
  for (;;) {
    const place = await findRunning(dataDir);
    const held = place && (await hold(place, adminToken));
    if (held) return handle(place, held, adminToken, accounts, child?.process.pid !== place.pid);
    if (child?.exitCode !== null) {
      if (child && child.exitCode !== EXIT_LOCKED) throw await failure(dataDir, `it ended with ${child.exitCode}`);
      // Another one is starting, or ending: give it time to say where, or to be gone.
      if (child) await new Promise<void>((resolve) => host.after(RETRY_MS, resolve));
      child = await start(options);
    }
    if (host.now() > deadlineAt) throw await failure(dataDir, 'it did not answer in time');
    await new Promise<void>((resolve) => host.after(POLL_MS, resolve));
  }
}

/** The folder's venue, if what listens on its port proves to be it. */
export async function findRunning(dataDir: string): Promise<Place | null> {
  const place = await readPlace(dataDir);
  const identity = place && (await probe(place.port));
  return identity?.instance === place?.instance ? place : null;
}

interface Child {
  readonly process: ChildProcess;
  exitCode: number | null;
}

async function start(options: AdoptOptions): Promise<Child> {
  const { dataDir, program, port = 0, seed, speed, stay } = options;
  const lingering = stay ? ['--stay'] : ['--linger-ms', String(options.lingerMs ?? LINGER_MS)];
  const args = [program, '--data', dataDir, '--port', String(port), ...lingering];
  if (seed !== undefined) args.push('--seed', String(seed));
  if (speed !== undefined) args.push('--speed', String(speed));
  await mkdir(dataDir, { recursive: true });
  // Not a pipe: it would break with the gateway, and the next word of the venue would end it.
  const log = await open(path.join(dataDir, LOG_FILE), 'a', 0o600);
  const process_ = spawn(process.execPath, args, { detached: true, stdio: ['ignore', log.fd, log.fd] });
  const child: Child = { process: process_, exitCode: null };
  process_.on('exit', (code) => {
    child.exitCode = code ?? 1;
  });
  process_.on('error', () => {
    child.exitCode = 1;
  });
  process_.unref();
  await log.close();
  return child;
}

function handle(
  place: Place,
  held: Held,
  adminToken: string,
  accounts: readonly PaperAccount[],
  adopted: boolean,
): VenueHandle {
  const authority = `127.0.0.1:${place.port}`;
  return {
    pid: place.pid,
    port: place.port,
    restUrl: `http://${authority}`,
    streamUrl: `ws://${authority}`,
    wsApiUrl: `ws://${authority}/ws-api/v3`,
    adminToken,
    accounts,
    adopted,
    lost: held.lost,
    release: held.release,
    stop: async () => {
      const ended = held.ended;
      held.letGo();
      await stop(place, adminToken);
      await ended;
    },
  };
}

interface Held {
  /** The connection ended, for whatever reason. */
  readonly ended: Promise<void>;
  readonly lost: Promise<void>;
  readonly letGo: () => void;
  readonly release: () => void;
}

/** Null when it could not be held: the venue is just ending, or not ours. */
function hold(place: Place, adminToken: string): Promise<Held | null> {
  return new Promise((resolve) => {
    const asking = get({
      host: '127.0.0.1',
      port: place.port,
      path: '/venue/hold',
      headers: { [TOKEN_HEADER]: adminToken },
      agent: false,
    });
    asking.setTimeout(PROBE_TIMEOUT_MS, () => asking.destroy());
    asking.on('error', () => resolve(null));
    asking.on('response', (response) => {
      if (response.statusCode !== 200) {
        response.destroy();
        resolve(null);
        return;
      }
      asking.setTimeout(0);
      response.socket.unref(); // holding a venue is no reason for a gateway to stay
      response.resume();
      resolve(holding(response));
    });
  });
}

function holding(response: IncomingMessage): Held {
  let wanted = true;
  response.on('error', () => {}); // a reset; 'close' follows
  const ended = new Promise<void>((resolve) => response.on('close', resolve));
  const lost = new Promise<void>((resolve) => {
    void ended.then(() => {
      if (wanted) resolve();
    });
  });
  const letGo = (): void => {
    wanted = false;
    response.socket.ref(); // its end is now waited for
  };
  const release = (): void => {
    letGo();
    response.destroy();
  };
  return { ended, lost, letGo, release };
}

function probe(port: number): Promise<Identity | null> {
  return new Promise((resolve) => {
    const asking = get(
      { host: '127.0.0.1', port, path: '/venue', agent: false, timeout: PROBE_TIMEOUT_MS },
      (response) => {
        let text = '';
        response.setEncoding('utf8');
        response.on('data', (chunk: string) => {
          text += chunk;
          if (text.length > 10_000) response.destroy();
        });
        response.on('close', () => resolve(readIdentity(text)));
      },
    );
    asking.on('timeout', () => asking.destroy());
    asking.on('error', () => resolve(null));
  });
}

function readIdentity(text: string): Identity | null {
  try {
    const identity = JSON.parse(text) as Identity | null;
    return identity?.venue === 'meltica-paper' ? identity : null;
  } catch {
    return null;
  }
}

function stop(place: Place, adminToken: string): Promise<void> {
  return new Promise((resolve) => {
    const asking = request({
      method: 'POST',
      host: '127.0.0.1',
      port: place.port,
      path: '/venue/stop',
      headers: { [TOKEN_HEADER]: adminToken },
      agent: false,
    });
    asking.on('response', (response) => response.resume());
    asking.on('close', () => resolve());
    asking.on('error', () => resolve());
    asking.end();
  });
}

async function failure(dataDir: string, what: string): Promise<Error> {
  const file = path.join(dataDir, LOG_FILE);
  const log = await readFile(file, 'utf8').catch(() => '');
  return new Error(`VENUE_START: the venue did not start: ${what}, log=${file}\n${log.slice(-2_000).trim()}`);
}
