// The venue as a process: `meltica venue`. Says on stdout in one JSON line when it is ready and where.
import path from 'node:path';
import { parseArgs } from 'node:util';
import {
  type AdoptOptions,
  startOrAdoptVenue as adopt,
  EXIT_LOCKED,
  type VenueHandle,
} from '../actors/exchanges/paper/adopt.ts';
import { prepareFolder, readAccounts, readPlace, readToken, writePlace } from '../actors/exchanges/paper/folder.ts';
import { type Host, systemHost } from '../actors/exchanges/paper/host.ts';
import { lock, VenueLocked } from '../actors/exchanges/paper/lock.ts';
import { type PaperAccount, type ServedVenue, type ServeOptions, serveVenue } from '../actors/exchanges/paper/serve.ts';
import { readEnvironment } from '../config/env.ts';

export type { VenueHandle } from '../actors/exchanges/paper/adopt.ts';

type Passed =
  | 'seed'
  | 'speed'
  | 'symbols'
  | 'fees'
  | 'market'
  | 'tapeFile'
  | 'limits'
  | 'ledgerBytesMax'
  | 'ordersKept';

export interface RunVenueOptions extends Pick<ServeOptions, Passed> {
  readonly dataDir: string;
  readonly port?: number;
  /** How long to live without a holder; null for ever. */
  readonly lingerMs?: number | null;
  readonly accounts?: readonly PaperAccount[];
  readonly host?: Host;
  readonly warn?: (text: string) => void;
}

export interface RunningVenue {
  readonly served: ServedVenue;
  readonly port: number;
  /** Resolves when it has stopped, with why. */
  readonly ended: Promise<VenueEnd>;
  stop(): Promise<VenueEnd>;
}

export type VenueEnd = { readonly why: 'stopped' | 'not held' } | { readonly why: 'failed'; readonly error: Error };

const FIRST_HOLDER_MS = 60_000;

const USAGE = `usage: meltica venue [--port 0] [--data FOLDER] [--seed 1] [--speed 1] [--tape FILE]
                     [--stay | --linger-ms MS]

  --port       on 127.0.0.1; 0: the port it had before, else any
  --data       folder of the ledger, the accounts and the admin token; else venue in MELTICA_DATA_DIR, or .meltica
  --seed       of the synthetic market
  --speed      of the market: 1 is four ticks a second, 0 stops it
  --tape       a file of recorded trades to play in the place of the synthetic market, again and again: aggTrade
               events of Binance, one JSON object a line, oldest first; with --speed 1 as fast as they were recorded
  --stay       run until told to stop (the default)
  --linger-ms  end so long after the last gateway let go
`;

/** `meltica venue`; resolves with the exit code when the venue has ended. */
export async function main(argv: readonly string[]): Promise<number> {
  const options = readArguments(argv);
  if (typeof options === 'string') {
    process.stderr.write(options);
    return options === USAGE ? 0 : 2;
  }
  try {
    const running = await runVenue(options);
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void running.stop());
    const { served, port } = running;
    const ready = { event: 'VenueReady', port, pid: process.pid, data: options.dataDir, entries: served.venue.entries };
    process.stdout.on('error', () => {}); // whoever started it may be gone
    process.stdout.write(`${JSON.stringify(ready)}\n`);
    const end = await running.ended;
    if (end.why !== 'failed') return 0;
    process.stderr.write(`${end.error.message}\n`);
    return 1;
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    return error instanceof VenueLocked ? EXIT_LOCKED : 1;
  }
}

/** The venue on its ledger and its port, in this process. Throws VenueLocked while another process runs it. */
export async function runVenue(options: RunVenueOptions): Promise<RunningVenue> {
  const { dataDir, host = systemHost, lingerMs = null } = options;
  await prepareFolder(dataDir);
  await lock(dataDir, process.pid, host);
  const ending = Promise.withResolvers<VenueEnd>();
  const linger = createLinger(host, lingerMs, () => ending.resolve({ why: 'not held' }));
  const served = await serveVenue({
    ...options,
    dataDir,
    port: options.port || ((await readPlace(dataDir))?.port ?? 0),
    anyPort: !options.port,
    host,
    accounts: await readAccounts(dataDir, host, options.accounts),
    adminToken: await readToken(dataDir, host),
    pid: process.pid,
    warn: options.warn ?? ((text) => process.stderr.write(`${text}\n`)),
    fatal: (error) => ending.resolve({ why: 'failed', error }),
    onHolders: linger.held,
    onStop: () => ending.resolve({ why: 'stopped' }),
  });
  await writePlace(dataDir, { pid: process.pid, port: served.port, instance: served.instance });
  linger.start();
  const ended = ending.promise.then(async (end) => {
    await served.close();
    linger.stop();
    return end;
  });
  const stop = (): Promise<VenueEnd> => {
    ending.resolve({ why: 'stopped' });
    return ended;
  };
  return { served, port: served.port, ended, stop };
}

/** As actors/exchanges/paper/adopt.ts, with this file as the program. */
export function startOrAdoptVenue(options: Omit<AdoptOptions, 'program'>): Promise<VenueHandle> {
  return adopt({ ...options, program: import.meta.filename });
}

interface Linger {
  /** Before the first holder has come, whoever started the venue is given time to be it. */
  readonly start: () => void;
  readonly held: (holders: number) => void;
  readonly stop: () => void;
}

function createLinger(host: Host, lingerMs: number | null, end: () => void): Linger {
  let holders = 0;
  let stop = (): void => {};
  const begin = (ms: number): void => {
    stop();
    if (holders === 0) stop = host.after(ms, end);
  };
  return {
    start: () => {
      if (lingerMs !== null) begin(Math.max(lingerMs, FIRST_HOLDER_MS));
    },
    held: (count) => {
      holders = count;
      if (lingerMs !== null) begin(lingerMs);
    },
    stop: () => stop(),
  };
}

function readArguments(argv: readonly string[]): RunVenueOptions | string {
  const number = (name: string, text: string | undefined): number | undefined => {
    if (text === undefined) return undefined;
    const value = Number(text);
    if (text.trim() === '' || !Number.isFinite(value) || value < 0)
      throw new Error(`--${name}: value=${text}, allowed: 0 or more`);
    return value;
  };
  try {
    const { values } = parseArgs({
      args: [...argv],
      options: {
        port: { type: 'string' },
        data: { type: 'string', default: usualFolder() },
        seed: { type: 'string' },
        speed: { type: 'string' },
        tape: { type: 'string' },
        stay: { type: 'boolean', default: false },
        'linger-ms': { type: 'string' },
        help: { type: 'boolean', default: false },
      },
    });
    if (values.help) return USAGE;
    const given = {
      port: number('port', values.port),
      seed: number('seed', values.seed),
      speed: number('speed', values.speed),
    };
    const lingerMs = values.stay ? null : (number('linger-ms', values['linger-ms']) ?? null);
    const played = values.tape === undefined ? {} : { tapeFile: values.tape };
    return { dataDir: values.data, lingerMs, ...played, ...withoutUndefined(given) };
  } catch (error) {
    return `${error instanceof Error ? error.message : String(error)}\n${USAGE}`;
  }
}

/** Where `meltica start` has its venue. */
function usualFolder(): string {
  return path.join(readEnvironment()['MELTICA_DATA_DIR'] || '.meltica', 'venue');
}

function withoutUndefined(given: { readonly [name: string]: number | undefined }): { readonly [name: string]: number } {
  return Object.fromEntries(
    Object.entries(given).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  );
}

if (import.meta.main) process.exitCode = await main(process.argv.slice(2));
