// Applies the facts of one command to the state and takes down, after each of them, what is to be told of it.
import { type Fact, HOUSE, reducedBy, type Traded } from './facts.ts';
import type { OrderList } from './order-lists.ts';
import type { ListReport, Outcome, Position, Report } from './outcome.ts';
import type { VenueState } from './state.ts';

export function applied(state: VenueState, facts: readonly Fact[], at: number): Outcome {
  const reports: Report[] = [];
  const changed = new Map<string, Set<string>>();
  const trades: Traded[] = [];
  const lists: ListReport[] = [];
  for (const fact of facts) {
    state.apply(fact, at);
    if (fact.type === 'Traded') trades.push(fact);
    if (fact.type === 'Transferred') changed.set(fact.account, new Set([fact.asset]));
    for (const report of reportsOf(state, fact)) {
      reports.push(report);
      lists.push(...listDone(state, fact, report.order.listId, lists));
      const assets = changed.get(report.order.account) ?? new Set();
      const { base, quote } = state.rules(report.order.symbol);
      assets.add(base).add(quote);
      if (fact.type === 'TradeBusted') assets.add(fact.feeAsset);
      const leg =
        fact.type === 'Traded' && [fact.buyer, fact.seller].find(({ orderId }) => orderId === report.order.id);
      if (leg && leg.feeAsset !== undefined) assets.add(leg.feeAsset);
      changed.set(report.order.account, assets);
    }
  }
  state.rest();
  for (const fact of facts) if (fact.type === 'ListPlaced') lists.push(listReport(state, fact.list, false));
  const positions = [...changed].map(([account, assets]) => position(state, account, assets));
  return { at, facts, reports, lists, positions, trades };
}

/** Several steps as one command: one line of the ledger, balances as the last step left them. */
export function merged(state: VenueState, steps: readonly Outcome[], at: number): Outcome {
  const [only] = steps;
  if (only && steps.length === 1) return only;
  const changed = new Map<string, Set<string>>();
  for (const { account, balances } of steps.flatMap(({ positions }) => positions)) {
    const assets = changed.get(account) ?? new Set();
    for (const { asset } of balances) assets.add(asset);
    changed.set(account, assets);
  }
  return {
    at,
    facts: steps.flatMap(({ facts }) => facts),
    reports: steps.flatMap(({ reports }) => reports),
    lists: steps.flatMap(({ lists }) => lists),
    positions: [...changed].map(([account, assets]) => position(state, account, assets)),
    trades: steps.flatMap(({ trades }) => trades),
  };
}

/** Once: a bust changes an order that has ended, and is no end. */
function listDone(state: VenueState, fact: Fact, id: number | undefined, told: readonly ListReport[]): ListReport[] {
  const list = state.lists.get(id);
  if (!list || fact.type === 'TradeBusted' || !state.lists.isDone(list)) return [];
  return told.some((report) => report.list === list) ? [] : [listReport(state, list, true)];
}

function listReport(state: VenueState, list: OrderList, isDone: boolean): ListReport {
  return { list, isDone, orders: state.lists.ordersOf(list).map((order) => ({ ...order })) };
}

type Told = Partial<Pick<Report, 'trade' | 'bust' | 'requestId' | 'prevention' | 'origClientOrderId'>>;

function reportsOf(state: VenueState, fact: Fact): Report[] {
  const report = (account: string, id: number, execution: Report['execution'], told: Told = {}): Report[] =>
    account === HOUSE ? [] : [reported(state, id, execution, told)];
  switch (fact.type) {
    case 'OrderPlaced':
      return report(fact.order.account, fact.order.id, 'NEW');
    case 'OrderTriggered':
      return report(fact.account, fact.orderId, 'NEW');
    case 'Traded':
      return [fact.buyer, fact.seller].flatMap((leg) => report(leg.account, leg.orderId, 'TRADE', { trade: fact }));
    case 'OrderClosed':
      return report(fact.account, fact.orderId, fact.status, { requestId: fact.requestId });
    case 'OrderAmended':
      return report(fact.account, fact.orderId, 'REPLACED', { origClientOrderId: fact.origClientOrderId });
    case 'MatchPrevented':
      return reducedBy(fact).flatMap((id) => report(fact.account, id, 'TRADE_PREVENTION', { prevention: fact }));
    case 'TradeBusted':
      return report(fact.account, fact.orderId, fact.corrected ? 'TRADE_CORRECT' : 'TRADE_BUST', { bust: fact });
    default:
      return [];
  }
}

function reported(state: VenueState, id: number, execution: Report['execution'], told: Told): Report {
  const order = state.orders.get(id);
  if (!order) throw new Error(`a client's order is kept for ever: order=${id}`);
  return {
    order: { ...order },
    execution,
    trade: null,
    bust: null,
    requestId: null,
    reason: null,
    prevention: null,
    origClientOrderId: null,
    ...told,
  };
}

function position(state: VenueState, account: string, assets: ReadonlySet<string>): Position {
  const balances = [...assets].map((asset) => ({ asset, ...state.accounts.balance(account, asset) }));
  return { account, balances };
}
