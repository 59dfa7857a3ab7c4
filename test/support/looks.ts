// Looks at a venue account for specs: an exchange and books by hand, and one round from before to now.
import type { VenueOrder, VenueTrade } from '../../actors/market/execution.ts';
import { look } from '../../actors/provider/look.ts';
import type { Reconcile, Reconciled } from '../../actors/provider/messages.ts';
import { fakeBooks } from './books.ts';
import { fakeExchange } from './fake-exchange.ts';

export const SINCE = 970_000;
export const AT = 1_000_000;
const REQUEST: Reconcile = { name: 'paper', session: 1, round: 6, sinceAt: SINCE, symbols: ['BTC-USDT'], live: [] };
export const OURS = 'mm100000001';

export async function lookScene() {
  const exchange = fakeExchange();
  const books = fakeBooks();
  const known = new Set([OURS]);
  const { signal } = new AbortController();
  const listener = {
    ...{ onReport: async () => {}, onBalance: async () => {}, onMarket: () => {} },
    ...{ onConnected: () => {}, onDisconnected: () => {} },
  };
  const keys = { restUrl: '', streamUrl: '', wsApiUrl: '', apiKey: '', apiSecret: '' };
  const session = await exchange.open({ ...keys, recvWindowMs: 1, httpTimeoutMs: 1 }, listener, signal);
  const listed = new Set(['BTC-USDT']);
  const everListed = new Set(['BTC-USDT']);
  const isKnown = async (id: string): Promise<boolean> => known.has(id);
  const eyes = { exchange: session, books, listed, everListed, isKnown, at: AT, signal };
  const { answers } = exchange;
  return {
    ...{ answers, books, known, listed, everListed, queried: exchange.queried, tradesAsked: exchange.tradesAsked },
    see: (request: Partial<Reconcile> = {}) => look({ ...REQUEST, ...request }, eyes),
    async round(request: Partial<Reconcile> = {}): Promise<Reconciled> {
      const answer = await look({ ...REQUEST, ...request }, eyes);
      if (answer.type !== 'Reconciled') throw new Error(`the look ended in ${answer.type}`);
      return answer;
    },
  };
}

export function traded(tradeId: string, venueOrderId: string, change: Partial<VenueTrade> = {}): VenueTrade {
  const paid = { price: '100', fee: null, feeAsset: null, liquidity: null, tradedAt: 980_000 };
  return { tradeId, venueOrderId, symbol: 'BTC-USDT', side: 'Buy', quantity: '0.4', ...paid, ...change };
}
export function executed({ symbol: _symbol, side: _side, ...execution }: VenueTrade) {
  return execution;
}
export function found(order: VenueOrder): { outcome: 'found'; order: VenueOrder; executions: [] } {
  return { outcome: 'found', order, executions: [] };
}
