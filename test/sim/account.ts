// What the account of a history holds, by the venue's own arithmetic: it began with something, and every trade that
// counts, every fee and every deposit moved it. It can be read as it was.
import { add, type Decimal, format, mul, parse, sub } from '../../actors/market/decimal.ts';
import type { VenueTrade } from '../../actors/market/execution.ts';
import type { PositionSums } from './money.ts';

export type Totals = ReadonlyMap<string, Decimal>;

export const START: { readonly [asset: string]: string } = { BTC: '1000', USDT: '1000000', BNB: '50' };

export class Account {
  readonly #history: { readonly at: number; readonly totals: Totals }[];
  /** What came from outside, by asset. */
  readonly deposits = new Map<string, Decimal>();

  constructor(at: number) {
    const totals = new Map(Object.entries(START).map(([asset, amount]) => [asset, parse(amount)] as const));
    this.#history = [{ at, totals }];
  }

  get totals(): Totals {
    return this.#history.at(-1)?.totals ?? new Map();
  }

  at(at: number): Totals {
    return (this.#history.findLast((one) => one.at <= at) ?? this.#history[0])?.totals ?? new Map();
  }

  /** With `turn` -1 a trade is taken back. */
  book(trade: VenueTrade, turn: 1n | -1n, at: number): void {
    this.#move(
      changesOf(trade).map(([asset, amount]) => [asset, turn * amount] as const),
      at,
    );
  }

  deposit(asset: string, amount: string, at: number): void {
    this.deposits.set(asset, add(this.deposits.get(asset) ?? 0n, parse(amount)));
    this.#move([[asset, parse(amount)]], at);
  }

  #move(changes: readonly (readonly [string, Decimal])[], at: number): void {
    const totals = new Map(this.totals);
    for (const [asset, amount] of changes) totals.set(asset, add(totals.get(asset) ?? 0n, amount));
    this.#history.push({ at, totals });
  }
}

/** What a trade moves: base, quote and fee. */
export function changesOf(trade: Traded): (readonly [asset: string, amount: Decimal])[] {
  const [base = '', quote = ''] = trade.symbol.split('-');
  const quantity = parse(trade.quantity);
  const worth = mul(quantity, parse(trade.price));
  const isBuy = trade.side === 'Buy';
  const changes: (readonly [string, Decimal])[] = [
    [base, isBuy ? quantity : -quantity],
    [quote, isBuy ? -worth : worth],
  ];
  if (trade.fee !== null && trade.feeAsset !== null) changes.push([trade.feeAsset, -parse(trade.fee)]);
  return changes;
}

export function balancesOf(totals: Totals, locked: ReadonlyMap<string, Decimal>, observedAt: number) {
  return [...totals].map(([asset, total]) => {
    const held = locked.get(asset) ?? 0n;
    return { asset, available: format(sub(total, held)), locked: format(held), observedAt };
  });
}

/** What trades come to: bought less sold with the fees in the base asset, money without fees, fees by asset. */
export interface Sum {
  readonly quantity: Decimal;
  readonly money: Decimal;
  readonly fees: ReadonlyMap<string, Decimal>;
}

export type Traded = Pick<VenueTrade, 'symbol' | 'side' | 'quantity' | 'price' | 'fee' | 'feeAsset'>;

export function sumOf(trades: readonly Traded[]): Sum {
  const changes = new Map<string, Decimal>();
  const fees = new Map<string, Decimal>();
  for (const trade of trades) {
    for (const [asset, amount] of changesOf(trade)) changes.set(asset, add(changes.get(asset) ?? 0n, amount));
    if (trade.fee !== null && trade.feeAsset !== null)
      fees.set(trade.feeAsset, add(fees.get(trade.feeAsset) ?? 0n, parse(trade.fee)));
  }
  const money = add(changes.get('USDT') ?? 0n, fees.get('USDT') ?? 0n);
  return { quantity: changes.get('BTC') ?? 0n, money, fees };
}

/**
 * Where a position is not what its trades come to. Profit made, profit open and fees are together what they changed,
 * at any mark: quantity and money apart say it for all marks at once.
 */
export function unlike(held: PositionSums | undefined, trades: readonly Traded[]): string[] {
  const { quantity, money, fees } = sumOf(trades);
  const found: string[] = [];
  const compare = (what: string, mine: Decimal, theirs: Decimal): void => {
    if (mine !== theirs) found.push(`${what} ${format(mine)}, by the trades ${format(theirs)}`);
  };
  compare('quantity', parse(held?.row.quantity ?? '0'), quantity);
  compare('profit less cost', sub(held?.realized ?? 0n, parse(held?.row.costQuote ?? '0')), money);
  for (const asset of new Set([...fees.keys(), ...(held?.fees.keys() ?? [])]))
    compare(`fees in ${asset}`, held?.fees.get(asset) ?? 0n, fees.get(asset) ?? 0n);
  return found;
}
