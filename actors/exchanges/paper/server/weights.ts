// What each request weighs. Source: binance-spot-api-docs rest-api.md, 2025-01; what is not named weighs 1.
import type { Params } from './params.ts';

const WEIGHTS: { readonly [rest: string]: number } = {
  'GET /api/v3/order': 4,
  'GET /api/v3/allOrders': 20,
  'GET /api/v3/orderList': 4,
  'GET /api/v3/allOrderList': 20,
  'GET /api/v3/openOrderList': 6,
  'GET /api/v3/account': 20,
  'GET /api/v3/account/commission': 20,
  'GET /api/v3/rateLimit/order': 40,
  'GET /api/v3/order/amendments': 4,
  'GET /api/v3/myPreventedMatches': 20,
  'PUT /api/v3/order/amend/keepPriority': 4,
  'POST /api/v3/userDataStream': 2,
  'PUT /api/v3/userDataStream': 2,
  'DELETE /api/v3/userDataStream': 2,
  'GET /api/v3/exchangeInfo': 20,
  'GET /api/v3/trades': 25,
  'GET /api/v3/historicalTrades': 25,
  'GET /api/v3/aggTrades': 4,
  'GET /api/v3/klines': 2,
  'GET /api/v3/uiKlines': 2,
  'GET /api/v3/avgPrice': 2,
};
const DEPTHS = [
  [100, 5],
  [500, 25],
  [1_000, 50],
  [5_000, 250],
] as const;

export function weightOf(rest: string, params: Params): number {
  const isOfOne = params.has('symbol');
  switch (rest) {
    case 'GET /api/v3/openOrders':
      return isOfOne ? 6 : 80;
    case 'GET /api/v3/myTrades':
      return params.has('orderId') ? 5 : 20;
    case 'GET /api/v3/depth':
      return DEPTHS.find(([limit]) => params.number('limit') <= limit)?.[1] ?? 250;
    case 'GET /api/v3/ticker/24hr':
      return isOfOne ? 2 : 80;
    case 'GET /api/v3/ticker/price':
    case 'GET /api/v3/ticker/bookTicker':
      return isOfOne ? 2 : 4;
    default:
      return WEIGHTS[rest] ?? 1;
  }
}
