// Inside QuickJS (see prelude.ts): what a module decides about orders, and what it knows of them.
import type { OpenOrder } from '../protocol.ts';
import type { Context } from './context.ts';
import { whereabouts } from './market.ts';

/** One order, its type as its prices have it. */
type Terms = Omit<OpenOrder, 'ref' | 'clientOrderId' | 'filledQuantity' | 'state' | 'cancelling'>;
type Options = { readonly [name: string]: unknown };

/** submitOrder and submitMarketOrder answer the ref of the order, submitOcoOrders both; or they throw. */
export function createOrderEntry(context: Context) {
  const entered = (terms: readonly Terms[], decision: (refs: readonly string[]) => object) => {
    const refs = terms.map((_, index) => String(context.refs + index + 1));
    context.outbox.decide(decision(refs));
    context.refs += refs.length;
    const life = { clientOrderId: null, filledQuantity: '0', state: 'PENDING', cancelling: false } as const;
    const orders = terms.map((one, index) => ({ ref: refs[index] ?? null, ...one, ...life }));
    if (!context.dryRun) context.account = { ...context.account, orders: [...context.account.orders, ...orders] };
    return refs;
  };
  const submit = (provider: unknown, side: unknown, quantity: unknown, price: string | null, given: unknown) => {
    const options = orderOptions(given, ['symbol', 'stopPrice', 'timeInForce', 'goodTill', 'postOnly', 'linkedTo']);
    const at = tradedPlace(context, provider, options['symbol']);
    const stopPrice = 'stopPrice' in options ? decimalText('stopPrice', options['stopPrice']) : null;
    const orderType = orderTypeOf(price, stopPrice);
    const terms = { side: sideOf(side), orderType, quantity: decimalText('quantity', quantity), price, stopPrice };
    const how = orderHow(options, orderType);
    const linkedTo = 'linkedTo' in options ? linkOf(context, options['linkedTo']) : null;
    return entered([{ ...at, ...terms }], ([ref]) => ({
      type: 'PlaceOrder',
      ref,
      ...at,
      ...terms,
      ...how,
      linkedTo,
    }))[0];
  };
  const submitOrder = (provider: unknown, side: unknown, quantity: unknown, price: unknown, given?: unknown) =>
    submit(provider, side, quantity, decimalText('price', price), given);
  const submitMarketOrder = (provider: unknown, side: unknown, quantity: unknown, given?: unknown) =>
    submit(provider, side, quantity, null, given);
  const submitOcoOrders = (provider: unknown, side: unknown, quantity: unknown, given: unknown) => {
    const names = ['price', 'stopPrice', 'stopLimitPrice', 'symbol', 'timeInForce', 'goodTill', 'postOnly'];
    const { postOnly, ...options } = orderOptions(given, names);
    const at = tradedPlace(context, provider, options['symbol']);
    const terms = { ...at, side: sideOf(side), quantity: decimalText('quantity', quantity) };
    const { price, stopPrice, stopLimit } = ocoPrices(options, terms.side);
    const limit = { ...terms, orderType: 'Limit', price, stopPrice: null } as const;
    const stop = { ...terms, orderType: orderTypeOf(stopLimit, stopPrice), price: stopLimit, stopPrice };
    const hows = [orderHow({ ...options, postOnly }, 'Limit'), orderHow(options, stop.orderType)];
    const wishes = (refs: readonly string[]) =>
      [limit, stop].map((one, index) => ({ ref: refs[index], ...one, ...hows[index] }));
    const refs = entered([limit, stop], (both) => ({ type: 'PlacePair', orders: wishes(both) }));
    return { limit: refs[0], stop: refs[1] };
  };
  return { submitOrder, submitMarketOrder, submitOcoOrders };
}

export function orderTypeOf(price: string | null, stopPrice: string | null): OpenOrder['orderType'] {
  if (stopPrice === null) return price === null ? 'Market' : 'Limit';
  return price === null ? 'Stop' : 'StopLimit';
}

/** The name by which the order is linked; one that is not open could not cancel anything. */
export function linkOf(context: Context, id: unknown): string | null {
  const order = orderNamed(context, id);
  if (order !== undefined) return order.ref ?? order.clientOrderId;
  throw new RangeError(`linkedTo=${String(id)}, allowed: an open order's ref or client order id`);
}

/** A sale takes its profit above and is stopped below, a purchase the other way: else one order would trade at once. */
export function ocoPrices(options: Options, side: 'Buy' | 'Sell') {
  const price = decimalText('price', options['price']);
  const stopPrice = decimalText('stopPrice', options['stopPrice']);
  const isAbove = Number(price) > Number(stopPrice);
  if (Number(price) === Number(stopPrice) || isAbove !== (side === 'Sell')) {
    const allowed = side === 'Sell' ? 'a price above the stop price' : 'a price below the stop price';
    throw new RangeError(`price=${price}, stopPrice=${stopPrice}, allowed for ${side}: ${allowed}`);
  }
  const named = 'stopLimitPrice' in options;
  return { price, stopPrice, stopLimit: named ? decimalText('stopLimitPrice', options['stopLimitPrice']) : null };
}

/** New terms for an open order, and the ends of several. */
export function createAmends(context: Context) {
  const amendOrder = (id: unknown, given: unknown) => {
    const order = orderNamed(context, id);
    const options = orderOptions(given, ['quantity', 'price']);
    const part = (name: string) => (name in options ? decimalText(name, options[name]) : null);
    const terms = { quantity: part('quantity'), price: part('price') };
    if (terms.quantity === null && terms.price === null) throw new TypeError('amendOrder takes a quantity or a price');
    if (order === undefined) return false;
    context.outbox.decide({ type: 'AmendOrder', clientOrderId: order.clientOrderId, ref: order.ref, ...terms });
    return true;
  };
  const cancelAllOrders = (symbol?: unknown, provider?: unknown) => {
    const name = (value: unknown) => (typeof value === 'string' && value.trim() !== '' ? value.trim() : null);
    const meant = { provider: name(provider), symbol: name(symbol) };
    const isMeant = (one: OpenOrder) =>
      (meant.provider ?? one.provider) === one.provider && (meant.symbol ?? one.symbol) === one.symbol;
    const count = context.account.orders.filter(isMeant).length;
    if (count > 0 || context.dryRun) context.outbox.decide({ type: 'CancelOrders', ...meant });
    const orders = context.account.orders.map((one) => (isMeant(one) ? { ...one, cancelling: true } : one));
    context.account = { ...context.account, orders };
    return count;
  };
  return { amendOrder, cancelAllOrders };
}

export function createOrderView(context: Context) {
  const { stringify } = JSON;
  const cancelOrder = (id: unknown) => {
    const order = orderNamed(context, id);
    if (order === undefined) return false;
    context.outbox.decide({ type: 'CancelOrder', clientOrderId: order.clientOrderId, ref: order.ref });
    const orders = context.account.orders.map((one) => (one === order ? { ...one, cancelling: true } : one));
    context.account = { ...context.account, orders };
    return true;
  };
  const position = (symbol?: unknown, provider?: unknown) => {
    const at = whereabouts(context, provider, symbol);
    const held = context.account.positions.find((one) => one.provider === at.provider && one.symbol === at.symbol);
    return held?.quantity ?? '0';
  };
  const saveState = (state: unknown) => {
    const text: unknown = stringify(state);
    if (typeof text !== 'string') throw new TypeError('saveState takes JSON');
    if (text.length > context.bounds.stateChars) {
      throw new RangeError(`saveState: ${text.length} characters, allowed: up to ${context.bounds.stateChars}`);
    }
    context.outbox.decide({ type: 'SaveState', state: text });
  };
  return { cancelOrder, position, saveState, openOrders: () => context.account.orders.map((order) => ({ ...order })) };
}

/** By ref or client order id. In a dry run, where nothing is open, every ref given out stands for an order. */
export function orderNamed(context: Context, id: unknown): Pick<OpenOrder, 'ref' | 'clientOrderId'> | undefined {
  if (typeof id !== 'string') return undefined;
  const order = context.account.orders.find((one) => one.clientOrderId === id || one.ref === id);
  const isDry = context.dryRun && /^[1-9]\d*$/.test(id) && Number(id) <= context.refs;
  return order ?? (isDry ? { ref: id, clientOrderId: null } : undefined);
}

/** The instrument an order is for: one of the scope, or it throws. */
export function tradedPlace(context: Context, provider: unknown, symbol: unknown) {
  const blank = typeof provider !== 'string' || provider.trim() === '';
  const at = whereabouts({ ...context, where: null }, blank ? '' : provider, symbol);
  const traded = Object.hasOwn(context.scope, at.provider) ? context.scope[at.provider] : undefined;
  if (traded === undefined) throw new RangeError(`provider "${at.provider}" is not in the scope of the instance`);
  if (traded.includes(at.symbol)) return at;
  throw new RangeError(`symbol "${at.symbol}" is not in the scope of provider "${at.provider}"`);
}

/** A name nobody knows is no option: a stop price that is misspelt would make an order that trades at once. */
export function orderOptions(given: unknown, names: readonly string[]): Options {
  const options = (typeof given === 'object' && given !== null ? given : {}) as Options;
  for (const name of Object.keys(options)) {
    if (!names.includes(name)) throw new RangeError(`option ${name}, allowed: ${names.join(', ')}`);
  }
  return options;
}

/** How long the order is good and whether it may take liquidity. */
export function orderHow(options: Options, orderType: OpenOrder['orderType']) {
  const isMarket = orderType === 'Market';
  const dated = 'goodTill' in options;
  const usual = isMarket ? 'IOC' : 'GTC';
  const { timeInForce = dated ? 'GTD' : usual, postOnly = false } = options;
  if (timeInForce !== 'GTC' && timeInForce !== 'IOC' && timeInForce !== 'FOK' && (timeInForce !== 'GTD' || isMarket)) {
    throw new RangeError(`timeInForce=${String(timeInForce)}, allowed: GTC, IOC, FOK${isMarket ? '' : ', GTD'}`);
  }
  if (dated !== (timeInForce === 'GTD')) {
    throw new RangeError(
      `timeInForce=${timeInForce} ${dated ? 'with' : 'without'} goodTill, allowed: GTD with goodTill`,
    );
  }
  if (postOnly === true && orderType !== 'Limit') {
    throw new RangeError(`postOnly=true for ${orderType}, allowed: for limit orders without a stop price`);
  }
  return { timeInForce, goodTillAt: dated ? goodTillAt(options['goodTill']) : null, postOnly: postOnly === true };
}

/** Ms since 1970, a Date, or ISO text with its zone; it lies ahead of the clock inside. */
export function goodTillAt(given: unknown): number {
  const zoned = typeof given === 'string' && /(?:Z|[+-]\d\d:?\d\d)$/.test(given);
  const timed = typeof given === 'number' || given instanceof Date;
  const at = Math.trunc(zoned ? Date.parse(given) : timed ? Number(given) : Number.NaN);
  if (at > Date.now() && at <= 8.64e15) return at;
  const now = new Date(Date.now()).toISOString();
  throw new RangeError(`goodTill=${String(given)}, allowed: ms, a Date or ISO text with its zone, after ${now}`);
}

export function sideOf(side: unknown): 'Buy' | 'Sell' {
  if (typeof side === 'number' && !Number.isNaN(side)) return side >= 0 ? 'Buy' : 'Sell';
  const word = String(side).trim().toLowerCase();
  if (word === 'buy' || word === 'long' || word === 'bid') return 'Buy';
  if (word === 'sell' || word === 'short' || word === 'ask') return 'Sell';
  throw new RangeError(`side=${String(side)}, allowed: buy, long, bid, sell, short, ask, or a number`);
}

/** Plain decimal text above 0 with at most 18 places. A number is cut there: what is beyond is float noise. */
export function decimalText(name: string, value: unknown): string {
  const given = typeof value === 'string' ? value.trim() : `(${typeof value})`;
  const text = typeof value === 'number' ? plainNumber(value) : given;
  const [, whole = '', fraction = ''] = /^(\d+)(?:\.(\d+))?$/.exec(text) ?? [];
  const kept = typeof value === 'number' ? fraction.slice(0, 18) : fraction;
  if (whole === '' || whole.length > 20 || kept.length > 18 || !/[1-9]/.test(whole + kept)) {
    throw new RangeError(`${name}=${text.slice(0, 64)}, allowed: a decimal above 0 with at most 18 places`);
  }
  return kept === '' ? whole : `${whole}.${kept}`;
}

/** 1.5e-7 → 0.00000015 */
export function plainNumber(value: number): string {
  const [digits = '', exponent] = String(value).split('e');
  if (exponent === undefined) return digits;
  const [whole = '', fraction = ''] = digits.split('.');
  const shift = Number(exponent);
  return shift < 0 ? `0.${'0'.repeat(-shift - 1)}${whole}${fraction}` : whole + fraction.padEnd(shift, '0');
}
