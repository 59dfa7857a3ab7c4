// What the words of an adapter must be, whatever the venue sent: everything wrong with one, as texts.

import type { OrderReport, VenueBalance } from '../../actors/exchanges/exchange.ts';
import { add, format, mul, ONE, parse } from '../../actors/market/decimal.ts';
import type { Execution, VenueOrder } from '../../actors/market/execution.ts';
import type { Instrument } from '../../actors/market/instrument.ts';
import type { MarketEvent } from '../../actors/market/market-event.ts';

const YEAR_10000 = 253_402_300_800_000;
const TEXT_MAX = 300;
const STATUSES = ['parked', 'open', 'filled', 'canceled', 'expired', 'rejected'];
/** numeric(38,18), which the books are kept in. */
const BOOKS_MAX = 10n ** 20n * ONE;

type Flaws = readonly string[];

export function flawsOfOrder(order: VenueOrder): Flaws {
  const { clientOrderId, venueOrderId, symbol, rawStatus, side, status, quantity, price, filledQuantity } = order;
  return [
    ...texts({ clientOrderId, venueOrderId, symbol, rawStatus }),
    ...amounts({ quantity, filledQuantity, ...(price !== null && { price }) }),
    ...amounts({ ...(order.stopPrice && { stopPrice: order.stopPrice }), filledQuote: order.filledQuote ?? '0' }),
    ...(side === 'Buy' || side === 'Sell' ? [] : [`side ${String(side)}`]),
    ...(STATUSES.includes(status) ? [] : [`status ${status}`]),
    ...times({ updatedAt: order.updatedAt }),
    ...product(quantity, price),
  ];
}

export function flawsOfExecution(execution: Execution): Flaws {
  const { tradeId, venueOrderId, quantity, price, fee, feeAsset, tradedAt } = execution;
  return [
    ...texts({ tradeId, venueOrderId, ...(feeAsset !== null && { feeAsset }) }),
    ...amounts({ quantity, price }),
    ...(fee === null ? [] : canonical('fee', fee)),
    ...(quantity === '0' || price === '0' ? ['a fill of nothing'] : []),
    ...((fee === null) === (feeAsset === null) ? [] : ['a fee without its asset']),
    ...(/[:=@~\s]/.test(`${tradeId}${venueOrderId}`) ? [`ids ${tradeId} ${venueOrderId}`] : []),
    ...times({ tradedAt }),
    ...product(quantity, price),
  ];
}

export function flawsOfReport({ reportId, order, execution, busted, reason }: OrderReport): Flaws {
  return [
    ...flawsOfOrder(order),
    ...(execution ? fillsOf(order, [execution]) : []),
    ...(busted ? texts({ tradeId: busted.tradeId, venueOrderId: busted.venueOrderId }) : []),
    ...(reportId.length > 4 * TEXT_MAX ? ['a long report id'] : []),
    ...(reason !== null && (typeof reason !== 'string' || reason.length > 2 * TEXT_MAX) ? ['a long reason'] : []),
  ];
}

/** Each whole, of this order, and together no more than it is filled for. */
export function fillsOf(order: VenueOrder, executions: readonly Execution[], isWhole = true): Flaws {
  const sum = executions.reduce((total, { quantity }) => add(total, parse(quantity)), 0n);
  return [
    ...executions.flatMap(flawsOfExecution),
    ...executions.flatMap((one) => (one.venueOrderId === order.venueOrderId ? [] : [`a fill of ${one.venueOrderId}`])),
    ...(isWhole && sum > parse(order.filledQuantity) ? [`fills of ${format(sum)} of ${order.filledQuantity}`] : []),
  ];
}

export function flawsOfBalance({ asset, available, locked, observedAt }: VenueBalance): Flaws {
  return [
    ...texts({ asset }),
    ...canonical('available', available),
    ...canonical('locked', locked),
    ...times({ observedAt }),
  ];
}

export function flawsOfInstrument(instrument: Instrument): Flaws {
  const { symbol, base, quote, ...numbers } = instrument;
  return [...texts({ symbol, base, quote }), ...amounts({ ...numbers })];
}

export function flawsOfMarket({ symbol, payload }: MarketEvent): Flaws {
  return [...texts({ symbol }), ...flawsOfPayload(payload)];
}

const WRONG = /^-|^\d+e|NaN|Infinity/;

/** Amounts and times of the market, whatever it is that has them. */
export function flawsOfPayload(payload: object): Flaws {
  return Object.entries(payload).flatMap(([name, value]: [string, unknown]) => {
    if (name === 'tradeId') return texts({ tradeId: String(value) });
    const isWrong = typeof value === 'number' ? !Number.isSafeInteger(value) : WRONG.test(String(value));
    return isWrong || String(value).length > 100_000 ? [`${name} ${String(value).slice(0, 80)}`] : [];
  });
}

function texts(named: { readonly [name: string]: string }): Flaws {
  return Object.entries(named).flatMap(([name, value]) =>
    typeof value === 'string' && value !== '' && value.length <= TEXT_MAX
      ? []
      : [`${name} ${String(value).slice(0, 80)}`],
  );
}

function amounts(named: { readonly [name: string]: string }): Flaws {
  return Object.entries(named).flatMap(([name, value]) =>
    typeof value === 'string' && value.startsWith('-') ? [`${name} ${value}`] : canonical(name, value),
  );
}

/** In shortest form: the same fill reads the same from wherever it comes. */
function canonical(name: string, value: string): Flaws {
  if (typeof value !== 'string') return [`${name} is no text`];
  try {
    return format(parse(value)) === value ? [] : [`${name} ${value}`];
  } catch {
    return [`${name} ${value.slice(0, 80)}`];
  }
}

function times(named: { readonly [name: string]: number }): Flaws {
  return Object.entries(named).flatMap(([name, at]) =>
    Number.isSafeInteger(at) && at >= 0 && at < YEAR_10000 ? [] : [`${name} ${at}`],
  );
}

function product(quantity: string, price: string | null): Flaws {
  return price === null || mul(parse(quantity), parse(price)) < BOOKS_MAX ? [] : [`${quantity} at ${price}`];
}
