import test from 'ava';
import { NO_METER } from '../../actors/runtime/meter.ts';
import { createMetrics, type PoolCounts } from '../../actors/telemetry/metrics.ts';

const made = () => createMetrics({ environment: 'test', process: false });

test('counts what the runtime tells', async (t) => {
  const { registry, meter } = made();
  meter.groupCommitted({ turns: 3, actors: 2, ms: 4 });
  meter.groupCommitted({ turns: 1, actors: 1, ms: 40 });
  meter.commitFailed('transient');
  meter.effectSettled('submitOrder', 'done', 12);
  meter.effectSettled('submitOrder', 'failed', 900);
  meter.effectRetried('queryOrder');
  meter.deadLettered('unhandled');
  meter.messageRefused('order');
  meter.timerFired(-3);
  meter.actorFailed('strategy');
  const text = await registry.metrics();
  for (const line of [
    'meltica_commits_total{environment="test"} 2',
    'meltica_turns_total{environment="test"} 4',
    'meltica_snapshots_written_total{environment="test"} 3',
    'meltica_group_turns_count{environment="test"} 2',
    'meltica_commit_seconds_sum{environment="test"} 0.044',
    'meltica_commit_seconds_bucket{le="0.005",environment="test"} 1',
    'meltica_commit_faults_total{fault="transient",environment="test"} 1',
    'meltica_effects_total{name="submitOrder",outcome="done",environment="test"} 1',
    'meltica_effects_total{name="submitOrder",outcome="failed",environment="test"} 1',
    'meltica_effect_seconds_sum{environment="test",name="submitOrder"} 0.912',
    'meltica_effect_retries_total{name="queryOrder",environment="test"} 1',
    'meltica_dead_letters_total{reason="unhandled",environment="test"} 1',
    'meltica_messages_refused_total{kind="order",environment="test"} 1',
    'meltica_timers_fired_total{environment="test"} 1',
    'meltica_timer_late_seconds_sum{environment="test"} 0',
    'meltica_actor_failures_total{kind="strategy",environment="test"} 1',
  ]) {
    t.true(text.includes(`\n${line}\n`), line);
  }
});

test('reads gauges when asked, and forgets kinds that are gone', async (t) => {
  const { registry, meter } = made();
  let actorsByKind: { [kind: string]: number } = { order: 4, risk: 1 };
  const gauges = { mailboxDepth: 2, pendingEffects: 3, pendingTimers: 5, leaseEpoch: 7 };
  const stop = meter.watch(() => ({ ...gauges, actorsByKind }));
  const first = await registry.metrics();
  t.true(first.includes('meltica_actors{kind="order",environment="test"} 4'));
  t.true(first.includes('meltica_mailbox_depth{environment="test"} 2'));
  t.true(first.includes('meltica_lease_epoch{environment="test"} 7'));
  actorsByKind = { risk: 1 };
  t.false((await registry.metrics()).includes('kind="order"'));
  stop();
  const last = await registry.metrics();
  t.true(last.includes('meltica_pending_timers{environment="test"} 0'));
  t.false(last.includes('kind="risk"'));
});

test('pools and migrations keep the names that dashboards query', async (t) => {
  const { registry, watchPool, migrationsEnded } = made();
  let counts: PoolCounts = { total: 5, idle: 2, constructing: 1, waiting: 4 };
  const stop = watchPool('primary', () => counts);
  migrationsEnded('applied', 'drizzle/migrations');
  const text = await registry.metrics();
  for (const [state, count] of Object.entries({ total: 5, idle: 2, acquired: 2, constructing: 1, waiting: 4 })) {
    t.true(text.includes(`meltica_db_pool_connections_${state}{db_pool="primary",environment="test"} ${count}`), state);
  }
  t.true(
    text.includes(
      'meltica_db_migrations_total{result="applied",migrations_path="drizzle/migrations",environment="test"} 1',
    ),
  );
  counts = { total: 0, idle: 0, constructing: 0, waiting: 0 };
  t.true(
    (await registry.metrics()).includes('meltica_db_pool_connections_total{db_pool="primary",environment="test"} 0'),
  );
  stop();
  t.false((await registry.metrics()).includes('db_pool="primary"'));
});

test('two in one process do not disturb each other', async (t) => {
  const [a, b] = [made(), made()];
  a.meter.timerFired(1);
  t.true((await a.registry.metrics()).includes('meltica_timers_fired_total{environment="test"} 1'));
  t.true((await b.registry.metrics()).includes('meltica_timers_fired_total{environment="test"} 0'));
});

test('tells about the process when asked to', async (t) => {
  const text = await createMetrics({ environment: 'test', process: true }).registry.metrics();
  t.true(text.includes('process_resident_memory_bytes'));
  t.true(text.includes('nodejs_eventloop_lag'));
});

test('who does not count is not disturbed', (t) => {
  t.notThrows(() => {
    NO_METER.groupCommitted({ turns: 1, actors: 1, ms: 1 });
    NO_METER.watch(() => ({ mailboxDepth: 0, pendingEffects: 0, pendingTimers: 0, leaseEpoch: 0, actorsByKind: {} }))();
  });
});

test('what providers found when they looked at their venues is counted from their snapshots', async (t) => {
  const { registry, watchReconciliation } = made();
  const rounds = { done: 7, failed: 2, skewed: 1 };
  const counts = { provider: 'paper', rounds, differences: 3, missingExecutions: 4, ageMs: 1_500 };
  const stop = watchReconciliation(() => [counts, { ...counts, provider: 'new', ageMs: null }]);
  const text = await registry.metrics();
  const paper = 'provider="paper"';
  for (const line of [
    `meltica_reconcile_rounds_total{${paper},outcome="done",environment="test"} 7`,
    `meltica_reconcile_rounds_total{${paper},outcome="failed",environment="test"} 2`,
    `meltica_reconcile_rounds_total{${paper},outcome="skewed",environment="test"} 1`,
    `meltica_reconcile_differences_total{${paper},environment="test"} 3`,
    `meltica_reconcile_missing_executions_total{${paper},environment="test"} 4`,
    `meltica_reconcile_last_success_age_seconds{${paper},environment="test"} 1.5`,
  ])
    t.true(text.includes(line), line);
  t.false(text.includes('last_success_age_seconds{provider="new"'));
  // A scrape shows what is, it does not add it up.
  t.true((await registry.metrics()).includes(`meltica_reconcile_differences_total{${paper},environment="test"} 3`));
  stop();
  t.false((await registry.metrics()).includes(paper));
});
