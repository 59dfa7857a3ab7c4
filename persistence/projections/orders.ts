import type { ExecutionRow, OrderRow } from '../../actors/market/records.ts';
import { executions, orders } from '../../drizzle/schema/index.ts';
import { instantText, rowSet, type Statement } from '../row-set.ts';
import { type Group, lastByKey, type Projection, type Recorded } from './projection.ts';

const order = rowSet(orders, [
  'actorId',
  'clientOrderId',
  'provider',
  'strategyInstance',
  'symbol',
  'side',
  'orderType',
  'timeInForce',
  'quantity',
  'price',
  'state',
  'life',
  'venueOrderId',
  'filledQuantity',
  'filledQuote',
  'signedAt',
  'deadlineAt',
  'placedAt',
  'acknowledgedAt',
  'completedAt',
  'reason',
]);
const at = `${order.extra(1)}::timestamptz`;

const insertOrders: Statement = {
  name: 'insert_orders',
  text: `insert into orders (${order.columns}, created_at, updated_at)
select ${order.values}, ${at}, ${at} from ${order.from}`,
};

const CHANGES = [
  'quantity',
  'price',
  'state',
  'life',
  'venueOrderId',
  'filledQuantity',
  'filledQuote',
  'signedAt',
  'deadlineAt',
  'acknowledgedAt',
  'completedAt',
  'reason',
] as const;

// What an order is never changes; what became of it does. An order whose actor recorded nothing when it was
// created is inserted by its first record.
const updateOrders: Statement = {
  name: 'update_orders',
  text: `with x as (select * from ${order.from}), written as (
  update orders o
     set ${order.assign(...CHANGES)},
         updated_at = ${at}
    from x where o.actor_id = x.actor_id
  returning o.actor_id
)
insert into orders (${order.columns}, created_at, updated_at)
select ${order.values}, ${at}, ${at} from x where x.actor_id not in (select actor_id from written)`,
};

export const orderProjection: Projection<OrderRow> = {
  table: 'orders',
  statements: [insertOrders, updateOrders],
  bind: (recorded, group) => {
    const rows = lastByKey(recorded, ({ actorId }) => actorId).map(({ actorId, row }) => ({ ...row, actorId }));
    const isNew = ({ actorId }: { actorId: bigint }): boolean => group.created.has(actorId);
    return [
      { statement: insertOrders, rows: rows.filter(isNew) },
      { statement: updateOrders, rows: rows.filter((row) => !isNew(row)) },
    ].flatMap(({ statement, rows: part }) =>
      part.length === 0 ? [] : [{ statement, values: [...order.bind(part), instantText(group.at)] }],
    );
  },
};

const execution = rowSet(executions, [
  'orderId',
  'provider',
  'strategyInstance',
  'venue',
  'account',
  'symbol',
  'tradeId',
  'venueOrderId',
  'side',
  'quantity',
  'price',
  'fee',
  'feeAsset',
  'liquidity',
  'tradedAt',
]);

const insertExecutions: Statement = {
  name: 'insert_executions',
  text: `insert into executions (${execution.columns}) select ${execution.values} from ${execution.from}
on conflict (venue, account, symbol, trade_id, venue_order_id) do nothing`,
};

export const executionProjection: Projection<ExecutionRow> = {
  table: 'executions',
  statements: [insertExecutions],
  bind: (recorded: readonly Recorded<ExecutionRow>[], _group: Group) => [
    {
      statement: insertExecutions,
      values: execution.bind(recorded.map(({ actorId, row }) => ({ ...row, orderId: actorId }))),
    },
  ],
};
