// Inside QuickJS (see prelude.ts): what a module decides about orders, and what it knows of them.
import type { OpenOrder } from '../protocol.ts';
import type { Context } from './context.ts';
import { whereabouts } from './market.ts';

type Terms = Pick<OpenOrder, 'provider' | 'symbol' | 'side' | 'orderType' | 'quantity' | 'price'>;

/** submitOrder and submitMarketOrder: both answer the ref of the order, or throw. */
export function createOrderEntry(context: Context) {
  let refs = 0;
  const place = (order: Terms, how: object) => {
    const ref = String(refs + 1);
    context.outbox.decide({ type: 'PlaceOrder', ref, ...order, ...how });
    refs += 1;
    const life = { clientOrderId: null, filledQuantity: '0', state: 'PENDING', cancelling: false } as const;
    const orders = [...context.account.orders, { ref, ...order, ...life }];
    if (!context.dryRun) context.account = { ...context.account, orders };
    return ref;
  };
  const target = (provider: unknown, symbol: unknown) => {
    const blank = typeof provider !== 'string' || provider.trim() === '';
    const at = whereabouts({ ...context, where: null }, blank ? '' : provider, symbol);
    const traded = Object.hasOwn(context.scope, at.provider) ? context.scope[at.provider] : undefined;
    if (traded === undefined) throw new RangeError(`provider "${at.provider}" is not in the scope of the instance`);
    if (traded.includes(at.symbol)) return at;
    throw new RangeError(`symbol "${at.symbol}" is not in the scope of provider "${at.provider}"`);
  };
  const submitOrder = (provider: unknown, side: unknown, quantity: unknown, price: unknown, given?: unknown) => {
    const { symbol, how } = orderOptions(given, 'GTC');
    const terms = { side: sideOf(side), orderType: 'Limit', quantity: decimalText('quantity', quantity) } as const;
    return place({ ...target(provider, symbol), ...terms, price: decimalText('price', price) }, how);
  };
  const submitMarketOrder = (provider: unknown, side: unknown, quantity: unknown, given?: unknown) => {
    const { symbol, how } = orderOptions(given, 'IOC');
    const terms = { side: sideOf(side), orderType: 'Market', quantity: decimalText('quantity', quantity) } as const;
    return place({ ...target(provider, symbol), ...terms, price: null }, { ...how, postOnly: false });
  };
  return { submitOrder, submitMarketOrder };
}

export function createOrderView(context: Context) {
  const { stringify } = JSON;
  const cancelOrder = (id: unknown) => {
    const order = context.account.orders.find((one) => one.clientOrderId === id || one.ref === id);
    if (order === undefined || typeof id !== 'string') return false;
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

export function orderOptions(given: unknown, usual: string) {
  const options = (typeof given === 'object' && given !== null ? given : {}) as { [name: string]: unknown };
  const { symbol, timeInForce = usual, postOnly = false } = options;
  if (timeInForce !== 'GTC' && timeInForce !== 'IOC' && timeInForce !== 'FOK') {
    throw new RangeError(`timeInForce=${String(timeInForce)}, allowed: GTC, IOC, FOK`);
  }
  return { symbol, how: { timeInForce, postOnly: postOnly === true } };
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
