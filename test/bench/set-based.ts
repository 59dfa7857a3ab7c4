// The yardstick (b): the same rows by set-based SQL alone. What differs from order to order lies in a temporary table
// as text beforehand, so no client decides, encodes or sends anything while it is timed: what is left is what Postgres
// itself needs to make the rows of their texts and to write them.
import pg from 'pg';
import type { TransitionRow } from '../../actors/runtime/ports.ts';
import { balanceChanges, type Lifecycle, type LifecycleStep } from './lifecycle.ts';

/** The orders of a group, by the first and last of their ids. */
type Ids = readonly [first: number, last: number];

/** The staged orders under the ids of this group. */
const STAGED = '(select $1::int8 + n as i, * from staged where n <= $2::int8 - $1::int8) s';

/** Transitions per second of one session that writes orders' lives in groups of `size` transitions, for `seconds`. */
export async function writeSetBased(url: string, life: Lifecycle, size: number, seconds: number): Promise<number> {
  const client = new pg.Client(url);
  await client.connect();
  await stage(client, life, size);
  let transitions = 0;
  let next = 2_000_000_000;
  const startedAt = performance.now();
  const until = startedAt + seconds * 1_000;
  try {
    while (performance.now() < until) {
      const ids: Ids = [next, next + size - 1];
      next += size;
      for (const [index, step] of life.steps.entries()) {
        await client.query('begin');
        await (index === 0 ? insertOrders(client, life, ids) : updateOrders(client, life, ids, index));
        await insertJournal(client, step, ids, index);
        await insertExecutions(client, step, ids);
        await book(client, step, ids);
        await writeOutbox(client, step, ids, index);
        await client.query('commit');
        transitions += size;
      }
      await client.query('begin');
      for (const [n, row] of life.others.entries()) await insertOthers(client, row, ids, n);
      await hold(client, life, size);
      await client.query('update actors set version = version + 1, updated_at = now() where id = 1');
      await client.query('commit');
      transitions += size * life.others.length;
    }
    return (transitions * 1_000) / (performance.now() - startedAt);
  } finally {
    await client.end();
  }
}

/** One row per order of a group: its snapshot, its messages, its outgoing messages, its amounts. */
async function stage(client: pg.Client, life: Lifecycle, size: number): Promise<void> {
  const bodies = life.steps.map(({ journal }, index) => [`body_${index}`, journal.body] as const);
  const outgoing = life.steps.flatMap(({ outbox }, index) =>
    outbox.map((row, n) => [`outgoing_${index}_${n}`, row.body] as const),
  );
  const { quantity, price, askedQuantity, askedPrice, filledQuantity, filledQuote } = life.order;
  const asked = { asked: askedQuantity, asked_price: askedPrice };
  const amounts = Object.entries({ quantity, price, ...asked, filled: filledQuantity, quote: filledQuote });
  const columns = [['snapshot', life.snapshot] as const, ...bodies, ...outgoing, ...amounts];
  const values = columns.map((_, index) => `replace($${index + 3}, $2, lpad(n::text, length($2), '0'))`);
  await client.query(
    `create temp table staged (n int primary key, ${columns.map(([name]) => `${name} text`).join(', ')})`,
  );
  await client.query(`insert into staged select n, ${values.join(', ')} from generate_series(0, $1::int - 1) n`, [
    size,
    life.order.clientOrderId,
    ...columns.map(([, value]) => value),
  ]);
  await client.query('analyze staged');
}

function factsOf({ order }: Lifecycle): readonly (string | null)[] {
  return [order.state, order.status, order.life, order.venueOrderId, order.reason];
}

async function insertOrders(client: pg.Client, life: Lifecycle, ids: Ids): Promise<void> {
  await client.query({
    name: 'insert_actors',
    text: `insert into actors (id, key, kind, shard, machine_version, version, status, state, snapshot)
      select i, 'order/' || i, $3, 0, 1, 1, 'active', $4, s.snapshot::json from ${STAGED}`,
    values: [...ids, life.kind, life.state],
  });
  const { provider, strategyInstance, symbol, side, orderType, timeInForce } = life.order;
  await client.query({
    name: 'insert_orders',
    text: `insert into orders (actor_id, client_order_id, provider, strategy_instance, symbol, side, order_type,
        time_in_force, quantity, price, asked_quantity, asked_price, placed_at, state, status, life, venue_order_id,
        filled_quantity, filled_quote, reason, signed_at, deadline_at, acknowledged_at, completed_at)
      select i, i::text, $3, $4, $5, $6, $7, $8, s.quantity::numeric, s.price::numeric, s.asked::numeric,
        s.asked_price::numeric, now(), $9, $10, $11, $12, s.filled::numeric, s.quote::numeric, $13, now(), now(),
        now(), now() from ${STAGED}`,
    values: [...ids, provider, strategyInstance, symbol, side, orderType, timeInForce, ...factsOf(life)],
  });
}

async function updateOrders(client: pg.Client, life: Lifecycle, ids: Ids, index: number): Promise<void> {
  const status = index === life.steps.length - 1 ? 'done' : 'active';
  await client.query({
    name: 'update_actors',
    text: `update actors a set version = a.version + 1, state = $3, snapshot = s.snapshot::json, status = $4,
        updated_at = now() from ${STAGED} where a.id = s.i`,
    values: [...ids, life.state, status],
  });
  await client.query({
    name: 'update_orders',
    text: `update orders o set state = $3, status = $4, life = $5, venue_order_id = $6,
        filled_quantity = s.filled::numeric, filled_quote = s.quote::numeric, reason = $7, signed_at = now(),
        acknowledged_at = now(), updated_at = now()
      from ${STAGED} where o.actor_id = s.i`,
    values: [...ids, ...factsOf(life)],
  });
}

async function insertJournal(client: pg.Client, { journal }: LifecycleStep, ids: Ids, index: number): Promise<void> {
  const { messageId, type, fromState, toState, sender, cause, correlation, hop } = journal;
  await client.query({
    name: `insert_transitions_${index}`,
    text: `insert into transitions (actor_id, number, message_id, type, body, from_state, to_state, at, sender, cause,
        correlation, hop)
      select i, $3, i || $4, $5, s.body_${index}::json, $6, $7, now(), $8, $9, $10, $11 from ${STAGED}`,
    values: [...ids, index + 1, messageId.slice(0, 40), type, fromState, toState, sender, cause, correlation, hop],
  });
}

/** Of one actor that stands for risk and provider: its snapshot is written once per group. */
async function insertOthers(client: pg.Client, row: TransitionRow, ids: Ids, n: number): Promise<void> {
  const { type, body, fromState, toState, sender, cause, correlation, hop } = row;
  await client.query({
    name: `insert_others_${n}`,
    text: `insert into transitions (actor_id, number, message_id, type, body, from_state, to_state, at, sender, cause,
        correlation, hop)
      select 1, i * 16 + $3, i || '.' || $3, $4, (replace($5, '#', i::text))::json, $6, $7, now(), $8, $9, $10, $11
        from ${STAGED}`,
    values: [...ids, n, type, body, fromState, toState, sender, cause, correlation, hop],
  });
}

async function insertExecutions(client: pg.Client, { execution }: LifecycleStep, ids: Ids): Promise<void> {
  if (execution === null) return;
  const { provider, strategyInstance, venue, account, symbol, side, fee, feeAsset, liquidity } = execution;
  await client.query({
    name: 'insert_executions',
    text: `insert into executions (order_id, provider, strategy_instance, venue, account, symbol, trade_id,
        venue_order_id, side, quantity, price, fee, fee_asset, liquidity, traded_at)
      select i, $3, $4, $5, $6, $7, i::text, i::text, $8, s.filled::numeric, s.price::numeric, $9::numeric, $10, $11,
        now() from ${STAGED} on conflict do nothing`,
    values: [...ids, provider, strategyInstance, venue, account, symbol, side, fee, feeAsset, liquidity],
  });
}

/** The lines of every order, and the balances as the client would send them: added up. */
async function book(client: pg.Client, { ledger }: LifecycleStep, ids: Ids): Promise<void> {
  if (ledger.length === 0) return;
  const column = (of: (line: (typeof ledger)[number]) => string): string[] => ledger.map(of);
  await client.query({
    name: 'insert_ledger_entries',
    text: `insert into ledger_entries (posting, account, asset, amount, kind, booked_at)
      select s.i || ':' || l.posting, l.account, l.asset, l.amount::numeric, l.kind, now()
        from ${STAGED}, unnest($3::text[], $4::text[], $5::text[], $6::text[], $7::text[])
          as l (posting, account, asset, amount, kind)`,
    values: [
      ...ids,
      column(({ posting }) => posting),
      column(({ account, provider }) => `${account}:${provider}`),
      column(({ asset }) => asset),
      column(({ amount }) => amount),
      column(({ kind }) => kind),
    ],
  });
  const changes = balanceChanges(ledger);
  await client.query({
    name: 'add_ledger_balances',
    text: `insert into ledger_balances as b (account, asset, balance)
      select x.account, x.asset, x.change::numeric * ($2::int8 - $1::int8 + 1)
        from unnest($3::text[], $4::text[], $5::text[]) as x (account, asset, change)
      on conflict (account, asset) do update set balance = b.balance + excluded.balance, updated_at = now()`,
    values: [
      ...ids,
      changes.map(([account]) => account),
      changes.map(([, asset]) => asset),
      changes.map(([, , change]) => change),
    ],
  });
}

/** The position of the whole group, written once. */
async function hold(client: pg.Client, { position }: Lifecycle, size: number): Promise<void> {
  const { provider, account, strategyInstance, symbol, quantity, costQuote, realizedQuote, fee } = position;
  const { rows } = await client.query<{ id: string }>({
    name: 'upsert_positions',
    text: `insert into positions as p (provider, account, strategy_instance, symbol, quantity, cost_quote,
        realized_quote)
      values ($1, $2, $3, $4, $5::numeric * $8, $6::numeric * $8, $7::numeric * $8)
      on conflict (provider, account, strategy_instance, symbol) do update
        set quantity = p.quantity + excluded.quantity, cost_quote = p.cost_quote + excluded.cost_quote,
            realized_quote = p.realized_quote + excluded.realized_quote, version = p.version + 1, updated_at = now()
      returning id`,
    values: [provider, account, strategyInstance, symbol, quantity, costQuote, realizedQuote, size],
  });
  if (fee === null) return;
  await client.query({
    name: 'add_position_fees',
    text: `insert into position_fees as f (position_id, asset, amount) values ($1, $2, $3::numeric * $4)
      on conflict (position_id, asset) do update set amount = f.amount + excluded.amount, updated_at = now()`,
    values: [rows[0]?.id, fee.asset, fee.amount, size],
  });
}

async function writeOutbox(client: pg.Client, step: LifecycleStep, ids: Ids, index: number): Promise<void> {
  for (const [n, row] of step.outbox.entries()) {
    const { lane, key, target, type, cause, correlation, hop } = row;
    await client.query({
      name: `insert_outbox_${index}_${n}`,
      text: `insert into events_outbox (id, lane, key, source_id, target, type, body, at, cause, correlation, hop,
          delivered_at)
        select i * 64 + $3, $4, $5, i, $6, $7, s.outgoing_${index}_${n}::json, now(), $8, $9, $10,
          case when $4 = 'event' then now() end from ${STAGED}`,
      values: [...ids, index * 8 + n, lane, key, target, type, cause, correlation, hop],
    });
  }
  if (step.settles === 0) return;
  const text = `delete from events_outbox where lane = 'effect' and id between $1::int8 * 64 and $2::int8 * 64 + 63`;
  await client.query({ name: 'delete_outbox', text, values: [...ids] });
}
