import type { ExecutionChangeRow, ExecutionRow, OrderRow } from '../../actors/market/records.ts';
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
  'stopPrice',
  'askedQuantity',
  'askedPrice',
  'goodTillAt',
  'linkedTo',
  'replaces',
  'replacedBy',
  'isExternal',
  'state',
  'status',
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
  'linkedTo',
  'replacedBy',
  'state',
  'status',
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
  'origin',
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

const change = rowSet(executions, [
  'venue',
  'account',
  'symbol',
  'tradeId',
  'venueOrderId',
  'bustedAt',
  'fee',
  'feeAsset',
]);

const changeExecutions: Statement = {
  name: 'change_executions',
  text: `update executions e
   set busted_at = coalesce(x.busted_at, e.busted_at), fee = coalesce(x.fee::numeric, e.fee),
       fee_asset = coalesce(x.fee_asset, e.fee_asset), updated_at = ${change.extra(1)}::timestamptz
  from ${change.from}
 where e.venue = x.venue and e.account = x.account and e.symbol = x.symbol and e.trade_id = x.trade_id
   and e.venue_order_id = x.venue_order_id`,
};

/** What a change leaves null stays as it is. An execution that is not there is not made. */
export const executionChangeProjection: Projection<ExecutionChangeRow> = {
  table: 'execution_changes',
  statements: [changeExecutions],
  bind: (recorded, { at: changedAt }) => {
    const byKey = new Map<string, ExecutionChangeRow>();
    for (const { row } of recorded) {
      const key = JSON.stringify([row.venue, row.account, row.symbol, row.tradeId, row.venueOrderId]);
      const before = byKey.get(key);
      byKey.set(key, {
        ...row,
        bustedAt: row.bustedAt ?? before?.bustedAt ?? null,
        fee: row.fee ?? before?.fee ?? null,
        feeAsset: row.feeAsset ?? before?.feeAsset ?? null,
      });
    }
    return [{ statement: changeExecutions, values: [...change.bind([...byKey.values()]), instantText(changedAt)] }];
  },
};
