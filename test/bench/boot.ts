// Boot with many live orders, measured in a process of its own: from start() until every actor is in memory and
// messages are taken; and the heap they cost. The rows are made by SQL from one order that the engine itself brought
// to `working`.
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import pg from 'pg';
import { orderActor } from '../../actors/order/index.ts';
import type { ActorRow } from '../../actors/runtime/ports.ts';
import type { Lifecycle } from './lifecycle.ts';

export interface Boot {
  readonly ms: number;
  readonly actors: number;
  readonly heapBytesPerActor: number;
}

/** Live orders in the state of `working`, with the ids from `first` on. */
export async function addLiveOrders(url: string, working: ActorRow, first: number, count: number): Promise<void> {
  await run(url, [
    [
      `insert into actors (id, key, kind, shard, machine_version, version, status, state, snapshot)
       select i, 'order/live' || i, 'order', 0, $3, $4, 'active', $5, replace($6, $7, 'live' || i)::json
         from generate_series($1::int8, $2::int8) i`,
      [
        first,
        first + count - 1,
        working.machineVersion,
        working.version,
        working.state,
        working.snapshot,
        working.key.slice('order/'.length),
      ],
    ],
    ['analyze actors', []],
  ]);
}

/** Finished orders with everything that one leaves: actor, order, journal, published events. */
export async function addFinishedOrders(url: string, life: Lifecycle, first: number, count: number): Promise<void> {
  const ids = [first, first + count - 1];
  const { order } = life;
  await run(url, [
    [
      `insert into actors (id, key, kind, shard, machine_version, version, status, state, snapshot)
       select i, 'order/done' || i, 'order', 0, ${orderActor.version}, $3, 'done', $4, $5::json
         from generate_series($1::int8, $2::int8) i`,
      [...ids, life.steps.length, life.state, life.snapshot],
    ],
    [
      `insert into orders (actor_id, client_order_id, provider, strategy_instance, symbol, side,
         order_type, time_in_force, quantity, price, asked_quantity, asked_price, placed_at, state, status, life,
         filled_quantity, filled_quote)
       select i, 'done' || i, $3, $4, $5, $6, $7, $8, $9::numeric, $10::numeric, $9::numeric, $10::numeric, now(), $11,
         $15, $12, $13::numeric, $14::numeric from generate_series($1::int8, $2::int8) i`,
      [
        ...ids,
        order.provider,
        order.strategyInstance,
        order.symbol,
        order.side,
        order.orderType,
        order.timeInForce,
        order.quantity,
        order.price,
        order.state,
        order.life,
        order.filledQuantity,
        order.filledQuote,
        order.status,
      ],
    ],
    ...life.steps.map(({ journal }, index): [string, unknown[]] => [
      `insert into transitions (actor_id, number, message_id, type, body, from_state, to_state, at,
         sender, cause, correlation, hop)
       select i, $3, i || $4, $5, $6::json, $7, $8, now(), $9, $10, $11, $12
         from generate_series($1::int8, $2::int8) i`,
      [
        ...ids,
        index + 1,
        journal.messageId.slice(0, 40),
        journal.type,
        journal.body,
        journal.fromState,
        journal.toState,
        journal.sender,
        journal.cause,
        journal.correlation,
        journal.hop,
      ],
    ]),
    // Ids go on after them, as they would had these orders lived here.
    [`select setval('actors_id_seq', $1)`, [first + count + 1]],
    ['vacuum analyze actors, orders, transitions', []],
    ['checkpoint', []],
  ]);
}

async function run(url: string, statements: readonly (readonly [string, readonly unknown[]])[]): Promise<void> {
  const client = new pg.Client(url);
  await client.connect();
  try {
    for (const [text, values] of statements) await client.query(text, [...values]);
  } finally {
    await client.end();
  }
}

export function measureBoot(url: string): Boot {
  const child = path.join(import.meta.dirname, 'boot-child.ts');
  const preload = path.join(import.meta.dirname, '../../config/drizzle-cjs.mjs');
  const { stdout, stderr, status } = spawnSync(process.execPath, ['--expose-gc', '--import', preload, child, url], {
    encoding: 'utf8',
    timeout: 120_000,
  });
  if (status !== 0) throw new Error(`the booting process ended with ${status}: ${stderr}`);
  return JSON.parse(stdout) as Boot;
}
