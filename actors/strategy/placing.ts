// From what a module decides to an order that can be sent, or to the reason why not. Rounding never makes an order
// worse than asked: a buy price goes down, a sell price up, a quantity down.
import { clientOrderId } from '../market/client-order-id.ts';
import { type Decimal, format, mul, parse, roundDown, roundUp } from '../market/decimal.ts';
import type { Instrument } from '../market/instrument.ts';
import { type RefusalCode, refusalText } from '../market/refusals.ts';
import { type ExecReport, type OrderInput, orderKey } from '../order/messages.ts';
import { command, spawn } from '../runtime/effect.ts';
import { OPEN_ORDERS_MAX } from './bounds.ts';
import { type Heard, type Outcome, own, type StrategyContext } from './context.ts';
import type { OwnOrder, PlaceOrder } from './messages.ts';

type Terms =
  | { readonly ok: true; readonly quantity: string; readonly price: string | null }
  | { readonly ok: false; readonly refusal: string };

/** A number of the sequence is used up either way, so that no two reports ever share a client order id. */
export function placeOrder(context: StrategyContext, wish: Heard<'PlaceOrder'>): Outcome {
  const placed = context.placed + 1;
  const id = clientOrderId(context.orderPrefix, placed);
  const terms = termsOf(context, wish);
  if (!terms.ok) {
    const { instanceId, sandbox, denied } = context;
    const event = { ...denial(context, wish, id, terms.refusal), ref: wish.ref };
    const effects = [command('notifySandbox', { instanceId, sandbox, event })];
    return { changes: { placed, denied: denied + 1 }, effects };
  }
  const { quantity, price } = terms;
  const { ref, provider, symbol, side, orderType } = wish;
  const asked = { ref, clientOrderId: id, provider, symbol, side, orderType, quantity, price };
  const order: OwnOrder = { ...asked, filledQuantity: '0', state: 'PENDING', cancelling: false };
  const input = orderInput(context, wish, { id, quantity, price });
  return { changes: { placed, open: { ...context.open, [id]: order } }, effects: [spawn(orderKey(id), input)] };
}

function termsOf(context: StrategyContext, wish: PlaceOrder): Terms {
  const { provider, symbol } = wish;
  const open = Object.keys(context.open).length;
  if (own(context.scope, provider)?.symbols.includes(symbol) !== true) {
    return refused('ORDER_REFUSED', { provider, symbol, allowed: 'providers and symbols in scope' });
  }
  if (open >= OPEN_ORDERS_MAX) return refused('ORDER_REFUSED', { open, allowed: OPEN_ORDERS_MAX });
  const link = own(context.links, provider);
  if (link === undefined) return refused('PROVIDER_NOT_READY', { provider });
  const instrument = own(link.instruments, symbol);
  if (instrument === undefined) return refused('INSTRUMENT_UNKNOWN', { provider, symbol });
  return rounded(wish, instrument);
}

/** On tick and lot, within the venue's bounds. */
export function rounded(
  wish: Pick<PlaceOrder, 'side' | 'orderType' | 'quantity' | 'price'>,
  instrument: Instrument,
): Terms {
  const { minQuantity, maxQuantity, minNotional, quantityIncrement } = instrument;
  // 1. The quantity.
  const asked = amount(wish.quantity);
  if (asked === null) return refused('QUANTITY_INVALID', { quantity: wish.quantity });
  const quantity = roundDown(asked, parse(quantityIncrement));
  const shown = { quantity: wish.quantity, symbol: instrument.symbol };
  if (quantity === 0n || quantity < parse(minQuantity)) {
    return refused('QUANTITY_BELOW_MINIMUM', { ...shown, minimum: minQuantity });
  }
  const most = parse(maxQuantity);
  if (most > 0n && quantity > most) return refused('QUANTITY_ABOVE_MAXIMUM', { ...shown, maximum: maxQuantity });
  // 2. The price: a market order has none.
  if (wish.orderType === 'Market') return { ok: true, quantity: format(quantity), price: null };
  const price = roundedPrice(wish, instrument);
  if (price === null) return refused('PRICE_INVALID', { price: wish.price ?? 'none', symbol: instrument.symbol });
  // 3. Together.
  if (mul(price, quantity) < parse(minNotional)) {
    const detail = { price: format(price), quantity: format(quantity), minimum: minNotional };
    return refused('NOTIONAL_BELOW_MINIMUM', { ...detail, symbol: instrument.symbol });
  }
  return { ok: true, quantity: format(quantity), price: format(price) };
}

function roundedPrice(
  { price, side }: Pick<PlaceOrder, 'side' | 'price'>,
  { priceIncrement }: Instrument,
): Decimal | null {
  const asked = price === null ? null : amount(price);
  if (asked === null) return null;
  const tick = parse(priceIncrement);
  const onTick = side === 'Buy' ? roundDown(asked, tick) : roundUp(asked, tick);
  return onTick > 0n ? onTick : null;
}

/** Null for anything but a decimal above zero. */
function amount(text: string): Decimal | null {
  try {
    const value = parse(text);
    return value > 0n ? value : null;
  } catch {
    return null;
  }
}

function refused(code: RefusalCode, detail: { readonly [key: string]: string | number }): Terms {
  return { ok: false, refusal: refusalText(code, detail) };
}

function orderInput(
  { instanceId, riskScope, links }: StrategyContext,
  wish: Heard<'PlaceOrder'>,
  { id, quantity, price }: { readonly id: string; readonly quantity: string; readonly price: string | null },
): OrderInput {
  const { provider, symbol, side, orderType, timeInForce, postOnly, at } = wish;
  const { venue = '', account = '', recvWindowMs = 0, fenceMarginMs = 0 } = links[provider] ?? {};
  const what = { clientOrderId: id, provider, venue, account, symbol, side, orderType, timeInForce, postOnly };
  const who = { strategyInstance: instanceId, riskScope, placedAt: at, recvWindowMs, fenceMarginMs };
  return { ...what, quantity, price, ...who };
}

/** The report of an order that never was. */
function denial({ instanceId }: StrategyContext, wish: Heard<'PlaceOrder'>, id: string, refusal: string): ExecReport {
  const { provider, symbol, side, orderType, price, quantity, at } = wish;
  return {
    type: 'ExecReport',
    clientOrderId: id,
    exchangeOrderId: null,
    provider,
    symbol,
    strategyInstance: instanceId,
    state: 'REJECTED',
    side,
    orderType,
    price,
    quantity,
    filledQuantity: '0',
    remainingQty: quantity,
    avgFillPrice: null,
    lastQuantity: null,
    lastPrice: null,
    commissionAmount: null,
    commissionAsset: null,
    timestamp: at,
    rejectReason: `DENIED ${refusal}`,
  };
}
