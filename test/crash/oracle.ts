// What must be true when everything is over, whatever was killed and cut before. The venue's own ledger is the
// witness: it is written by another process, read here without the gateway's help, and compared with what the
// gateway has in Postgres. Every check answers with what it found wrong, in words; nothing found means green.
import { type LedgerOrder, type LedgerView, readLedger } from '../../actors/exchanges/paper/ledger/read.ts';
import { add, type Decimal, format, mul, parse } from '../../actors/market/decimal.ts';
import type { Acked } from './load.ts';
import { journalFindings } from './oracle-journal.ts';
import { moneyFindings } from './oracle-money.ts';
import { standingFindings } from './oracle-standing.ts';
import { ACCOUNT_NAME, type World } from './world.ts';

export interface Verdict {
  /** Empty when all is well. */
  readonly findings: readonly string[];
  readonly counts: Counts;
}
export interface Counts {
  /** Orders decided upon, denied ones included. */
  readonly intents: number;
  readonly external: number;
  readonly replaced: number;
  readonly venueOrders: number;
  readonly doubts: number;
  readonly executions: number;
  readonly acked: number;
  readonly actors: number;
  readonly transitions: number;
  /** How the orders ended: `filled`, `absent`, … */
  readonly lives: { readonly [life: string]: number };
}

export async function judge(world: World, acked: ReadonlyMap<string, Acked>): Promise<Verdict> {
  const ledger = await readLedger(world.ledgerFile);
  const orders = await readOrders(world);
  const executions = await readExecutions(world);
  const journal = await journalFindings(world, acked);
  const byId = new Map(mine(ledger.orders).map((order) => [String(order.orderId), order]));
  const byIntent = new Map(mine(ledger.orders).map((order) => [order.clientOrderId, order]));
  const findings = [
    ...sentTwice(ledger),
    ...strangers(ledger, orders),
    ...orders.flatMap((order) =>
      endFindings(
        order,
        order.is_external ? byId.get(order.venue_order_id ?? '') : byIntent.get(order.client_order_id),
      ),
    ),
    ...executionFindings(ledger, executions),
    ...sumFindings(orders, executions),
    ...journal.findings,
    ...(await standingFindings(world, ledger)),
    ...(await moneyFindings(world, ledger)),
  ];
  const lives: { [life: string]: number } = {};
  for (const { life } of orders) lives[life] = (lives[life] ?? 0) + 1;
  const counts = {
    intents: orders.filter(({ is_external }) => !is_external).length,
    external: orders.filter(({ is_external }) => is_external).length,
    replaced: orders.filter(({ replaces }) => replaces !== null).length,
    venueOrders: mine(ledger.orders).length,
    doubts: journal.doubts,
    executions: executions.length,
    acked: acked.size,
    actors: journal.actors,
    transitions: journal.transitions,
    lives,
  };
  return { findings, counts };
}

/** (a) One intent, at most one order at the venue. */
export function sentTwice(ledger: LedgerView): string[] {
  const byId = Map.groupBy(mine(ledger.orders), ({ clientOrderId }) => clientOrderId);
  return [...byId].flatMap(([id, copies]) => {
    if (copies.length === 1) return [];
    const list = copies.map(({ orderId, status, executedQty }) => `${orderId} ${status} ${executedQty}`).join(', ');
    return [`SENT_TWICE: ${id} stands ${copies.length} times at the venue: ${list}`];
  });
}

interface OrderRow {
  readonly client_order_id: string;
  readonly life: string;
  readonly venue_order_id: string | null;
  readonly is_external: boolean;
  readonly replaces: string | null;
  readonly quantity: string;
  readonly filled_quantity: string;
  readonly filled_quote: string;
  readonly acknowledged_at: Date | null;
  readonly completed_at: Date | null;
}
interface ExecutionRow {
  readonly client_order_id: string;
  readonly trade_id: string;
  readonly venue_order_id: string;
  readonly side: string;
  readonly quantity: string;
  readonly price: string;
  readonly fee: string;
  readonly fee_asset: string;
  readonly liquidity: string;
}

function readOrders(world: World): Promise<OrderRow[]> {
  return world.query<OrderRow>(
    `select client_order_id, life, venue_order_id, is_external, replaces, quantity, filled_quantity,
            filled_quote, acknowledged_at, completed_at
       from orders order by client_order_id`,
  );
}

function readExecutions(world: World): Promise<ExecutionRow[]> {
  return world.query<ExecutionRow>(
    `select o.client_order_id, e.trade_id, e.venue_order_id, e.side, e.quantity, e.price, e.fee, e.fee_asset,
            e.liquidity
       from executions e join orders o on o.actor_id = e.order_id`,
  );
}

function mine<Row extends { readonly account: string }>(rows: readonly Row[]): Row[] {
  return rows.filter(({ account }) => account === ACCOUNT_NAME);
}

function strangers(ledger: LedgerView, orders: readonly OrderRow[]): string[] {
  const known = new Set(orders.map(({ client_order_id }) => client_order_id));
  const adopted = new Set(orders.filter(({ is_external }) => is_external).map(({ venue_order_id }) => venue_order_id));
  // One that somebody else placed and took back without a fill may have come and gone unseen.
  const unknown = mine(ledger.orders).filter(
    ({ clientOrderId, orderId, executedQty }) =>
      !known.has(clientOrderId) &&
      !adopted.has(String(orderId)) &&
      !(isOthers(clientOrderId) && parse(executedQty) === 0n),
  );
  return unknown.map(
    ({ clientOrderId, orderId }) =>
      `UNKNOWN_ORDER: the venue has ${clientOrderId} as ${orderId}, we have no such order`,
  );
}

const END_AT_VENUE: { readonly [life: string]: LedgerOrder['status'] } = {
  filled: 'FILLED',
  canceled: 'CANCELED',
  expired: 'EXPIRED',
};
const NEVER_AT_VENUE = ['denied', 'absent', 'rejected'];

function isOthers(clientOrderId: string): boolean {
  return clientOrderId.includes('_');
}

/** (b) Every intent is decided, and as the venue decided it. */
function endFindings(order: OrderRow, venue: LedgerOrder | undefined): string[] {
  const { client_order_id: id, life } = order;
  const isNever = NEVER_AT_VENUE.includes(life);
  const expected = END_AT_VENUE[life];
  if (!isNever && expected === undefined)
    return [`UNDECIDED: ${id} is ${life}, the venue says ${venue?.status ?? 'nothing'}`];
  const findings: string[] = [];
  if (order.completed_at === null) findings.push(`UNDECIDED: ${id} is ${life} and has no time of its end`);
  if (venue === undefined) {
    // Withdrawn, refused or too old before it was sent.
    const endedHere = life === 'canceled' && order.acknowledged_at === null;
    if (!isNever && !endedHere) findings.push(`WRONG_END: ${id} is ${life}, the venue never had it`);
    return findings;
  }
  if (venue.status !== expected) findings.push(`WRONG_END: ${id} is ${life}, the venue says ${venue.status}`);
  if (order.venue_order_id !== String(venue.orderId))
    findings.push(`WRONG_ID: ${id} is ${order.venue_order_id} here and ${venue.orderId} there`);
  if (!same(order.quantity, venue.quantity))
    findings.push(`WRONG_TERMS: ${id} is for ${order.quantity} here, ${venue.quantity} there`);
  if (!same(order.filled_quantity, venue.executedQty))
    findings.push(`WRONG_SUM: ${id} filled ${order.filled_quantity} here, ${venue.executedQty} there`);
  if (!same(order.filled_quote, venue.executedQuote))
    findings.push(`WRONG_SUM: ${id} paid ${order.filled_quote} here, ${venue.executedQuote} there`);
  return findings;
}

/** (c) The venue's trades are our executions, to the last digit. */
function executionFindings(ledger: LedgerView, executions: readonly ExecutionRow[]): string[] {
  const theirs = mine(ledger.trades).map((trade) => {
    const { tradeId, orderId, side, quantity, price, fee, feeAsset, maker } = trade;
    const what = `${tradeId}:${orderId} ${side === 'BUY' ? 'Buy' : 'Sell'}`;
    return `${what} ${quantity} at ${price}, fee ${fee} ${feeAsset}, ${maker ? 'maker' : 'taker'}`;
  });
  const ours = executions.map((row) => {
    const [quantity, price, fee] = [row.quantity, row.price, row.fee].map((text) => format(parse(text)));
    const what = `${row.trade_id}:${row.venue_order_id} ${row.side}`;
    return `${what} ${quantity} at ${price}, fee ${fee} ${row.fee_asset}, ${row.liquidity}`;
  });
  const [there, here] = [new Set(theirs), new Set(ours)];
  return [
    ...theirs.filter((trade) => !here.has(trade)).map((trade) => `MISSED_TRADE: ${trade}`),
    ...ours.filter((trade) => !there.has(trade)).map((trade) => `INVENTED_TRADE: ${trade}`),
    ...(ours.length === here.size ? [] : [`DOUBLED_TRADE: ${ours.length} executions, ${here.size} different`]),
  ];
}

function sumFindings(orders: readonly OrderRow[], executions: readonly ExecutionRow[]): string[] {
  const byOrder = Map.groupBy(executions, ({ client_order_id }) => client_order_id);
  return orders.flatMap(({ client_order_id: id, filled_quantity, filled_quote }) => {
    let [quantity, quote]: [Decimal, Decimal] = [0n, 0n];
    for (const row of byOrder.get(id) ?? []) {
      quantity = add(quantity, parse(row.quantity));
      quote = add(quote, mul(parse(row.quantity), parse(row.price)));
    }
    const fits = quantity === parse(filled_quantity) && quote === parse(filled_quote);
    return fits ? [] : [`WRONG_SUM: ${id} says ${filled_quantity}, its executions come to ${format(quantity)}`];
  });
}

function same(left: string, right: string): boolean {
  return parse(left) === parse(right);
}
