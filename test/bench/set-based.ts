// The yardstick (b): the same rows by set-based SQL alone. The server makes them from generate_series, so no client
// decides, encodes or sends anything: what is left is what Postgres itself needs for the rows.
import pg from 'pg';
import type { Lifecycle, LifecycleStep } from './lifecycle.ts';

/** Transitions per second of one session that writes orders' lives in groups of `size` transitions, for `seconds`. */
export async function writeSetBased(url: string, life: Lifecycle, size: number, seconds: number): Promise<number> {
  const client = new pg.Client(url);
  await client.connect();
  await client.query(`create temp sequence bench_ids start ${2_000_000_000 + size * 10_000_000}`);
  let transitions = 0;
  const startedAt = performance.now();
  const until = startedAt + seconds * 1_000;
  try {
    while (performance.now() < until) {
      const { rows } = await client.query<{ first: string }>(
        `select setval('bench_ids', nextval('bench_ids') + ${size}) - ${size} as first`,
      );
      const first = Number(rows[0]?.first);
      for (const [index, step] of life.steps.entries()) {
        await client.query('begin');
        await writeStep(client, life, step, index, first, size);
        await client.query('commit');
        transitions += size;
      }
    }
    return (transitions * 1_000) / (performance.now() - startedAt);
  } finally {
    await client.end();
  }
}

async function writeStep(
  client: pg.Client,
  life: Lifecycle,
  step: LifecycleStep,
  index: number,
  first: number,
  size: number,
): Promise<void> {
  const ids = [first, first + size - 1];
  const { order } = life;
  const facts = [order.state, order.life, order.venueOrderId, order.filledQuantity, order.filledQuote, order.reason];
  if (index === 0) {
    await client.query({
      name: 's_actor',
      text: `insert into actors (id, key, kind, shard, machine_version, version, status, state, snapshot) select i, 'order/' || i, $3, 0, 1, 1, 'active', $4, $5::json from generate_series($1::int8, $2::int8) i`,
      values: [...ids, life.kind, life.state, life.snapshot],
    });
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
    await client.query({
      name: 's_order',
      text: `insert into orders (actor_id, client_order_id, provider, strategy_instance, symbol, side, order_type, time_in_force, quantity, price, placed_at, state, life, venue_order_id, filled_quantity, filled_quote, signed_at, deadline_at, acknowledged_at, completed_at, reason)
        select i, i::text, $3, $4, $5, $6, $7, $8, $9::numeric, $10::numeric, now(), $11, $12, $13, $14::numeric, $15::numeric, now(), now(), now(), now(), $16 from generate_series($1::int8, $2::int8) i`,
      values: [...ids, ...fixed, ...facts],
    });
  } else {
    const status = index === life.steps.length - 1 ? 'done' : 'active';
    await client.query({
      name: 's_actor_update',
      text: `update actors a set version = a.version + 1, state = $3, snapshot = $4::json, status = $5, updated_at = now() from generate_series($1::int8, $2::int8) i where a.id = i`,
      values: [...ids, life.state, life.snapshot, status],
    });
    await client.query({
      name: 's_order_update',
      text: `update orders o set state = $3, life = $4, venue_order_id = $5, filled_quantity = $6::numeric, filled_quote = $7::numeric, reason = $8, signed_at = now(), acknowledged_at = now(), updated_at = now() from generate_series($1::int8, $2::int8) i where o.actor_id = i`,
      values: [...ids, ...facts],
    });
  }
  const { messageId, type, body, fromState, toState, sender, cause, correlation, hop } = step.journal;
  await client.query({
    name: 's_transition',
    text: `insert into transitions (actor_id, number, message_id, type, body, from_state, to_state, at, sender, cause, correlation, hop) select i, $3, i || $4, $5, $6::json, $7, $8, now(), $9, $10, $11, $12 from generate_series($1::int8, $2::int8) i`,
    values: [
      ...ids,
      index + 1,
      messageId.slice(0, 40),
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
  for (const [n, row] of step.outbox.entries()) {
    await client.query({
      name: 's_outbox',
      text: `insert into events_outbox (id, lane, key, source_id, target, type, body, at, cause, correlation, hop, delivered_at) select i * 64 + $3, $4, $5, i, $6, $7, $8::json, now(), $9, $10, $11, case when $4 = 'event' then now() end from generate_series($1::int8, $2::int8) i`,
      values: [
        ...ids,
        index * 8 + n,
        row.lane,
        row.key,
        row.target,
        row.type,
        row.body,
        row.cause,
        row.correlation,
        row.hop,
      ],
    });
  }
  if (step.settles > 0)
    await client.query({
      name: 's_settle',
      text: `delete from events_outbox where lane = 'effect' and id between $1::int8 * 64 and $2::int8 * 64 + 63`,
      values: ids,
    });
}
