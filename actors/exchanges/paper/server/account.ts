// Operations that read an account: its orders, trades and balances.
import { type Decimal, div } from '../../../market/decimal.ts';
import * as refusals from '../core/refusal.ts';
import { Refused } from '../core/refusal.ts';
import type { Venue } from '../venue.ts';
import type { Caller, Operation } from './operation.ts';
import { type Params, SYMBOL } from './params.ts';
import type { RateLimits } from './rate-limits.ts';
import { cut, findOrder, listed, readOrderKey, readStretch, readSymbol } from './reading.ts';
import { eight, ownTrade, queriedOrder } from './views.ts';

export function accountOperations(venue: Venue, limits: RateLimits): Operation[] {
  const signed = { kind: 'query', security: 'signed' } as const;
  return [
    {
      rest: 'GET /api/v3/order',
      ws: 'order.status',
      ...signed,
      read: (params, caller) => order(venue, params, caller),
    },
    {
      rest: 'GET /api/v3/openOrders',
      ws: 'openOrders.status',
      ...signed,
      read: (params, caller) => openOrders(venue, params, caller),
    },
    {
      rest: 'GET /api/v3/allOrders',
      ws: 'allOrders',
      ...signed,
      read: (params, caller) => allOrders(venue, params, caller),
    },
    {
      rest: 'GET /api/v3/myTrades',
      ws: 'myTrades',
      ...signed,
      read: (params, caller) => myTrades(venue, params, caller),
    },
    {
      rest: 'GET /api/v3/account',
      ws: 'account.status',
      ...signed,
      read: (params, caller) => account(venue, params, caller),
    },
    {
      rest: 'GET /api/v3/rateLimit/order',
      ws: 'account.rateLimits.orders',
      ...signed,
      read:
        (_, { account: name }) =>
        () =>
          limits.orderCounts(name),
    },
  ];
}

function order(venue: Venue, params: Params, caller: Caller): () => unknown {
  const rules = readSymbol(venue, params);
  const key = readOrderKey(params);
  return () => {
    const found = findOrder(venue.seen, caller.account, rules.name, key);
    if (!found) throw new Refused(refusals.NO_SUCH_ORDER);
    return queriedOrder(found);
  };
}

function openOrders(venue: Venue, params: Params, caller: Caller): () => unknown {
  const symbol = params.text('symbol', SYMBOL);
  const symbols = symbol === undefined ? [...venue.state.symbols.keys()] : [listed(venue, symbol).name];
  return () =>
    symbols.flatMap((name) => [...venue.seen.histories.of(caller.account, name).open.values()].map(queriedOrder));
}

function allOrders(venue: Venue, params: Params, caller: Caller): () => unknown {
  const rules = readSymbol(venue, params);
  const stretch = readStretch(params, 'orderId');
  return () =>
    cut(venue.seen.histories.of(caller.account, rules.name).orders, stretch, (found) => found.placedAt).map(
      queriedOrder,
    );
}

function myTrades(venue: Venue, params: Params, caller: Caller): () => unknown {
  const rules = readSymbol(venue, params);
  const orderId = params.integer('orderId');
  const stretch = readStretch(params, 'fromId');
  return () => {
    const { trades } = venue.seen.histories.of(caller.account, rules.name);
    const wanted = orderId === undefined ? trades : trades.filter((trade) => trade.orderId === orderId);
    return cut(wanted, stretch, (trade) => trade.tradedAt).map(ownTrade);
  };
}

function account(venue: Venue, params: Params, caller: Caller): () => unknown {
  const omitZero =
    params.oneOf('omitZeroBalances', ['true', 'false'], refusals.invalidData('omitZeroBalances')) === 'true';
  return () => {
    const balances = venue.seen.accounts
      .list(caller.account)
      .filter(([, { free, locked }]) => !omitZero || free + locked > 0n)
      .map(([asset, { free, locked }]) => ({ asset, free: eight(free), locked: eight(locked) }));
    return { ...describe(venue), updateTime: venue.now(), accountType: 'SPOT', balances, permissions: ['SPOT'] };
  };
}

function describe(venue: Venue): object {
  const { maker, taker } = venue.engine.fees;
  return {
    makerCommission: basisPoints(maker),
    takerCommission: basisPoints(taker),
    buyerCommission: 0,
    sellerCommission: 0,
    commissionRates: { maker: eight(maker), taker: eight(taker), buyer: eight(0n), seller: eight(0n) },
    canTrade: true,
    canWithdraw: false,
    canDeposit: false,
    brokered: false,
    requireSelfTradePrevention: false,
    preventSor: false,
  };
}

function basisPoints(rate: Decimal): number {
  return Number(div(rate, 10n ** 14n, 'down') / 10n ** 18n);
}
