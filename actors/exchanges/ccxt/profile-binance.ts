// What Binance's raw orders say that ccxt's unified ones leave out: the type as it was placed, whether a stop order is
// at work, and the quote amount the venue itself adds up. REST and stream spell the same things differently.
import { z } from 'zod';
import type { OrderType } from '../../market/execution.ts';
import { readAs } from '../wire/read-as.ts';
import { positiveAmount, signedAmount, text, time } from '../wire/readable.ts';
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

const corrected = z.object({ quantity: positiveAmount, price: positiveAmount, tradedAt: time });
/** ccxt writes long numbers of a frame as texts. */
const number = z.union([z.int().nonnegative().transform(String), z.string().max(20).regex(/^\d+$/)]);

function numberIn(event: string, value: unknown): string {
  return readAs(number, value, event);
}

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
  const venueOrderId = numberIn(x, i);
  if (x === 'TRADE_BUST') return { busted: { tradeId: numberIn(x, t), venueOrderId }, execution: null };
  const { quantity, price, tradedAt } = readAs(corrected, { quantity: l, price: L, tradedAt: T }, x);
  const charged = typeof N === 'string' && N !== '';
  return {
    busted: { tradeId: numberIn(x, bt), venueOrderId },
    execution: {
      tradeId: numberIn(x, t),
      venueOrderId,
      quantity,
      price,
      fee: charged ? readAs(signedAmount, n, x) : null,
      feeAsset: charged ? readAs(text, N, x) : null,
      liquidity: m === true ? 'maker' : 'taker',
      tradedAt,
    },
  };
}

const stamped = z.union([
  z.object({ e: z.literal('executionReport') }),
  z.object({ event: z.object({ e: z.literal('executionReport') }) }),
]);

/** By its name, or by the fields that nothing else has. */
export function binanceReports(frame: unknown): number {
  const inner = typeof frame === 'object' && frame !== null && 'event' in frame ? frame.event : frame;
  const isBare = typeof inner === 'object' && inner !== null && 'x' in inner && 'X' in inner && 'i' in inner;
  return stamped.safeParse(frame).success || isBare ? 1 : 0;
}
