// How everything stands, as facts: what a compacted ledger begins with, and what a second state is made from.
// Two states, one folded from all that happened and one from a snapshot of it, do the same from there on.

import type { AccountStands, Fact, SnapshotBegun, SymbolStands } from './facts.ts';
import { HOUSE } from './facts.ts';
import { isOpen } from './order.ts';
import type { VenueState } from './state.ts';

/** The house's orders are left out, as they are when a ledger is replayed: a venue that starts places them anew. */
export function snapshotOf(state: VenueState): Fact[] {
  const begun: SnapshotBegun = {
    type: 'SnapshotBegun',
    lines: 1,
    nextOrderId: state.nextOrderId,
    nextListId: state.lists.nextId,
  };
  const accounts = state.accounts.names().map((account): AccountStands => {
    const balances = state.accounts.list(account).map(([asset, balance]) => ({ asset, ...balance }));
    return { type: 'AccountStands', account, balances };
  });
  const clients = [...state.orders.values()].filter(({ account }) => account !== HOUSE);
  const orders = clients
    .toSorted((one, other) => one.id - other.id)
    .map((order): Fact => ({ type: 'OrderStands', order: { ...order }, named: state.histories.named(order) }));
  const trades = state.histories
    .all()
    .flatMap(([account, history]) => history.trades.map((trade): Fact => ({ type: 'TradeStands', account, trade })));
  const symbols = [...state.symbols.keys()].map((symbol) => symbolStands(state, symbol));
  const lists = state.lists.all().map((list): Fact => ({ type: 'ListStands', list }));
  const histories = state.histories.each().map(([account, symbol, { amendments, prevented }]): Fact => {
    return { type: 'HistoryStands', account, symbol, amendments: [...amendments], prevented: [...prevented] };
  });
  return [
    begun,
    ...accounts,
    ...orders,
    ...trades,
    ...lists,
    ...histories,
    ...symbols,
    ...(state.mark ? [state.mark] : []),
  ];
}

/** The same in pieces that make lines of a bearable length, the first of which says how many there are. */
export function inLines(facts: readonly Fact[], perLine: number): Fact[][] {
  const lines: Fact[][] = [];
  for (let start = 0; start < facts.length; start += perLine) lines.push(facts.slice(start, start + perLine));
  return lines.map((line) =>
    line.map((fact) => (fact.type === 'SnapshotBegun' ? { ...fact, lines: lines.length } : fact)),
  );
}

function symbolStands(state: VenueState, symbol: string): SymbolStands {
  const { rules, book, stops, nextTradeId, nextPreventedMatchId, lastPrice, status } = state.listed(symbol);
  const resting = (['BUY', 'SELL'] as const).flatMap((side) =>
    book.depth(side, Number.MAX_SAFE_INTEGER).flatMap(({ orders }) => [...orders.values()]),
  );
  const ids = resting.filter((order) => order.account !== HOUSE && isOpen(order)).map(({ id }) => id);
  const { base, quote } = rules;
  const next = { nextTradeId, nextPreventedMatchId, updateId: book.updateId, lastPrice, status };
  return { type: 'SymbolStands', symbol, base, quote, ...next, resting: ids, parked: stops.ids() };
}
