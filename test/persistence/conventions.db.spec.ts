// The conventions of the schema, asked of the catalogue.
import test from 'ava';
import { testDatabase } from '../support/db.ts';
import { query } from '../support/system.ts';

const OURS = `c.relkind = 'r' and c.relnamespace = 'public'::regnamespace and c.relname <> 'schema_migrations'`;
/** Rows that are written once: nothing of them changes, so nothing says when it did. */
const APPEND_ONLY = ['audit_log', 'instrument_versions', 'ledger_entries', 'transitions'];

async function tables(url: string): Promise<readonly string[]> {
  const rows = await query<{ name: string }>(url, `select c.relname as name from pg_class c where ${OURS} order by 1`);
  return rows.map(({ name }) => name);
}

async function columns(url: string, condition: string): Promise<readonly string[]> {
  const rows = await query<{ name: string }>(
    url,
    `select c.relname || '.' || a.attname as name from pg_class c join pg_attribute a on a.attrelid = c.oid
      where ${OURS} and a.attnum > 0 and not a.attisdropped and ${condition} order by 1`,
  );
  return rows.map(({ name }) => name);
}

test('the tables are those of the design', async (t) => {
  t.deepEqual(await tables(await testDatabase()), [
    'actors',
    'audit_log',
    'balances',
    'dead_letters',
    'events_outbox',
    'executions',
    'instrument_versions',
    'instruments',
    'ledger_balances',
    'ledger_entries',
    'nodes',
    'orders',
    'position_fees',
    'positions',
    'provider_routes',
    'providers',
    'risk_limits',
    'strategy_instances',
    'strategy_modules',
    'timers',
    'transitions',
  ]);
});

test('names are snake_case, and moments, money and texts have one type each', async (t) => {
  const url = await testDatabase();
  t.deepEqual(await columns(url, `a.attname !~ '^[a-z]+(_[a-z]+)*$'`), []);
  t.deepEqual(await columns(url, `a.atttypid in ('timestamp'::regtype, 'date'::regtype, 'time'::regtype)`), []);
  t.deepEqual(await columns(url, `a.atttypid in ('float4'::regtype, 'float8'::regtype, 'money'::regtype)`), []);
  t.deepEqual(await columns(url, `a.atttypid in ('varchar'::regtype, 'bpchar'::regtype, 'jsonb'::regtype)`), []);
  const numeric = await columns(url, `a.atttypid = 'numeric'::regtype`);
  t.true(numeric.length > 15);
  t.deepEqual(numeric, await columns(url, `format_type(a.atttypid, a.atttypmod) = 'numeric(38,18)'`));
  t.deepEqual(await columns(url, `a.attname ~ '_at$|^at$' and a.atttypid <> 'timestamptz'::regtype`), []);
});

test('every table says when a row was written, and when it last changed unless it never does', async (t) => {
  const url = await testDatabase();
  const all = await tables(url);
  const having = async (column: string) =>
    (await columns(url, `a.attname = '${column}'`)).map((name) => name.split('.')[0]);
  t.deepEqual(await having('created_at'), all);
  t.deepEqual(
    await having('updated_at'),
    all.filter((table) => !APPEND_ONLY.includes(table)),
  );
  t.deepEqual(
    await columns(url, `a.attname in ('created_at', 'updated_at') and not (a.attnotnull and a.atthasdef)`),
    [],
  );
  t.deepEqual(await columns(url, `a.attname = 'deleted_at' and a.attnotnull`), []);
});

test('keys are bigint: identities, or the key of the actor a row belongs to', async (t) => {
  const url = await testDatabase();
  const rows = await query<{ name: string }>(
    url,
    `select c.relname as name from pg_class c where ${OURS} and not exists (
       select from pg_attribute a where a.attrelid = c.oid and a.attname = 'id' and a.attidentity = 'd'
          and a.atttypid = 'bigint'::regtype) order by 1`,
  );
  t.deepEqual(
    rows.map(({ name }) => name),
    ['nodes', 'orders', 'timers', 'transitions'],
  );
});

test('what is one of a few words has a named check, and what names another row a foreign key', async (t) => {
  const url = await testDatabase();
  const checks = await query<{ name: string }>(
    url,
    `select conname as name from pg_constraint k join pg_class c on c.oid = k.conrelid
      where ${OURS} and contype = 'c' and pg_get_constraintdef(k.oid) like '%ANY (ARRAY%' order by 1`,
  );
  t.deepEqual(
    checks.map(({ name }) => name),
    [
      'actors_status_check',
      'dead_letters_reason_check',
      'events_outbox_lane_check',
      'executions_liquidity_check',
      'executions_origin_check',
      'executions_side_check',
      'ledger_entries_kind_check',
      'orders_order_type_check',
      'orders_side_check',
      'orders_state_check',
      'orders_status_check',
      'orders_time_in_force_check',
      'providers_status_check',
      'strategy_instances_status_check',
    ],
  );
  const withoutReference = await columns(
    url,
    `a.atttypid = 'bigint'::regtype and a.attname ~ '_id$' and not exists (
       select from pg_constraint k where k.conrelid = c.oid and k.contype = 'f' and a.attnum = any (k.conkey))`,
  );
  // docs/decisions/0006-no-foreign-keys-on-the-journal.md
  t.deepEqual(withoutReference, ['events_outbox.source_id', 'transitions.actor_id']);
});

test('what boot and the relay look for is in partial indexes, and what changes at every turn in none', async (t) => {
  const url = await testDatabase();
  const partial = await query<{ name: string }>(
    url,
    `select i.indexrelid::regclass::text as name from pg_index i where i.indpred is not null
        and i.indrelid in (select c.oid from pg_class c where ${OURS}) order by 1`,
  );
  t.deepEqual(
    partial.map(({ name }) => name),
    ['actors_live_idx', 'dead_letters_pending_idx', 'events_outbox_pending_idx', 'orders_open_idx'],
  );
  const changing = await columns(
    url,
    `c.relname in ('actors', 'orders', 'positions', 'position_fees', 'ledger_balances')
      and a.attname in ('version', 'state', 'snapshot', 'updated_at', 'life', 'filled_quantity', 'filled_quote',
                        'status', 'balance', 'amount', 'cost_quote', 'realized_quote')
      and exists (select from pg_index i where i.indrelid = c.oid and a.attnum = any (i.indkey))`,
  );
  t.deepEqual(changing, []);
});

test('the next version of an actor finds room on its own page', async (t) => {
  const url = await testDatabase();
  const pad = (letter: string) => `('{"pad": "' || repeat('${letter}', 600) || '"}')::json`;
  await query(
    url,
    `insert into actors (id, key, kind, shard, machine_version, version, status, state, snapshot)
       select g, 'k/' || g, 'k', 0, 1, 1, 'active', 's', ${pad('x')} from generate_series(1, 500) g`,
  );
  const pages = async () =>
    (await query<{ page: number }>(url, `select (ctid::text::point)[0] as page from actors order by id`)).map(
      ({ page }) => page,
    );
  const before = await pages();
  await query(url, `update actors set version = version + 1, state = 't', updated_at = now(), snapshot = ${pad('y')}`);
  const after = await pages();
  const stayed = after.filter((page, i) => page === before[i]).length;
  t.true(stayed > 0.9 * before.length, `${stayed} of ${before.length} stayed`);
});
