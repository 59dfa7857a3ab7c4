import test, { type ExecutionContext } from 'ava';
import { drizzle } from 'drizzle-orm/node-postgres';
import { PgDialect } from 'drizzle-orm/pg-core';
import pg from 'pg';
import { auditQuery, balancesQuery } from '../../persistence/read/accounts.ts';
import { keysQuery } from '../../persistence/read/actors.ts';
import { LEDGER_ACCOUNTS, ledgerBalancesQuery } from '../../persistence/read/books.ts';
import { deadLettersQuery } from '../../persistence/read/dead-letters.ts';
import { ledgerQuery, positionsQuery } from '../../persistence/read/ledger.ts';
import { executionsOfQuery, executionsQuery, orderOfQuery, ordersQuery } from '../../persistence/read/orders.ts';
import { outboxQuery, purgeQuery } from '../../persistence/read/outbox.ts';
import { allStatements } from '../../persistence/statements.ts';
import { PLANNER } from '../../persistence/unit-of-work.ts';
import { testDatabase } from '../support/db.ts';
import { AT } from '../support/write-sets.ts';

/** A hundred thousand orders of which one in a hundred lives, their journal, executions and outbox. */
const FILL = `
insert into actors (id, key, kind, shard, machine_version, version, status, state, snapshot)
select g, 'order/o-' || g, 'order', 0, 1, 1, case when g % 100 = 0 then 'active' else 'done' end, 'working', '{}'
  from generate_series(1, 100000) g;
insert into providers (name, actor_id, adapter, settings, status) values ('paper', 1, 'binance', '{}', 'running');
insert into providers (name, actor_id, adapter, settings, status)
select 'p' || g, 1, 'binance', '{}', 'running' from generate_series(0, 49) g;
insert into transitions (actor_id, number, message_id, type, body, to_state, at, correlation, hop)
select g, 1, 'm-' || g, '@init', '{}', 'working', timestamptz '2026-01-01' + g * interval '1 second', 'c', 0
  from generate_series(1, 100000) g;
insert into events_outbox (lane, key, source_id, target, type, body, at, correlation, hop, delivered_at)
select case when g % 1000 = 0 then 'effect' else 'event' end, 'k-' || g, g, 't', 'T', '{}', now(), 'c', 0,
       case when g % 1000 = 0 then null else timestamptz '2026-01-01' + g * interval '1 second' end
  from generate_series(1, 100000) g;
insert into timers (actor_id, timer_id, generation, due_at, body, correlation)
select g, 't', 1, now(), '{}', 'c' from generate_series(1, 100000) g;
insert into dead_letters (receiver, message_id, type, body, correlation, hop, reason, error, at, redriven_at)
select 'order/o-' || g, 'm-' || g, 'T', '{}', 'c', 0, 'poison', 'x', now(),
       case when g % 100 = 0 then null else now() end
  from generate_series(1, 100000) g;
insert into orders (actor_id, client_order_id, provider, strategy_instance, symbol, side, order_type, time_in_force,
                    quantity, asked_quantity, state, status, life, filled_quantity, filled_quote, placed_at,
                    completed_at)
select g, 'o-' || g, 'paper', 'mm-' || g % 50, 'BTC-USDT', 'Buy', 'Limit', 'GTC', 1, 1, 'FILLED', 'Filled', 'filled',
       1, 1, now(), case when g % 100 = 0 then null else now() end
  from generate_series(1, 100000) g;
insert into executions (order_id, provider, strategy_instance, venue, account, symbol, trade_id, venue_order_id, side,
                        quantity, price, traded_at)
select g, 'paper', 'mm-' || g % 50, 'V', 'a', 'BTC-USDT', g, g, 'Buy', 1, 1, now() from generate_series(1, 100000) g;
insert into audit_log (actor_id, actor, action, detail, at)
select 1, 'a', 'b', 'c', now() from generate_series(1, 100000) g;
insert into balances (provider, asset, available, locked, observed_at)
select 'paper', 'A' || g, 1, 1, now() from generate_series(1, 2000) g;
insert into instruments (provider, symbol, base, quote, price_increment, quantity_increment, min_quantity, max_quantity,
                         min_notional, valid_from)
select 'paper', 'A' || g || '-B', 'A', 'B', 1, 1, 1, 1, 1, now() from generate_series(1, 2000) g;
insert into instrument_versions (instrument_id, version, price_increment, quantity_increment, min_quantity,
                                 max_quantity, min_notional, valid_from)
select id, 1, 1, 1, 1, 1, 1, now() from instruments;
insert into ledger_entries (posting, account, asset, amount, kind, booked_at)
select 'fill:' || g / 4, case when g % 2 = 0 then 'available:paper' else 'external:paper' end,
       case when g % 4 < 2 then 'BTC' else 'USDT' end, case when g % 2 = 0 then 1 else -1 end, 'trade', now()
  from generate_series(4, 100003) g;
insert into ledger_balances (account, asset, balance)
select k || ':p' || g % 50, 'A' || g, 1
  from generate_series(1, 2000) g, unnest(array['available', 'locked', 'suspense']) k;
insert into positions (provider, account, strategy_instance, symbol, quantity, cost_quote, realized_quote)
select 'paper', 'a', 'mm-' || g % 50, 'A' || g, 1, 1, 1 from generate_series(1, 2000) g;
insert into position_fees (position_id, asset, amount) select id, 'USDT', 1 from positions;
insert into provider_routes (provider, type, symbol)
select 'p' || g % 50, 'TRADE', 'A' || g from generate_series(1, 2000) g;
vacuum analyze;`;

let filledUrl = '';

test.before(async () => {
  filledUrl = await testDatabase();
  const client = new pg.Client(filledUrl);
  await client.connect();
  for (const statement of FILL.split(';')) await client.query(statement);
  await client.end();
});

async function connect(t: ExecutionContext): Promise<pg.Client> {
  const client = new pg.Client(filledUrl);
  await client.connect();
  t.teardown(() => client.end());
  return client;
}

interface Plan {
  readonly 'Node Type': string;
  readonly 'Relation Name'?: string;
  readonly Plans?: readonly Plan[];
}

/** The tables a plan goes through from end to end. */
function scanned({ Plans = [], ...plan }: Plan): readonly string[] {
  const own = plan['Node Type'] === 'Seq Scan' ? [plan['Relation Name'] ?? '?'] : [];
  return [...own, ...Plans.flatMap(scanned)];
}

async function planOf(client: pg.Client, text: string, values: unknown[] = []): Promise<Plan> {
  const { rows } = await client.query<{ 'QUERY PLAN': [{ Plan: Plan }] }>(`explain (format json) ${text}`, values);
  const [row] = rows;
  if (row === undefined) throw new Error(`no plan for ${text}`);
  return row['QUERY PLAN'][0].Plan;
}

test('every statement fits the schema, and its result is what the code reads', async (t) => {
  const client = await connect(t);
  const statements = allStatements();
  t.true(statements.length > 30);
  t.is(new Set(statements.map(({ name }) => name)).size, statements.length, 'names are told apart');
  for (const { name, text, results } of statements) {
    await client.query(`prepare ${name} as ${text}`);
    if (await isBefore(client, 160_000)) continue; // earlier servers do not say what a prepared statement answers
    const types = await client.query<{ types: string[] }>(
      'select coalesce(result_types::text[], array[]::text[]) as types from pg_prepared_statements where name = $1',
      [name],
    );
    t.deepEqual(types.rows[0]?.types, [...results], name);
  }
});

async function isBefore(client: pg.Client, version: number): Promise<boolean> {
  const { rows } = await client.query<{ version: string }>(`select current_setting('server_version_num') as version`);
  return Number(rows[0]?.version) < version;
}

/**
 * Values for the statements that read; those that write are planned without any, as their session does it.
 * load_timers is not among them: it wants every row of its table.
 */
const READ_WITH: Readonly<Record<string, readonly unknown[]>> = {
  load_actors: [0],
  load_outbox: [0],
  load_recent: [0, '(2000,0)', 20_000],
  find_actor: ['order/o-777'],
  read_transitions: [777, 0, 1],
  lacking_trades: ['V', 'a', ['BTC-USDT', 'BTC-USDT'], ['7', '100001'], ['7', '100001'], [true, false]],
  standing_orders: [['order/o-777', 'order/o-778']],
};

test('no statement that is meant for a few rows goes through a whole table', async (t) => {
  const client = await connect(t);
  await client.query(`set plan_cache_mode = '${PLANNER['plan_cache_mode']}'`);
  for (const { name, text, writes } of allStatements()) {
    const values = READ_WITH[name];
    if (values !== undefined) t.deepEqual(scanned(await planOf(client, text, [...values])), [], name);
    if (!writes) continue;
    await client.query(`prepare ${name} as ${text}`);
    const { rows } = await client.query<{ n: number }>(
      'select cardinality(parameter_types) as n from pg_prepared_statements where name = $1',
      [name],
    );
    const plan = await planOf(client, `execute ${name} (${Array(rows[0]?.n).fill('null').join(', ')})`);
    t.deepEqual(scanned(plan), [], name);
  }
});

test('no list goes through a whole table for a page of it', async (t) => {
  const client = await connect(t);
  const orm = drizzle(client);
  const limit = 50;
  const lists = {
    'orders of a provider': ordersQuery(orm, { provider: 'paper', limit }),
    'orders of an instance': ordersQuery(orm, { strategyInstance: 'mm-7', beforeId: 50_000n, limit }),
    'orders in a state': ordersQuery(orm, { states: ['FILLED'], limit }),
    'open orders': ordersQuery(orm, { open: true, limit }),
    'an order by its own id': orderOfQuery(orm, 'paper', 'o-5'),
    'executions of an order': executionsOfQuery(orm, 5n, limit),
    'executions of an instance': executionsQuery(orm, { strategyInstance: 'mm-7', limit }),
    'executions of a provider': executionsQuery(orm, { provider: 'paper', beforeId: 500n, limit }),
    'pending outbox': outboxQuery(orm, { pending: true, limit }),
    'events of the outbox': outboxQuery(orm, { lane: 'event', afterId: 7n, limit }),
    'keys of a kind': keysQuery(orm, { kind: 'provider', limit }),
    'live keys': keysQuery(orm, { live: true, limit }),
    'waiting dead letters': deadLettersQuery(orm, { limit }),
    'waiting dead letters of one': deadLettersQuery(orm, { limit, key: 'order/o-100' }),
    balances: balancesQuery(orm, 'paper', limit),
    'ledger balances': ledgerBalancesQuery(orm, 'p7', LEDGER_ACCOUNTS),
    'lines of a posting': ledgerQuery(orm, { posting: 'fill:7', limit }),
    'lines of an account': ledgerQuery(orm, { account: 'external:paper', beforeId: 70_000n, limit }),
    'positions of a provider': positionsQuery(orm, { provider: 'paper', limit }),
    'positions of an instance': positionsQuery(orm, { strategyInstance: 'mm-7', afterId: 5n, limit }),
    'audit log': auditQuery(orm, 70_000n, limit),
  };
  for (const [name, query] of Object.entries(lists)) {
    const { sql, params } = query.toSQL();
    t.deepEqual(scanned(await planOf(client, sql, params)), [], name);
  }
  const purge = new PgDialect().sqlToQuery(purgeQuery(AT, 1_000));
  t.deepEqual(scanned(await planOf(client, purge.sql, purge.params)), [], 'purge');
});
