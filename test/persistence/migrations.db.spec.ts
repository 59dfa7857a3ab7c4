import { execFile } from 'node:child_process';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import test, { type ExecutionContext } from 'ava';
import pg from 'pg';
import {
  checkSchema,
  type MigrateOptions,
  migrateDown,
  migrateUp,
  migrationStatus,
} from '../../persistence/migrate.ts';
import { MIGRATIONS_FOLDER, readMigrations } from '../../persistence/migration-files.ts';
import { MigrationFault } from '../../persistence/migration-records.ts';
import { commentStatement, readDocLines } from '../../persistence/schema-docs.ts';
import { dumpSchema, SCHEMA_FILE } from '../../persistence/schema-dump.ts';
import { startChild } from '../support/child.ts';
import { emptyDatabase } from '../support/db.ts';
import { query, until } from '../support/system.ts';

const NAMES = readMigrations().map(({ name }) => name);
const dump = (url: string): Promise<string> => dumpSchema({ url, application: 'test' });

/** A folder of migrations that a test may change. */
function copyOfMigrations(t: ExecutionContext, change: (folder: string) => void = () => {}): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'migrations-'));
  t.teardown(() => rmSync(folder, { recursive: true }));
  cpSync(MIGRATIONS_FOLDER, folder, { recursive: true });
  change(folder);
  return folder;
}

/** A folder of its own: file name → statements. */
function ownMigrations(t: ExecutionContext, files: Readonly<Record<string, string>>): string {
  const folder = copyOfMigrations(t);
  for (const file of readdirSync(folder)) if (file.endsWith('.sql')) rmSync(path.join(folder, file));
  for (const [name, text] of Object.entries(files)) writeFileSync(path.join(folder, `${name}.sql`), text);
  writeJournal(
    folder,
    Object.keys(files).filter((name) => !name.endsWith('.down')),
  );
  return folder;
}

function writeJournal(folder: string, names: readonly string[]): void {
  const entries = names.map((tag) => ({ idx: Number(tag.slice(0, 4)), version: '7', when: 1, tag, breakpoints: true }));
  writeFileSync(
    path.join(folder, 'meta/_journal.json'),
    JSON.stringify({ version: '7', dialect: 'postgresql', entries }),
  );
}

/** A migration with this statement stands still until the gate is open. */
const WAIT_AT_GATE = 'select pg_advisory_xact_lock(77)';

async function closeGate(t: ExecutionContext, url: string) {
  const holder = new pg.Client(url);
  await holder.connect();
  t.teardown(() => holder.end());
  await holder.query('select pg_advisory_lock(77)');
  const waiting = `select 1 from pg_locks where locktype = 'advisory' and objid = 77 and not granted
    and database = (select oid from pg_database where datname = current_database())`;
  return {
    isAwaited: async (): Promise<boolean> => (await holder.query(waiting)).rows.length > 0,
    open: async (): Promise<void> => {
      await holder.query('select pg_advisory_unlock(77)');
    },
  };
}

async function refusal(t: ExecutionContext, promise: Promise<unknown>): Promise<MigrationFault> {
  const error = await t.throwsAsync(promise, { instanceOf: MigrationFault });
  if (error === undefined) throw new Error('not refused');
  return error;
}

test('every migration has a number in order, a name in words, a head that says why, and a way back', (t) => {
  for (const [index, { number, name, sql, downSql }] of readMigrations().entries()) {
    t.is(number, index);
    t.regex(name, new RegExp(`^${String(index).padStart(4, '0')}_[a-z]+(_[a-z]+)+$`));
    t.regex(sql, /^-- \S/, name);
    t.truthy(downSql, name);
  }
});

test('the schema in TypeScript says nothing that the migrations do not', async (t) => {
  const folder = copyOfMigrations(t);
  const bin = path.resolve('node_modules/drizzle-kit/bin.cjs');
  const out = `--out=${path.relative('.', folder)}`;
  const options = ['--dialect=postgresql', '--schema=drizzle/schema/index.ts', out];
  const { stdout } = await promisify(execFile)(process.execPath, [bin, 'generate', ...options]);
  t.regex(stdout, /No schema changes/);
});

test('applying all twice changes nothing', async (t) => {
  const url = await emptyDatabase();
  t.deepEqual(await migrateUp(url), NAMES);
  const rows = await query(url, 'select * from schema_migrations');
  t.deepEqual(await migrateUp(url), []);
  t.deepEqual(await query(url, 'select * from schema_migrations'), rows);
  await checkSchema(url);
});

test('the committed dump is what the migrations make', async (t) => {
  const url = await emptyDatabase();
  await migrateUp(url);
  t.is(await dump(url), readFileSync(SCHEMA_FILE, 'utf8'), 'run npm run db:dump, and look at the difference');
});

test('the comments in the database are the doc lines of the schema', async (t) => {
  const url = await emptyDatabase();
  await migrateUp(url);
  const stored = (await dump(url)).split('\n').filter((line) => line.startsWith('comment on '));
  const written = readDocLines().map(commentStatement);
  t.true(written.length > 90);
  t.deepEqual(stored.toSorted(), written.toSorted(), 'put the statements that differ into a new migration');
});

test('every table has a doc line', async (t) => {
  const url = await emptyDatabase();
  await migrateUp(url);
  const tables = await query<{ name: string }>(
    url,
    `select relname as name from pg_class where relkind = 'r' and relnamespace = 'public'::regnamespace
      and relname <> 'schema_migrations' and obj_description(oid) is null`,
  );
  t.deepEqual(tables, []);
});

test('down and up again, by any number of steps, leaves the same schema, and the rows of what stayed', async (t) => {
  const url = await emptyDatabase();
  await migrateUp(url);
  const schema = await dump(url);
  await query(
    url,
    `insert into actors (key, kind, shard, machine_version, version, status, state, snapshot)
       values ('provider/paper', 'provider', 0, 1, 1, 'active', 'running', '{"v": 1}');
     insert into providers (name, actor_id, adapter, settings, status) values ('paper', 1, 'binance', '{}', 'running')`,
  );
  const rows = (table: string) => query(url, `select *, ctid from ${table}`);
  const [actors, providers] = [await rows('actors'), await rows('providers')];
  for (const steps of NAMES.map((_, i) => i + 1)) {
    const back = NAMES.slice(-steps).toReversed();
    t.deepEqual(await migrateDown(url, steps), back);
    t.deepEqual(await migrateUp(url), back.toReversed());
    t.is(await dump(url), schema, `${steps} steps`);
    t.deepEqual(await rows('providers'), back.includes('0001_create_trade_tables') ? [] : providers);
    t.deepEqual(await rows('actors'), back.includes('0000_create_kernel_tables') ? [] : actors);
  }
  await migrateDown(url, 99);
  const left = await query(
    url,
    `select relname from pg_class where relkind = 'r' and relnamespace = 'public'::regnamespace`,
  );
  t.deepEqual(left, [{ relname: 'schema_migrations' }]);
  t.deepEqual(await query(url, `select proname from pg_proc where pronamespace = 'public'::regnamespace`), []);
});

test('eight processes that boot at once migrate once', async (t) => {
  const url = await emptyDatabase();
  const children = Array.from({ length: 8 }, () => startChild(t, 'test/support/migrator.ts', url));
  const said = await Promise.all(children.map(async (child) => JSON.parse(await child.line())));
  t.deepEqual(
    said.filter((applied) => applied.length > 0),
    [NAMES],
  );
  t.deepEqual(await Promise.all(children.map(({ exited }) => exited)), Array(8).fill(0));
  await checkSchema(url);
});

for (const [index, name] of NAMES.entries()) {
  test(`a process killed in the middle of ${name} leaves whole migrations, and the next one finishes`, async (t) => {
    const url = await emptyDatabase();
    const folder = copyOfMigrations(t, (copy) => {
      const file = path.join(copy, `${name}.sql`);
      writeFileSync(file, `${readFileSync(file, 'utf8')}\n;${WAIT_AT_GATE}`);
    });
    const gate = await closeGate(t, url);
    const child = startChild(t, 'test/support/migrator.ts', url, folder);
    await until('the migration is in its middle', gate.isAwaited, 60_000);
    child.signal('SIGKILL');
    t.is(await child.exited, null);
    t.deepEqual(
      (await migrationStatus(url)).applied.map((applied) => applied.name),
      NAMES.slice(0, index),
    );
    const next = migrateUp(url);
    await gate.open();
    t.deepEqual(await next, NAMES.slice(index));
    t.is(await dump(url), readFileSync(SCHEMA_FILE, 'utf8'));
  });
}

test('a file that changed after it was applied is refused by its name, and nothing is touched', async (t) => {
  const url = await emptyDatabase();
  await migrateUp(url);
  const folder = copyOfMigrations(t, (copy) => {
    const file = path.join(copy, '0002_fence_commits.sql');
    writeFileSync(file, `${readFileSync(file, 'utf8')}-- a small change\n`);
  });
  const schema = await dump(url);
  for (const attempt of [migrateUp, (at: string, o: MigrateOptions) => migrateDown(at, 1, o), checkSchema]) {
    const fault = await refusal(t, attempt(url, { folder }));
    t.is(fault.code, 'MIGRATION_CHANGED');
    t.true(fault.message.includes(path.join(folder, '0002_fence_commits.sql')), fault.message);
  }
  t.is(await dump(url), schema);
});

test('a database that is ahead of this program is refused', async (t) => {
  const url = await emptyDatabase();
  const newer = copyOfMigrations(t, (copy) => {
    writeFileSync(path.join(copy, '0099_add_moons.sql'), 'create table moons (id bigint primary key)');
    writeJournal(copy, [...NAMES, '0099_add_moons']);
  });
  await migrateUp(url, { folder: newer });
  for (const attempt of [migrateUp(url), migrateDown(url, 1), checkSchema(url)]) {
    const fault = await refusal(t, attempt);
    t.is(fault.code, 'MIGRATION_DATABASE_NEWER');
    t.regex(
      fault.message,
      /the database has 0099_add_moons, this program knows migrations up to 0\d+_\w+; start the release/,
    );
  }
});

test('a migration that arrives behind applied ones is refused', async (t) => {
  const url = await emptyDatabase();
  await migrateUp(url, {
    folder: ownMigrations(t, { '0000_add_a': 'create table a ()', '0002_add_c': 'create table c ()' }),
  });
  const folder = ownMigrations(t, {
    '0000_add_a': 'create table a ()',
    '0001_add_b': '',
    '0002_add_c': 'create table c ()',
  });
  const fault = await refusal(t, migrateUp(url, { folder }));
  t.is(fault.code, 'MIGRATION_OUT_OF_ORDER');
  t.regex(fault.message, /0001_add_b\.sql comes before migrations that are applied already/);
});

test('a migration that fails leaves nothing of itself, and names its file', async (t) => {
  const url = await emptyDatabase();
  const folder = ownMigrations(t, {
    '0000_add_a': 'create table a ()',
    '0001_add_b': 'create table b (); select 1 / 0',
  });
  const fault = await refusal(t, migrateUp(url, { folder }));
  t.is(fault.code, 'MIGRATION_FAILED');
  t.regex(fault.message, /0001_add_b\.sql: division by zero; nothing of it was kept$/);
  t.deepEqual(await query(url, `select to_regclass('a') is null as a, to_regclass('b') is null as b`), [
    { a: false, b: true },
  ]);
  t.deepEqual((await migrationStatus(url, { folder })).pending, ['0001_add_b']);
});

test('a migration without a way back is refused, and those after it went back alone', async (t) => {
  const url = await emptyDatabase();
  const folder = ownMigrations(t, {
    '0000_add_a': 'create table a ()',
    '0001_add_b': 'create table b ()',
    '0001_add_b.down': 'drop table b',
  });
  await migrateUp(url, { folder });
  t.is((await refusal(t, migrateDown(url, 2, { folder }))).code, 'MIGRATION_NO_WAY_BACK');
  t.deepEqual(
    (await migrationStatus(url, { folder })).applied.map(({ name }) => name),
    ['0000_add_a'],
  );
  t.deepEqual(await migrateDown(url, 0, { folder }), []);
});

test('a migration outside of a transaction that is cut stops everything until a person has looked', async (t) => {
  const url = await emptyDatabase();
  const files = {
    '0000_add_a': 'create table a (n int); insert into a values (1), (1)',
    '0001_index_a': `-- outside a transaction
create index concurrently a_n_idx on a (n);
--> statement-breakpoint
create unique index concurrently a_n_key on a (n)`,
  };
  const folder = ownMigrations(t, files);
  t.is((await refusal(t, migrateUp(url, { folder }))).code, 'MIGRATION_INTERRUPTED');
  t.is((await refusal(t, migrateUp(url, { folder }))).code, 'MIGRATION_INTERRUPTED');
  const { problems } = await migrationStatus(url, { folder });
  t.deepEqual(
    problems.map(({ code }) => code),
    ['MIGRATION_INTERRUPTED', 'MIGRATION_INDEX_INVALID'],
  );
  t.regex(problems[1]?.message ?? '', /index a_n_key was not finished; drop it and build it again/);
  await query(url, 'drop index a_n_key, a_n_idx; delete from a; delete from schema_migrations where number = 1');
  t.deepEqual(await migrateUp(url, { folder }), ['0001_index_a']);
  t.deepEqual((await migrationStatus(url, { folder })).problems, []);
});

test('who waits too long for another process that migrates is told of it', async (t) => {
  const url = await emptyDatabase();
  const folder = ownMigrations(t, { '0000_wait_a_while': WAIT_AT_GATE });
  const gate = await closeGate(t, url);
  const first = migrateUp(url, { folder });
  await until('the first migrates', gate.isAwaited);
  const fault = await refusal(t, migrateUp(url, { folder, waitMs: 50 }));
  t.is(fault.code, 'MIGRATION_BUSY');
  t.regex(
    fault.message,
    /waited 50 ms for another process that migrates \(backend \d+ from 127\.0\.0\.1\/32\); start again/,
  );
  await gate.open();
  t.deepEqual(await first, ['0000_wait_a_while']);
});

test('a migration does not wait for ever behind a table that is in use', async (t) => {
  const url = await emptyDatabase();
  await migrateUp(url, { folder: ownMigrations(t, { '0000_add_a': 'create table a ()' }) });
  const folder = ownMigrations(t, { '0000_add_a': 'create table a ()', '0001_change_a': 'alter table a add n int' });
  const reader = new pg.Client(url);
  await reader.connect();
  t.teardown(() => reader.end());
  await reader.query('begin; select * from a');
  const fault = await refusal(t, migrateUp(url, { folder, lockTimeoutMs: 50 }));
  t.is(fault.code, 'MIGRATION_FAILED');
  t.regex(fault.message, /0001_change_a\.sql: canceling statement due to lock timeout; nothing of it was kept/);
  await reader.query('rollback');
  t.deepEqual(await migrateUp(url, { folder }), ['0001_change_a']);
});

test('the status says what is applied and what is not, also of a database that was never migrated', async (t) => {
  const url = await emptyDatabase();
  t.deepEqual(await migrationStatus(url), { applied: [], pending: NAMES, problems: [] });
  const fault = await refusal(t, checkSchema(url));
  t.is(fault.code, 'MIGRATION_PENDING');
  t.regex(
    fault.message,
    /^MIGRATION_PENDING: the database lacks 0000_create_kernel_tables, .*; run "meltica migrate up"/,
  );
  t.deepEqual(
    await query(url, `select 1 from pg_class where relnamespace = 'public'::regnamespace`),
    [],
    'nothing was made',
  );
  await migrateUp(url);
  await migrateDown(url, 1);
  const { applied, pending } = await migrationStatus(url);
  t.deepEqual(
    applied.map(({ name }) => name),
    NAMES.slice(0, -1),
  );
  t.deepEqual(pending, NAMES.slice(-1));
  t.true(applied.every(({ appliedAt }) => Math.abs(appliedAt - Date.now()) < 600_000));
});

test('orders and instruments of before the terms of orders were kept say what follows of them', async (t) => {
  const url = await emptyDatabase();
  await migrateUp(url);
  await migrateDown(url, NAMES.length - NAMES.indexOf('0005_book_money_and_order_terms'));
  await query(
    url,
    `insert into actors (key, kind, shard, machine_version, version, status, state, snapshot)
     select 'order/o-' || g, 'order', 0, 1, 1, 'active', 'working', '{}' from generate_series(1, 7) g;
     insert into providers (name, actor_id, adapter, settings, status) values ('paper', 1, 'binance', '{}', 'running');
     insert into orders (actor_id, client_order_id, provider, strategy_instance, symbol, side, order_type,
                         time_in_force, quantity, price, state, life, filled_quantity, filled_quote, placed_at)
     select n, 'o-' || n, 'paper', 'mm-1', 'BTC-USDT', 'Buy', 'Limit', 'GTC', n, 9 + n, state, 'working', 0, 0, now()
       from unnest(array['PENDING', 'ACK', 'PARTIAL', 'FILLED', 'CANCELLED', 'REJECTED', 'EXPIRED'])
            with ordinality as x (state, n);
     insert into executions (order_id, provider, strategy_instance, venue, account, symbol, trade_id, venue_order_id,
                             side, quantity, price, traded_at)
     values (4, 'paper', 'mm-1', 'V', 'a', 'BTC-USDT', 't-1', 'v-1', 'Buy', 4, 13, now());
     insert into instruments (provider, symbol, base, quote, price_increment, quantity_increment, min_quantity,
                              min_notional, updated_at)
     values ('paper', 'BTC-USDT', 'BTC', 'USDT', 0.01, 0.001, 0.001, 5, '2026-01-02T00:00:00Z')`,
  );
  await migrateUp(url);
  t.deepEqual(
    await query(
      url,
      `select o.status, o.asked_quantity = o.quantity and o.asked_price = o.price as is_asked, o.is_external, e.origin
         from orders o left join executions e on e.order_id = o.actor_id order by o.actor_id`,
    ),
    ['PendingNew', 'New', 'PartiallyFilled', 'Filled', 'Canceled', 'Rejected', 'Expired'].map((status) => ({
      ...{ status, is_asked: true, is_external: false },
      origin: status === 'Filled' ? 'venue' : null,
    })),
  );
  t.deepEqual(
    await query(
      url,
      `select v.version, trim_scale(v.price_increment)::text as tick, v.max_quantity = 0 as is_unbounded, i.valid_from
         from instruments i join instrument_versions v on v.instrument_id = i.id and v.version = i.version`,
    ),
    [{ version: '1', tick: '0.01', is_unbounded: true, valid_from: new Date('2026-01-02T00:00:00Z') }],
  );
});
