// What Binance's raw orders say that ccxt's unified ones leave out: the type as it was placed, whether a stop order is
// at work, and the quote amount the venue itself adds up. REST and stream spell the same things differently.
import type { OrderType } from '../../market/execution.ts';
import { Unreadable } from '../wire/read-as.ts';
import { amountOf } from './amount.ts';
import type { Bust, OrderExtras, Raw } from './extras.ts';

const TYPES: ReadonlyMap<unknown, OrderType> = new Map([
  ['LIMIT', 'Limit'],
  ['LIMIT_MAKER', 'Limit'],
  ['MARKET', 'Market'],
  ['STOP_LOSS', 'Stop'],
  ['TAKE_PROFIT', 'Stop'],
  ['STOP_LOSS_LIMIT', 'StopLimit'],
  ['TAKE_PROFIT_LIMIT', 'StopLimit'],
]);

export function binanceOrder(info: Raw): OrderExtras {
  const isStream = info['e'] === 'executionReport';
  const orderType = TYPES.get(info[isStream ? 'o' : 'type']);
  const isStop = orderType === 'Stop' || orderType === 'StopLimit';
  const isNew = info[isStream ? 'X' : 'status'] === 'NEW';
  const filledQuote = info[isStream ? 'Z' : 'cummulativeQuoteQty'];
  return {
    ...(orderType !== undefined && { orderType }),
    ...(isStop && isNew && { parked: !isWorking(info, isStream) }),
    ...(filledQuote !== undefined && { filledQuote }),
  };
}

function isWorking(info: Raw, isStream: boolean): boolean {
  if (isStream) return info['w'] === true;
  return typeof info['isWorking'] === 'boolean' ? info['isWorking'] : Number(info['workingTime'] ?? -1) >= 0;
}

/** TRADE_BUST and TRADE_CORRECT are of the paper venue; Binance Spot takes no trade back. */
export function binanceBust(info: Raw): Bust | null {
  const { x, t, bt, i, l, L, n, N, m, T } = info;
  if (x !== 'TRADE_BUST' && x !== 'TRADE_CORRECT') return null;
  const venueOrderId = String(i);
  if (x === 'TRADE_BUST') return { busted: { tradeId: String(t), venueOrderId }, execution: null };
  const [quantity, price] = [amountOf(l), amountOf(L)];
  if (quantity === null || price === null) throw new Unreadable(`${x} of order ${venueOrderId}: no quantity or price`);
  const charged = typeof N === 'string' && N !== '';
  return {
    busted: { tradeId: String(bt), venueOrderId },
    execution: {
      tradeId: String(t),
      venueOrderId,
      quantity,
      price,
      fee: charged ? amountOf(n) : null,
      feeAsset: charged ? N : null,
      liquidity: m === true ? 'maker' : 'taker',
      tradedAt: Number(T),
    },
  };
}
