// The runtime's numbers for Prometheus. Names: `meltica_…`, seconds, counters end in `_total`. Labels come from
// closed sets (kinds, effect names, reasons), never from ids or symbols, so the number of series is bounded.
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { Meter, RuntimeGauges } from '../runtime/meter.ts';

/** What a connection pool says of itself. */
export interface PoolCounts {
  readonly total: number;
  readonly idle: number;
  /** Being opened; counted in `total`. */
  readonly constructing: number;
  /** Callers that wait for a connection. */
  readonly waiting: number;
}

/** What a provider's comparisons with its venue have come to, since the provider was made. */
export interface ReconcileCounts {
  readonly provider: string;
  readonly rounds: { readonly done: number; readonly failed: number; readonly skewed: number };
  /** Assets whose difference nothing explained. */
  readonly differences: number;
  /** Executions the books should have had. */
  readonly missingExecutions: number;
  /** Since the last round that saw everything began; null before the first. */
  readonly ageMs: number | null;
}

export interface Metrics {
  readonly registry: Registry;
  readonly meter: Meter;
  /** Gauges of one pool, read at each scrape. The returned function ends it. */
  watchPool(name: string, read: () => PoolCounts): () => void;
  /** Read at each scrape: the counts are in the providers' snapshots, so that they outlive the process. */
  watchReconciliation(read: () => readonly ReconcileCounts[]): () => void;
  migrationsEnded(result: 'applied' | 'noop' | 'failed' | 'rolled_back', path: string): void;
}

export interface MetricsOptions {
  /** Label on every series, as upstream had it. */
  readonly environment: string;
  /** Also memory, event loop and garbage collection of this process. */
  readonly process: boolean;
}

const COMMIT_SECONDS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5];
const EFFECT_SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];
const LATE_SECONDS = [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 30, 300];
const GROUP_TURNS = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024];

export function createMetrics(options: MetricsOptions): Metrics {
  const registry = new Registry();
  registry.setDefaultLabels({ environment: options.environment });
  if (options.process) collectDefaultMetrics({ register: registry });
  const migrations = counter(registry, 'meltica_db_migrations_total', 'Migration runs by result', [
    'result',
    'migrations_path',
  ]);
  return {
    registry,
    meter: createMeter(registry),
    watchPool: createPoolGauges(registry),
    watchReconciliation: createReconcileCounters(registry),
    migrationsEnded: (result, path) => migrations.inc({ result, migrations_path: path }),
  };
}

function createMeter(registry: Registry): Meter {
  const commits = counter(registry, 'meltica_commits_total', 'Groups committed');
  const turns = counter(registry, 'meltica_turns_total', 'Messages applied to actors');
  const changed = counter(registry, 'meltica_snapshots_written_total', 'Actor snapshots written by commits');
  const groupTurns = histogram(registry, 'meltica_group_turns', 'Turns in one commit', GROUP_TURNS);
  const commitSeconds = histogram(registry, 'meltica_commit_seconds', 'Time of one commit', COMMIT_SECONDS);
  const commitFaults = counter(registry, 'meltica_commit_faults_total', 'Commits that did not go through', ['fault']);
  const effects = counter(registry, 'meltica_effects_total', 'Effects that are over', ['name', 'outcome']);
  const effectSeconds = histogram(registry, 'meltica_effect_seconds', 'Time of one effect', EFFECT_SECONDS, ['name']);
  const retries = counter(registry, 'meltica_effect_retries_total', 'Effect attempts to be repeated', ['name']);
  const deadLetters = counter(registry, 'meltica_dead_letters_total', 'Messages that became dead letters', ['reason']);
  const refused = counter(registry, 'meltica_messages_refused_total', 'Messages refused by a full mailbox', ['kind']);
  const timers = counter(registry, 'meltica_timers_fired_total', 'Timers that became messages');
  const timerLate = histogram(registry, 'meltica_timer_late_seconds', 'From deadline to delivery', LATE_SECONDS);
  const failures = counter(registry, 'meltica_actor_failures_total', 'Turns that threw', ['kind']);
  return {
    groupCommitted(group) {
      commits.inc();
      turns.inc(group.turns);
      changed.inc(group.actors);
      groupTurns.observe(group.turns);
      commitSeconds.observe(group.ms / 1_000);
    },
    commitFailed: (fault) => commitFaults.inc({ fault }),
    effectSettled(name, outcome, ms) {
      effects.inc({ name, outcome });
      effectSeconds.observe({ name }, ms / 1_000);
    },
    effectRetried: (name) => retries.inc({ name }),
    deadLettered: (reason) => deadLetters.inc({ reason }),
    messageRefused: (kind) => refused.inc({ kind }),
    timerFired(lateMs) {
      timers.inc();
      timerLate.observe(Math.max(0, lateMs) / 1_000);
    },
    actorFailed: (kind) => failures.inc({ kind }),
    watch: createRuntimeGauges(registry),
  };
}

function createRuntimeGauges(registry: Registry): Meter['watch'] {
  let read: (() => RuntimeGauges) | null = null;
  const gauge = (name: string, help: string, field: Exclude<keyof RuntimeGauges, 'actorsByKind'>) =>
    new Gauge({
      name,
      help,
      registers: [registry],
      collect() {
        this.set(read?.()[field] ?? 0);
      },
    });
  gauge('meltica_mailbox_depth', 'Messages accepted and not yet applied', 'mailboxDepth');
  gauge('meltica_pending_effects', 'Effects committed and not yet over', 'pendingEffects');
  gauge('meltica_pending_timers', 'Timers armed', 'pendingTimers');
  gauge('meltica_lease_epoch', 'Epoch of the lease this process holds, 0 without one', 'leaseEpoch');
  new Gauge({
    name: 'meltica_actors',
    help: 'Actors in memory',
    labelNames: ['kind'],
    registers: [registry],
    collect() {
      this.reset();
      for (const [kind, count] of Object.entries(read?.().actorsByKind ?? {})) this.set({ kind }, count);
    },
  });
  return (source) => {
    read = source;
    return () => {
      if (read === source) read = null;
    };
  };
}

/** Providers are named by the configuration or an operator: a closed set like kinds. */
function createReconcileCounters(registry: Registry): Metrics['watchReconciliation'] {
  let read: () => readonly ReconcileCounts[] = () => [];
  const total = (
    name: string,
    help: string,
    labelNames: readonly string[],
    count: (one: ReconcileCounts) => readonly (readonly [{ readonly [label: string]: string }, number])[],
  ) =>
    new Counter({
      name,
      help,
      labelNames,
      registers: [registry],
      collect() {
        this.reset();
        for (const one of read())
          for (const [labels, value] of count(one)) this.inc({ provider: one.provider, ...labels }, value);
      },
    });
  total(
    'meltica_reconcile_rounds_total',
    'Comparisons with the venue by outcome',
    ['provider', 'outcome'],
    ({ rounds }) => Object.entries(rounds).map(([outcome, count]) => [{ outcome }, count] as const),
  );
  total(
    'meltica_reconcile_differences_total',
    'Differences between account and ledger that nothing explained',
    ['provider'],
    ({ differences }) => [[{}, differences]],
  );
  total(
    'meltica_reconcile_missing_executions_total',
    'Executions found at the venue that the books should have had',
    ['provider'],
    ({ missingExecutions }) => [[{}, missingExecutions]],
  );
  new Gauge({
    name: 'meltica_reconcile_last_success_age_seconds',
    help: 'Time since the last comparison that saw everything began',
    labelNames: ['provider'],
    registers: [registry],
    collect() {
      this.reset();
      for (const { provider, ageMs } of read()) if (ageMs !== null) this.set({ provider }, ageMs / 1_000);
    },
  });
  return (source) => {
    read = source;
    return () => {
      if (read === source) read = () => [];
    };
  };
}

/** Names and the label `db_pool` are upstream's: its dashboards query them. */
function createPoolGauges(registry: Registry): Metrics['watchPool'] {
  const pools = new Map<string, () => PoolCounts>();
  const gauge = (state: string, help: string, count: (pool: PoolCounts) => number) =>
    new Gauge({
      name: `meltica_db_pool_connections_${state}`,
      help,
      labelNames: ['db_pool'],
      registers: [registry],
      collect() {
        this.reset();
        for (const [name, read] of pools) this.set({ db_pool: name }, count(read()));
      },
    });
  gauge('total', 'Connections of the pool', (pool) => pool.total);
  gauge('idle', 'Connections nobody uses', (pool) => pool.idle);
  gauge('acquired', 'Connections in use', (pool) => pool.total - pool.idle - pool.constructing);
  gauge('constructing', 'Connections being opened', (pool) => pool.constructing);
  gauge('waiting', 'Callers that wait for a connection', (pool) => pool.waiting);
  return (name, read) => {
    pools.set(name, read);
    return () => {
      if (pools.get(name) === read) pools.delete(name);
    };
  };
}

function counter<Label extends string>(registry: Registry, name: string, help: string, labelNames: Label[] = []) {
  return new Counter<Label>({ name, help, labelNames, registers: [registry] });
}

function histogram<Label extends string>(
  registry: Registry,
  name: string,
  help: string,
  buckets: number[],
  labelNames: Label[] = [],
) {
  return new Histogram<Label>({ name, help, buckets, labelNames, registers: [registry] });
}
