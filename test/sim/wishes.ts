// What the strategy of a history wants: orders of every kind and pairs of them, as chance has it.
import type { OrderType, Side, TimeInForce } from '../../actors/market/execution.ts';
import type { OrderWish, PlaceOrder, PlacePair } from '../../actors/strategy/messages.ts';
import { PROVIDER } from './names.ts';
import type { Random } from './random.ts';
import { SYMBOL } from './venue.ts';

export type Wish = Omit<PlaceOrder, 'sandbox'> | Omit<PlacePair, 'sandbox'>;

/** `at`: when it will be decided. */
export function wishOf(random: Random, number: number, at: number): Wish {
  if (!random.chance(0.15)) return { type: 'PlaceOrder', ...oneOf(random, String(number), at), linkedTo: null };
  const resting = { orderType: 'Limit', timeInForce: 'GTC', goodTillAt: null, postOnly: false } as const;
  const first = { ...oneOf(random, `${number}a`, at), ...resting, price: priceOf(random), stopPrice: null };
  const stop = { ...resting, orderType: 'Stop', side: first.side, price: null, stopPrice: priceOf(random) } as const;
  const second = { ...first, ref: `${number}b`, ...stop };
  return { type: 'PlacePair', orders: [first, second] };
}

export function quantityOf(random: Random): string {
  return `0.0${random.between(10, 40)}`;
}

export function priceOf(random: Random): string {
  return random.chance(0.5) ? `100.${random.between(10, 60)}` : `99.${random.between(40, 99)}`;
}

function oneOf(random: Random, ref: string, at: number): OrderWish {
  const orderType = kindOf(random);
  const isPriced = orderType === 'Limit' || orderType === 'StopLimit';
  const isStop = orderType === 'Stop' || orderType === 'StopLimit';
  const price = isPriced ? priceOf(random) : null;
  const timeInForce = timeInForceOf(random, orderType);
  return {
    ...{ ref, provider: PROVIDER, symbol: SYMBOL, orderType, price, timeInForce },
    side: random.pick(['Buy', 'Sell'] satisfies [Side, Side]),
    quantity: quantityOf(random),
    postOnly: orderType === 'Limit' && timeInForce !== 'IOC' && timeInForce !== 'FOK' && random.chance(0.15),
    stopPrice: isStop ? (price ?? priceOf(random)) : null,
    goodTillAt: timeInForce === 'GTD' ? at + random.between(1_500, 20_000) : null,
  };
}

function kindOf(random: Random): OrderType {
  return random.chance(0.66) ? 'Limit' : random.pick(['Market', 'Stop', 'StopLimit']);
}

function timeInForceOf(random: Random, orderType: OrderType): TimeInForce {
  const isDated = random.chance(0.15);
  if (orderType === 'Market') return 'GTC';
  if (isDated) return 'GTD';
  return orderType === 'Limit' && random.chance(0.3) ? random.pick(['IOC', 'FOK']) : 'GTC';
}
