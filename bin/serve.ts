// meltica start: configuration → database → venue → gateway, and back in the other order at SIGINT or SIGTERM.
import fs from 'node:fs';
import path from 'node:path';
import { loadOrCreateToken } from '../actors/control/index.ts';
import type { ProviderInput } from '../actors/provider/messages.ts';
import { DEFAULT_LIMITS } from '../actors/risk/limits.ts';
import { CRASH_POINTS, type CrashPoint } from '../actors/runtime/crash-points.ts';
import { textOf } from '../actors/runtime/errors.ts';
import type { StrategyInput } from '../actors/strategy/messages.ts';
import { createLog, type RootLog } from '../actors/telemetry/log.ts';
import { createMetrics, type Metrics } from '../actors/telemetry/metrics.ts';
import { type Environment, readEnvironment } from '../config/env.ts';
import { HOME, loadConfig, type Settings } from '../config/index.ts';
import { resolveReference } from '../config/secrets.ts';
import { checkSchema, migrateUp, migrationStatus } from '../persistence/migrate.ts';
import { reachServer } from '../persistence/reach.ts';
import { type OpenDatabase, openDatabase } from './database.ts';
import { deploymentPrefix, orderPrefix } from './deployment.ts';
import { type Gateway, type GatewayOptions, startGateway } from './gateway.ts';
import { createModules, revisionOf } from './modules.ts';
import { keepVenue, type PaperVenue } from './paper.ts';
import type { VenueHandle } from './venue.ts';

/** The one risk scope of the configuration's `risk` block. */
const RISK_SCOPE = 'main';
const PAPER_KEY = 'env:MELTICA_SECRET_PAPER_KEY';
const PAPER_SECRET = 'env:MELTICA_SECRET_PAPER_SECRET';
const STOP_WITHIN_MS = 10_000;

/** Resolves with the exit status once everything is closed. */
export async function main(): Promise<number> {
  const environment = readEnvironment();
  const settings = loadConfig(environment);
  const log = createLog({ level: settings.logging.level, pretty: process.stdout.isTTY === true });
  for (const warning of settings.warnings) log.warn({}, warning);
  const ending = Promise.withResolvers<number>();
  const stopping = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => {
      log.info({ signal }, 'stopping');
      stopping.abort();
      ending.resolve(0);
    });
  }
  const end = (status: number): void => ending.resolve(status);
  const running = await start(settings, environment, log, end, stopping.signal).catch((error: unknown) => {
    if (!stopping.signal.aborted) throw error;
  });
  const status = await ending.promise;
  const timer = setTimeout(() => {
    log.error(
      { withinMs: STOP_WITHIN_MS },
      'the shutdown took too long: what is unfinished is finished by the next start',
    );
    process.exit(1);
  }, STOP_WITHIN_MS);
  await running?.stop();
  clearTimeout(timer);
  log.info({}, 'stopped');
  return status;
}

interface Running {
  stop(): Promise<void>;
}

async function start(
  settings: Settings,
  environment: Environment,
  log: RootLog,
  end: (status: number) => void,
  signal: AbortSignal,
): Promise<Running> {
  const token = await loadOrCreateToken(path.join(settings.dataDir, 'token'));
  const database = await openDatabase(settings, log.subsystem('database'));
  let venue: PaperVenue | null = null;
  try {
    const metrics = createMetrics({ environment: settings.environment, process: true });
    await prepareDatabase(settings, database, metrics, log);
    venue = usesPaper(settings) ? await keepVenue(settings, log.subsystem('venue')) : null;
    const options = await gatewayOptions(settings, environment, database, venue?.handle ?? null, token, log, end);
    const gateway = await startGateway({ ...options, metrics, signal });
    announce(gateway, token, log);
    const paper = venue;
    return { stop: () => stopAll(gateway, paper, database) };
  } catch (error) {
    venue?.release();
    await database.close();
    throw error;
  }
}

/** Fails fast: unreachable, refused or not migrated, each in one sentence. */
async function prepareDatabase(
  { database: config }: Settings,
  { store }: OpenDatabase,
  metrics: Metrics,
  log: RootLog,
): Promise<void> {
  const { url, tls } = store;
  const report = await reachServer(url, {
    tls,
    connectTimeoutMs: config.connectTimeoutMs,
    waitMs: config.connectTimeoutMs,
  });
  for (const warning of report.warnings) log.warn({}, warning);
  if (config.runMigrations) {
    const applied = await migrateUp(url, { tls });
    metrics.migrationsEnded(applied.length > 0 ? 'applied' : 'noop', 'drizzle/migrations');
    if (applied.length > 0) log.info({ applied }, 'the database was migrated');
  }
  await checkSchema(url, { tls });
}

function usesPaper({ venue, providers }: Settings): boolean {
  return venue.enabled && Object.values(providers).some(({ adapter }) => adapter.identifier === 'paper');
}

async function gatewayOptions(
  settings: Settings,
  environment: Environment,
  database: OpenDatabase,
  venue: VenueHandle | null,
  token: string,
  log: RootLog,
  end: (status: number) => void,
): Promise<GatewayOptions> {
  const { url, tls } = database.store;
  const prefix = deploymentPrefix(await migrationStatus(url, { tls }));
  const folder = modulesFolder(settings);
  const account = venue?.accounts[0];
  const secrets = {
    ...environment,
    MELTICA_SECRET_PAPER_KEY: account?.apiKey,
    MELTICA_SECRET_PAPER_SECRET: account?.secret,
  };
  return {
    store: database.store,
    children: {
      providers: Object.entries(settings.providers).map(([name, provider]) => providerInput(name, provider, venue)),
      strategies: Object.entries(settings.strategies.instances).map(([id, instance]) =>
        strategyInput(id, instance, folder, prefix),
      ),
      risks: [{ scope: RISK_SCOPE, limits: { ...DEFAULT_LIMITS, ...settings.risk } }],
    },
    secrets: (reference) => resolveReference(reference, secrets),
    orderPrefix: prefix,
    modules: createModules(folder),
    api: { address: settings.apiServer.addr, token, allowedHosts: settings.apiServer.allowedHosts },
    environment: settings.environment,
    bounds: settings.bounds.runtime,
    crash: crashHook(environment),
    log,
    onFailed: (error) => {
      log.error({ error: textOf(error) }, 'the runtime ended by itself');
      end(1);
    },
  };
}

/** Beside the configuration that names it, else among the program's own files. */
function modulesFolder({ file, strategies }: Settings): string {
  const own = path.resolve(path.dirname(file), '..', strategies.directory);
  return fs.existsSync(own) ? own : path.resolve(HOME, strategies.directory);
}

type ProviderSettings = Settings['providers'][string];
type InstanceSettings = Settings['strategies']['instances'][string];

function providerInput(name: string, { adapter }: ProviderSettings, venue: VenueHandle | null): ProviderInput {
  if (adapter.identifier !== 'paper') return { name, adapter: adapter.identifier, settings: adapter.config };
  if (venue === null)
    throw new Error(`provider ${name} is a paper provider and the paper venue is off: set venue.enabled, or remove it`);
  const { restUrl, streamUrl, wsApiUrl } = venue;
  return {
    name,
    adapter: 'binance',
    settings: {
      venue: 'PAPER',
      restUrl,
      streamUrl,
      wsApiUrl,
      apiKey: PAPER_KEY,
      apiSecret: PAPER_SECRET,
      ...adapter.config,
    },
  };
}

function strategyInput(instanceId: string, instance: InstanceSettings, folder: string, prefix: string): StrategyInput {
  const { strategy, scope, config } = instance;
  return {
    instanceId,
    strategy,
    revision: revisionOf(folder, strategy),
    config,
    scope,
    riskScope: RISK_SCOPE,
    orderPrefix: orderPrefix(prefix, instanceId),
  };
}

/** The address with the token goes to the terminal alone: no log line has it. */
function announce({ url, recovered }: Gateway, token: string, log: RootLog): void {
  log.info({ url, ...recovered }, 'the supervisor runs');
  console.log(`\n  open ${url}/?token=${token}\n`);
}

async function stopAll(gateway: Gateway, venue: PaperVenue | null, database: OpenDatabase): Promise<void> {
  await gateway.stop();
  venue?.release();
  await database.close();
}

/** `MELTICA_CRASH_POINT=committed:3` kills the process at the third visit of that point: for crash tests. */
function crashHook(environment: Environment): (point: CrashPoint) => void {
  const [wanted, nth = '1'] = (environment['MELTICA_CRASH_POINT'] ?? '').split(':');
  if (!CRASH_POINTS.some((point) => point === wanted)) return () => {};
  let left = Number(nth);
  return (point) => {
    if (point !== wanted) return;
    left -= 1;
    if (left === 0) process.kill(process.pid, 'SIGKILL');
  };
}
