// The yardstick (a): the rows of an order's life, one transaction per transition, as one would write it on pg with
// prepared statements and a pool.
import pg from 'pg';
import type { ExecutionRow, LedgerRow } from '../../actors/market/records.ts';
import type { TransitionRow } from '../../actors/runtime/ports.ts';
import { balanceChanges, type Lifecycle, type LifecycleStep, transitionsOf } from './lifecycle.ts';

const INSERT_ACTOR = {
  name: 'insert_actor',
  text: `insert into actors (id, key, kind, shard, machine_version, version, status, state, snapshot) values ($1,
    $2, $3, 0, 1, $4, 'active', $5, $6)`,
};
const UPDATE_ACTOR = {
  name: 'update_actor',
  text: `update actors set version = $2, state = $3, snapshot = $4, status = $5, updated_at = now()
    where id = $1 and version = $2 - 1`,
};
const INSERT_TRANSITION = {
  name: 'insert_transition',
  text: `insert into transitions (actor_id, number, message_id, type, body, from_state, to_state, at, sender,
    cause, correlation, hop) values ($1, $2, $3, $4, $5, $6, $7, now(), $8, $9, $10, $11)`,
};
const INSERT_ORDER = {
  name: 'insert_order',
  text: `insert into orders (actor_id, client_order_id, provider, strategy_instance, symbol, side, order_type,
    time_in_force, quantity, price, asked_quantity, asked_price, placed_at, state, status, life, venue_order_id,
      filled_quantity, filled_quote, signed_at, deadline_at, acknowledged_at, completed_at, reason)
    values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, now(), $13, $14, $15, $16, $17, $18, now(), now(),
      now(), now(), $19)`,
};
const UPDATE_ORDER = {
  name: 'update_order',
  text: `update orders set state = $2, status = $3, life = $4, venue_order_id = $5, filled_quantity = $6,
    filled_quote = $7, signed_at = now(), deadline_at = now(), acknowledged_at = now(), completed_at = now(),
      reason = $8, updated_at = now() where actor_id = $1`,
};
const INSERT_OUTBOX = {
  name: 'insert_outbox',
  text: `insert into events_outbox (id, lane, key, source_id, target, type, body, at, cause, correlation, hop,
    delivered_at) values ($1, $2, $3, $4, $5, $6, $7, now(), $8, $9, $10, $11)`,
};
const INSERT_EXECUTION = {
  name: 'insert_execution',
  text: `insert into executions (order_id, provider, strategy_instance, venue, account, symbol, trade_id,
    venue_order_id, side, quantity, price, fee, fee_asset, liquidity, traded_at)
    values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, now()) on conflict do nothing`,
};
const INSERT_LINE = {
  name: 'insert_ledger_entry',
  text: `insert into ledger_entries (posting, account, asset, amount, kind, booked_at)
    values ($1, $2, $3, $4, $5, now())`,
};
const ADD_BALANCE = {
  name: 'add_ledger_balance',
  text: `insert into ledger_balances as b (account, asset, balance) values ($1, $2, $3)
    on conflict (account, asset) do update set balance = b.balance + excluded.balance, updated_at = now()`,
};
const UPSERT_POSITION = {
  name: 'upsert_position',
  text: `insert into positions as p (provider, account, strategy_instance, symbol, quantity, cost_quote,
      realized_quote) values ($1, $2, $3, $4, $5, $6, $7)
    on conflict (provider, account, strategy_instance, symbol) do update
      set quantity = excluded.quantity, cost_quote = excluded.cost_quote,
          realized_quote = p.realized_quote + excluded.realized_quote, version = p.version + 1, updated_at = now()
    returning id`,
};
const ADD_FEE = {
  name: 'add_position_fee',
  text: `insert into position_fees as f (position_id, asset, amount) values ($1, $2, $3)
    on conflict (position_id, asset) do update set amount = f.amount + excluded.amount, updated_at = now()`,
};
const DELETE_OUTBOX = { name: 'delete_outbox', text: `delete from events_outbox where id = $1` };

let nextId = 1_000_000_000;

/** Transitions per second with `size` connections, each living one order after the other, for `seconds`. */
export async function writeByHand(url: string, life: Lifecycle, size: number, seconds: number): Promise<number> {
  const pool = new pg.Pool({ connectionString: url, max: size });
  let transitions = 0;
  const collaborators = await addCollaborators(pool, size);
  const until = performance.now() + seconds * 1_000;
  const startedAt = performance.now();
  const live = async (collaborator: Collaborator): Promise<void> => {
    while (performance.now() < until) {
      await liveOne(pool, collaborator, life);
      for (const row of life.others) await writeOther(pool, collaborator, row, life);
      transitions += transitionsOf(life);
    }
  };
  try {
    await Promise.all(collaborators.map(live));
    return (transitions * 1_000) / (performance.now() - startedAt);
  } finally {
    await pool.end();
  }
}

async function liveOne(pool: pg.Pool, collaborator: Collaborator, life: Lifecycle): Promise<void> {
  nextId += 1;
  const id = nextId;
  let effect = 0;
  for (const [index, step] of life.steps.entries()) {
    const client = await pool.connect();
    try {
      await client.query('begin');
      effect = await writeStep(client, life, step, id, index, effect);
      await book(client, step.ledger, id, collaborator.id);
      await client.query('commit');
    } finally {
      client.release();
    }
  }
}

async function writeStep(
  client: pg.PoolClient,
  life: Lifecycle,
  step: LifecycleStep,
  id: number,
  index: number,
  effect: number,
): Promise<number> {
  const { order } = life;
  const { journal } = step;
  const facts = [order.state, order.status, order.life, order.venueOrderId, order.filledQuantity, order.filledQuote];
  if (index === 0) {
    await client.query({ ...INSERT_ACTOR, values: [id, `order/${id}`, life.kind, 1, life.state, life.snapshot] });
    const fixed = [
      order.provider,
      order.strategyInstance,
      order.symbol,
      order.side,
      order.orderType,
      order.timeInForce,
      order.quantity,
      order.price,
      order.askedQuantity,
      order.askedPrice,
    ];
    await client.query({ ...INSERT_ORDER, values: [id, String(id), ...fixed, ...facts, order.reason] });
  } else {
    const status = index === life.steps.length - 1 ? 'done' : 'active';
    await client.query({ ...UPDATE_ACTOR, values: [id, index + 1, life.state, life.snapshot, status] });
    await client.query({ ...UPDATE_ORDER, values: [id, ...facts, order.reason] });
  }
  const { type, body, fromState, toState, sender, cause, correlation, hop } = journal;
  await client.query({
    ...INSERT_TRANSITION,
    values: [
      id,
      index + 1,
      `${id}.${journal.messageId}`.slice(0, 64),
      type,
      body,
      fromState,
      toState,
      sender,
      cause,
      correlation,
      hop,
    ],
  });
  if (step.execution !== null)
    await client.query({ ...INSERT_EXECUTION, values: [...executionValues(step.execution, id)] });
  return writeOutbox(client, step, id, effect);
}

/** Returns the id of the effect that is open after it. */
async function writeOutbox(client: pg.PoolClient, step: LifecycleStep, id: number, effect: number): Promise<number> {
  let open = effect;
  for (const row of step.outbox) {
    nextId += 1;
    if (row.lane === 'effect') open = nextId;
    await client.query({
      ...INSERT_OUTBOX,
      values: [
        nextId,
        row.lane,
        row.key,
        id,
        row.target,
        row.type,
        row.body,
        row.cause,
        row.correlation,
        row.hop,
        row.lane === 'event' ? new Date(row.at) : null,
      ],
    });
  }
  for (let n = 0; n < step.settles; n += 1) await client.query({ ...DELETE_OUTBOX, values: [open] });
  return open;
}

/** In accounts of this connection, so that nobody waits for another's balance. */
async function book(client: pg.PoolClient, lines: readonly LedgerRow[], id: number, owner: number): Promise<void> {
  for (const { posting, account, provider, asset, amount, kind } of lines) {
    const values = [`${id}:${posting}`, `${account}:${provider}`, asset, amount, kind];
    await client.query({ ...INSERT_LINE, values });
  }
  for (const [account, asset, change] of balanceChanges(lines)) {
    await client.query({ ...ADD_BALANCE, values: [`${account}-${owner}`, asset, change] });
  }
}

/** Ids of its own: a second trade under the same key would not be written. */
function executionValues(row: ExecutionRow, id: number): readonly unknown[] {
  const { provider, strategyInstance, venue, account, symbol, side, quantity, price, fee, feeAsset, liquidity } = row;
  const own = [id, provider, strategyInstance, venue, account, symbol, String(id), String(id)];
  return [...own, side, quantity, price, fee, feeAsset, liquidity];
}

/** Stands for risk and provider; one per connection, so that nobody waits for another's row. */
interface Collaborator {
  readonly id: number;
  version: number;
}

async function addCollaborators(pool: pg.Pool, size: number): Promise<readonly Collaborator[]> {
  const all = Array.from({ length: size }, () => {
    nextId += 1;
    return { id: nextId, version: 1 };
  });
  for (const { id } of all) {
    await pool.query({ ...INSERT_ACTOR, values: [id, `other/${id}`, 'other', 1, 'open', '{"v":"open","c":{}}'] });
  }
  return all;
}

async function writeOther(
  pool: pg.Pool,
  collaborator: Collaborator,
  row: TransitionRow,
  life: Lifecycle,
): Promise<void> {
  collaborator.version += 1;
  const { id, version } = collaborator;
  const { type, body, fromState, toState, sender, cause, correlation, hop } = row;
  const client = await pool.connect();
  try {
    await client.query('begin');
    await client.query({ ...UPDATE_ACTOR, values: [id, version, 'open', '{"v":"open","c":{}}', 'active'] });
    const journal = [id, version, `${id}.${version}`, type, body, fromState, toState, sender, cause, correlation, hop];
    await client.query({ ...INSERT_TRANSITION, values: journal });
    if (type === 'ExposureFilled') await hold(client, life, id);
    await client.query('commit');
  } finally {
    client.release();
  }
}

async function hold(client: pg.PoolClient, { position }: Lifecycle, owner: number): Promise<void> {
  const { provider, account, symbol, quantity, costQuote, realizedQuote, fee } = position;
  const values = [provider, account, `mm-${owner}`, symbol, quantity, costQuote, realizedQuote];
  const { rows } = await client.query<{ id: string }>({ ...UPSERT_POSITION, values });
  if (fee !== null) await client.query({ ...ADD_FEE, values: [rows[0]?.id, fee.asset, fee.amount] });
}
