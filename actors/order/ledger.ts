// What an order books: double entry, in the account of its provider. The lines of a posting sum to zero per asset.
//
//   a fill         available ∓ price × quantity of the quote, ± quantity of the base, against external
//   its fee        available → fees, in the fee's own asset
//   an open order  available → locked: what the venue holds back for what is left of it
//   a bust         the lines of the fill and of its fee with the signs turned
import { type Decimal, format, isZero, mul, parse, sub } from '../market/decimal.ts';
import type { LedgerAccount, LedgerRow } from '../market/records.ts';
import { type Effect, record } from '../runtime/effect.ts';
import type { OrderContext } from './facts.ts';
import type { Fill } from './fills.ts';

type Kind = LedgerRow['kind'];

export function fillPosting({ order }: OrderContext, { tradeId, venueOrderId }: Fill): string {
  return `${order.venue}:${order.account}:${order.symbol}:${tradeId}:${venueOrderId}`;
}

export function bookFill(context: OrderContext, fill: Fill, at: number): Effect[] {
  const book = booking(context, fillPosting(context, fill), at);
  return [...tradeLines(context, fill, 1n, book('trade')), ...feeLines(fill, 1n, book('fee'))];
}

export function bookBust(context: OrderContext, fill: Fill, at: number): Effect[] {
  const book = booking(context, `bust:${fillPosting(context, fill)}`, at);
  return [...tradeLines(context, fill, -1n, book('bust')), ...feeLines(fill, -1n, book('fee'))];
}

/** The fee of a fill that was booked without one. */
export function bookFee(context: OrderContext, fill: Fill, at: number): Effect[] {
  return feeLines(fill, 1n, booking(context, `fee:${fillPosting(context, fill)}`, at)('fee'));
}

/** From what was locked before to what is now. */
export function bookLock(before: OrderContext, after: OrderContext, at: number): Effect[] {
  const change = sub(parse(after.locked), parse(before.locked));
  const { provider, clientOrderId } = after.order;
  return move(booking(after, `lock:${provider}:${clientOrderId}:${after.locks}`, at)('lock'), {
    from: 'available',
    to: 'locked',
    asset: lockAsset(after),
    amount: change,
  });
}

/** What the venue holds back for an order with this much left: nothing of a buy whose price nobody knows yet. */
export function lockOf({ order, price }: Pick<OrderContext, 'order' | 'price'>, left: Decimal): Decimal {
  if (left <= 0n) return 0n;
  if (order.side === 'Sell') return left;
  return price === null ? 0n : mul(left, parse(price));
}

function lockAsset({ order }: OrderContext): string {
  const { base, quote } = assetsOf(order.symbol);
  return order.side === 'Sell' ? base : quote;
}

function assetsOf(symbol: string): { readonly base: string; readonly quote: string } {
  const [base = '', quote = ''] = symbol.split('-');
  return { base, quote };
}

function tradeLines({ order }: OrderContext, { quantity, price }: Fill, turn: 1n | -1n, line: Line): Effect[] {
  const { base, quote } = assetsOf(order.symbol);
  const bought = parse(quantity) * turn * (order.side === 'Buy' ? 1n : -1n);
  const paid = mul(bought, parse(price));
  return [
    ...move(line, { from: 'available', to: 'external', asset: quote, amount: paid }),
    ...move(line, { from: 'external', to: 'available', asset: base, amount: bought }),
  ];
}

function feeLines({ fee, feeAsset }: Fill, turn: 1n | -1n, line: Line): Effect[] {
  if (fee === null || feeAsset === null) return [];
  return move(line, { from: 'available', to: 'fees', asset: feeAsset, amount: parse(fee) * turn });
}

type Line = (account: LedgerAccount, asset: string, amount: Decimal) => Effect;

function booking({ order: { provider } }: OrderContext, posting: string, bookedAt: number) {
  return (kind: Kind): Line =>
    (account, asset, amount) =>
      record<LedgerRow>({
        table: 'ledger_entries',
        posting,
        kind,
        account,
        provider,
        asset,
        amount: format(amount),
        bookedAt,
      });
}

interface Move {
  readonly from: LedgerAccount;
  readonly to: LedgerAccount;
  readonly asset: string;
  readonly amount: Decimal;
}

function move(line: Line, { from, to, asset, amount }: Move): Effect[] {
  return isZero(amount) ? [] : [line(from, asset, -amount), line(to, asset, amount)];
}
