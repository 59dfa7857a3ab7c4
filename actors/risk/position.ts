// What is held, at average cost: pure arithmetic on exact decimals.
//
// A position is a pair of signed amounts, quantity and cost; the average price is their quotient and is never kept.
// Every change holds `realized − cost = money received − money paid`, to the last place: what rounding leaves of the
// share of the cost that is closed stays in the cost. So realized + quantity × mark − cost is what the executions made
// at any mark, less the fees that were charged in other assets than the base.
import { add, compare, type Decimal, div, format, isZero, min, mul, ONE, parse, sub } from '../market/decimal.ts';
import type { Side } from '../market/execution.ts';

export interface Position {
  /** Negative is short. */
  readonly quantity: string;
  /** In the quote asset, signed as the quantity is. */
  readonly cost: string;
}

export interface PositionChange {
  readonly position: Position;
  /** In the quote asset: what was closed, at its price, less what it had cost. */
  readonly realized: string;
}

export interface Trade {
  readonly side: Side;
  readonly quantity: string;
  readonly price: string;
}

/** A fee in another asset is no part of a position; one in the base asset is taken out of it. */
export interface Charge {
  readonly base: string;
  readonly fee: string | null;
  readonly feeAsset: string | null;
}

export const FLAT: Position = { quantity: '0', cost: '0' };

export function isFlat({ quantity, cost }: Position): boolean {
  return quantity === '0' && cost === '0';
}

/** A fill and its fee. */
export function applyFill(position: Position, trade: Trade, charge: Charge): PositionChange {
  return chain(position, [trade, ...chargeTrade(charge)]);
}

/** Takes a fill and its fee back: the opposite of both. */
export function applyBust(position: Position, { side, quantity, price }: Trade, charge: Charge): PositionChange {
  return chain(position, [
    ...chargeTrade(charge).map((fee) => ({ ...fee, side: opposite(fee.side) })),
    { side: opposite(side), quantity, price },
  ]);
}

/** A fee that became known after its fill. */
export function applyFee(position: Position, charge: Charge): PositionChange {
  return chain(position, chargeTrade(charge));
}

function chain(position: Position, trades: readonly Trade[]): PositionChange {
  return trades.reduce<PositionChange>(
    (before, trade) => {
      const after = applyTrade(before.position, trade);
      return { position: after.position, realized: format(add(parse(before.realized), parse(after.realized))) };
    },
    { position, realized: '0' },
  );
}

/** A fee in the base asset leaves without proceeds: sold for nothing. What the venue gives comes for nothing. */
function chargeTrade({ base, fee, feeAsset }: Charge): readonly Trade[] {
  if (fee === null || feeAsset !== base) return [];
  const amount = parse(fee);
  if (isZero(amount)) return [];
  return [{ side: amount > 0n ? 'Sell' : 'Buy', quantity: format(amount > 0n ? amount : -amount), price: '0' }];
}

/** Adds to a position, or closes as much of it as there is and opens the rest on the other side. */
function applyTrade(position: Position, trade: Trade): PositionChange {
  const held = parse(position.quantity);
  const cost = parse(position.cost);
  const traded = trade.side === 'Buy' ? parse(trade.quantity) : -parse(trade.quantity);
  const worth = mul(traded, parse(trade.price));
  const closed = min(magnitude(held), magnitude(traded));
  if (isZero(held) || compare(held, 0n) === compare(traded, 0n)) {
    return change(add(held, traded), add(cost, worth), 0n);
  }
  const signed = traded > 0n ? closed : -closed;
  const proceeds = compare(closed, magnitude(traded)) === 0 ? worth : mul(signed, parse(trade.price));
  const share = compare(closed, magnitude(held)) === 0 ? cost : shareOf(cost, closed, magnitude(held));
  return change(add(held, traded), add(sub(cost, share), sub(worth, proceeds)), sub(-proceeds, share));
}

/** cost × closed ÷ held, rounded once. */
function shareOf(cost: Decimal, closed: Decimal, held: Decimal): Decimal {
  return div(cost * closed, held * ONE, 'halfEven');
}

function change(quantity: Decimal, cost: Decimal, realized: Decimal): PositionChange {
  return { position: { quantity: format(quantity), cost: format(cost) }, realized: format(realized) };
}

function magnitude(amount: Decimal): Decimal {
  return amount < 0n ? -amount : amount;
}

function opposite(side: Side): Side {
  return side === 'Buy' ? 'Sell' : 'Buy';
}
