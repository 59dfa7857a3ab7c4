// The paper venue's engine alone: no file, no socket, no market of its own.
import { Engine, type PlaceRequest } from '../../actors/exchanges/paper/core/engine.ts';
import type { Fees } from '../../actors/exchanges/paper/core/fees.ts';
import type { OrderType, SelfTradePrevention } from '../../actors/exchanges/paper/core/order.ts';
import type { Outcome } from '../../actors/exchanges/paper/core/outcome.ts';
import { VenueState } from '../../actors/exchanges/paper/core/state.ts';
import { DEFAULT_SYMBOLS, listSymbol, type SymbolRules } from '../../actors/exchanges/paper/core/symbol.ts';
import { type Decimal, format, parse } from '../../actors/market/decimal.ts';

export const SYMBOLS: readonly SymbolRules[] = DEFAULT_SYMBOLS.map(listSymbol);
export const FEES = { maker: parse('0.001'), taker: parse('0.002') };
export const STARTED_AT = 1_700_000_000_000;

/** Two clients with 100,000 USDT, 2 BTC and 30 ETH each. */
export function engine(symbols: readonly SymbolRules[] = SYMBOLS, fees: Fees = FEES): Engine {
  const state = new VenueState(symbols);
  const made = new Engine({ state, fees, averagePrice: () => parse('60000') });
  for (const account of ['alice', 'bob']) {
    made.openAccount(account, new Map(Object.entries(GIVEN).map(([asset, text]) => [asset, parse(text)])), STARTED_AT);
  }
  return made;
}

export const GIVEN = { USDT: '100000', BTC: '2', ETH: '30' };

export interface Wish {
  readonly account?: string;
  readonly symbol?: string;
  readonly id?: string;
  readonly side: 'BUY' | 'SELL';
  readonly type?: OrderType;
  readonly timeInForce?: 'GTC' | 'IOC' | 'FOK';
  readonly price?: string;
  readonly stop?: string;
  readonly prevention?: SelfTradePrevention;
  readonly quantity: string;
}

let unnamed = 0;

export function request(wish: Wish): PlaceRequest {
  unnamed += 1;
  return {
    account: wish.account ?? 'alice',
    symbol: wish.symbol ?? 'BTCUSDT',
    clientOrderId: wish.id ?? `unnamed-${unnamed}`,
    side: wish.side,
    type: wish.type ?? 'LIMIT',
    timeInForce: wish.timeInForce ?? 'GTC',
    price: parse(wish.price ?? '0'),
    quantity: parse(wish.quantity),
    ...(wish.stop !== undefined && { stopPrice: parse(wish.stop) }),
    ...(wish.prevention && { selfTradePrevention: wish.prevention }),
  };
}

export interface Placed {
  readonly id: number;
  readonly status: string;
  readonly executed: string;
  readonly refusal: string | null;
  readonly outcome: Outcome;
  /** `quantity@price` in the order they happened. */
  readonly fills: readonly string[];
}

export function place(on: Engine, wish: Wish, at = STARTED_AT): Placed {
  const placement = on.place(request(wish), at);
  const { outcome } = placement;
  const fills = outcome.trades.map(({ quantity, price }) => `${format(quantity)}@${format(price)}`);
  if ('refusal' in placement) {
    const { code, msg } = placement.refusal;
    return { id: 0, status: '', executed: '', refusal: `${code} ${msg}`, outcome, fills };
  }
  const { id, status, executed } = placement.order;
  return { id, status, executed: format(executed), refusal: null, outcome, fills };
}

/** `free/locked`. */
export function holds(on: Engine, account: string, asset: string): string {
  const { free, locked } = on.state.accounts.balance(account, asset);
  return `${format(free)}/${format(locked)}`;
}

/** Everything there is of each asset, whoever has it. */
export function totals(state: VenueState): Map<string, Decimal> {
  const sums = new Map<string, Decimal>();
  for (const account of state.accounts.names()) {
    for (const [asset, { free, locked }] of state.accounts.list(account)) {
      sums.set(asset, (sums.get(asset) ?? 0n) + free + locked);
    }
  }
  return sums;
}
