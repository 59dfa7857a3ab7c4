// A state that begins with a snapshot instead of with nothing.
import type { Standing, SymbolStands } from './facts.ts';
import type { Holdings } from './holdings.ts';
import type { Order } from './order.ts';

export function stand(state: Holdings, fact: Standing): void {
  switch (fact.type) {
    case 'SnapshotBegun':
      state.nextOrderId = fact.nextOrderId;
      state.lists.nextId = fact.nextListId;
      return;
    case 'AccountStands':
      for (const { asset, free, locked } of fact.balances) {
        Object.assign(state.accounts.balance(fact.account, asset), { free, locked });
      }
      if (fact.balances.length === 0) state.accounts.open(fact.account);
      return;
    case 'OrderStands': {
      const order: Order = { ...fact.order };
      state.orders.set(order.id, order);
      return state.histories.stand(order, fact.named);
    }
    case 'TradeStands':
      state.histories.of(fact.account, fact.trade.symbol).trades.push(fact.trade);
      return;
    case 'ListStands':
      return state.lists.add(fact.list);
    case 'HistoryStands': {
      const { amendments, prevented } = fact;
      Object.assign(state.histories.of(fact.account, fact.symbol), {
        amendments: [...amendments],
        prevented: [...prevented],
      });
      return;
    }
    case 'SymbolStands':
      return standSymbol(state, fact);
  }
}

function standSymbol(state: Holdings, fact: SymbolStands): void {
  const listed = state.listed(fact.symbol);
  for (const id of fact.resting) listed.book.add(state.order(id));
  for (const id of fact.parked) listed.stops.add(state.order(id));
  listed.book.updateId = fact.updateId;
  listed.book.takeTouched();
  const { nextTradeId, nextPreventedMatchId, lastPrice, status } = fact;
  Object.assign(listed, { nextTradeId, nextPreventedMatchId, lastPrice, status });
}
