// One session with Postgres: settings, keep-alive, and an end that does not hang.
import type { ConnectionOptions } from 'node:tls';
import pg from 'pg';

export interface SessionOptions {
  /** postgres://user:password@host:port/database */
  readonly url: string;
  readonly tls?: ConnectionOptions | undefined;
  /** What pg_stat_activity shows. */
  readonly application: string;
  readonly connectTimeoutMs?: number | undefined;
  /** Sends statements without waiting for the answers of those before. */
  readonly pipeline?: boolean;
  /** Server settings of this session. */
  readonly settings?: Readonly<Record<string, string>>;
}

const CONNECT_TIMEOUT_MS = 10_000;
const CLOSE_TIMEOUT_MS = 2_000;
/** Idle time before the kernel probes a silent peer. */
const KEEP_ALIVE_MS = 5_000;

/**
 * For the server's side: a client that is gone without a word, in the middle of sending a group, holds its rows for
 * half a minute and not for the two hours that are usual.
 */
const KEEP_ALIVE: Readonly<Record<string, string>> = {
  tcp_keepalives_idle: '10',
  tcp_keepalives_interval: '5',
  tcp_keepalives_count: '3',
};

const asText = (value: string | Buffer): string => value.toString();
/** Every value as the server wrote it: readers convert what they know, and JSON keeps its bytes. */
export const TEXT_TYPES: pg.CustomTypesConfig = { getTypeParser: () => asText };

export function clientConfig(options: SessionOptions): pg.ClientConfig & { readonly application_name: string } {
  return {
    connectionString: options.url,
    ...(options.tls === undefined ? {} : { ssl: options.tls }),
    application_name: options.application.slice(0, 63),
    connectionTimeoutMillis: options.connectTimeoutMs ?? CONNECT_TIMEOUT_MS,
    keepAlive: true,
    keepAliveInitialDelayMillis: KEEP_ALIVE_MS,
    pipeline: options.pipeline ?? false,
  };
}

/**
 * Connects and applies the settings. The session's own `error` event (the server went away while nothing was
 * asked) is swallowed here: the next statement fails with it.
 */
export async function openSession(options: SessionOptions): Promise<pg.Client> {
  const config = clientConfig(options);
  const client = new pg.Client({ ...config, types: TEXT_TYPES });
  client.on('error', () => {});
  try {
    await client.connect();
    // Again by name: a DSN may carry an application_name of its own.
    const settings = { timezone: 'UTC', application_name: config.application_name, ...KEEP_ALIVE, ...options.settings };
    const calls = Object.keys(settings).map((_, i) => `set_config($${2 * i + 1}, $${2 * i + 2}, false)`);
    await client.query(`select ${calls.join(', ')}`, Object.entries(settings).flat());
    return client;
  } catch (error) {
    destroySession(client);
    throw error;
  }
}

/** Runs `fn` unless the returned function is called within `delayMs`. */
export function deadline(delayMs: number, fn: () => void): () => void {
  const timer = setTimeout(fn, delayMs);
  return () => clearTimeout(timer);
}

/** Says goodbye; a peer that does not answer is left. */
export async function closeSession(client: pg.Client): Promise<void> {
  const done = deadline(CLOSE_TIMEOUT_MS, () => destroySession(client));
  await client.end().catch(() => {});
  done();
}

/** Ends a session at once, without asking the server: what was under way is then unknown. */
export function destroySession(client: pg.Client): void {
  client.connection.stream.destroy();
}

/** Runs `use` in a session of its own and ends it whatever happens. */
export async function withSession<Result>(
  options: SessionOptions,
  use: (client: pg.Client) => Promise<Result>,
): Promise<Result> {
  const client = await openSession(options);
  try {
    return await use(client);
  } finally {
    await closeSession(client);
  }
}
