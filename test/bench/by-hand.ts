// The yardstick (a): the rows of an order's life, one transaction per transition, as one would write it on pg with
// prepared statements and a pool.
import pg from 'pg';
import type { Lifecycle, LifecycleStep } from './lifecycle.ts';

const INSERT_ACTOR = {
  name: 'insert_actor',
  text: `insert into actors (id, key, kind, shard, machine_version, version, status, state, snapshot) values ($1, $2, $3, 0, 1, $4, 'active', $5, $6)`,
};
const UPDATE_ACTOR = {
  name: 'update_actor',
  text: `update actors set version = $2, state = $3, snapshot = $4, status = $5, updated_at = now() where id = $1 and version = $2 - 1`,
};
const INSERT_TRANSITION = {
  name: 'insert_transition',
  text: `insert into transitions (actor_id, number, message_id, type, body, from_state, to_state, at, sender, cause, correlation, hop) values ($1, $2, $3, $4, $5, $6, $7, now(), $8, $9, $10, $11)`,
};
const INSERT_ORDER = {
  name: 'insert_order',
  text: `insert into orders (actor_id, client_order_id, provider, strategy_instance, symbol, side, order_type, time_in_force, quantity, price, placed_at, state, life, venue_order_id, filled_quantity, filled_quote, signed_at, deadline_at, acknowledged_at, completed_at, reason)
    values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, now(), $11, $12, $13, $14, $15, now(), now(), now(), now(), $16)`,
};
const UPDATE_ORDER = {
  name: 'update_order',
  text: `update orders set state = $2, life = $3, venue_order_id = $4, filled_quantity = $5, filled_quote = $6, signed_at = now(), deadline_at = now(), acknowledged_at = now(), completed_at = now(), reason = $7, updated_at = now() where actor_id = $1`,
};
const INSERT_OUTBOX = {
  name: 'insert_outbox',
  text: `insert into events_outbox (id, lane, key, source_id, target, type, body, at, cause, correlation, hop, delivered_at) values ($1, $2, $3, $4, $5, $6, $7, now(), $8, $9, $10, $11)`,
};
const DELETE_OUTBOX = { name: 'delete_outbox', text: `delete from events_outbox where id = $1` };

let nextId = 1_000_000_000;

/** Transitions per second with `size` connections, each living one order after the other, for `seconds`. */
export async function writeByHand(url: string, life: Lifecycle, size: number, seconds: number): Promise<number> {
  const pool = new pg.Pool({ connectionString: url, max: size });
  let transitions = 0;
  const until = performance.now() + seconds * 1_000;
  const startedAt = performance.now();
  const live = async (): Promise<void> => {
    while (performance.now() < until) transitions += await liveOne(pool, life);
  };
  try {
    await Promise.all(Array.from({ length: size }, live));
    return (transitions * 1_000) / (performance.now() - startedAt);
  } finally {
    await pool.end();
  }
}

async function liveOne(pool: pg.Pool, life: Lifecycle): Promise<number> {
  nextId += 1;
  const id = nextId;
  let effect = 0;
  for (const [index, step] of life.steps.entries()) {
    const client = await pool.connect();
    try {
      await client.query('begin');
      effect = await writeStep(client, life, step, id, index, effect);
      await client.query('commit');
    } finally {
      client.release();
    }
  }
  return life.steps.length;
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
  const facts = [order.state, order.life, order.venueOrderId, order.filledQuantity, order.filledQuote];
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
