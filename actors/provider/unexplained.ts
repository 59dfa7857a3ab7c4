// A difference that is another in every look: how much of it is there whatever was on its way, and since when.
//
// Each look says between which amounts that lies which no trade on its way accounts for. A look by which it is more
// than nothing counts; one by which it may be nothing says nothing, unless what was found before cannot be then.
import { compare, type Decimal, format, max, min, parse } from '../market/decimal.ts';
import { TRAIL_MS } from './bounds.ts';
import type { Asset, ProviderContext } from './context.ts';
import type { AssetDifference } from './messages.ts';

type Sure = NonNullable<Asset['sure']>;

/** Not before the books of the asset are open: what it began with has no parts. */
export function noteSure(asset: Asset, difference: AssetDifference, at: number): Asset {
  const { sure: before, ...rest } = asset;
  const sure = asset.isOpened ? sureOf(before ?? null, difference, at) : null;
  return sure === null ? rest : { ...rest, sure };
}

function sureOf(
  before: Sure | null,
  { amount, least = amount, most = amount }: AssetDifference,
  at: number,
): Sure | null {
  const [low, high] = [parse(least), parse(most)];
  const known = before === null ? 0n : parse(before.amount);
  if (low <= 0n && high >= 0n) return low <= known && known <= high ? before : null;
  const now = low > 0n ? low : high;
  if (before === null || compare(known, 0n) !== compare(now, 0n)) return { amount: format(now), looks: 1, at };
  return { ...before, amount: format(nearer(known, now)), looks: before.looks + 1 };
}

/** Of two amounts with one sign the smaller one. */
function nearer(one: Decimal, other: Decimal): Decimal {
  return one > 0n ? min(one, other) : max(one, other);
}

/** Remembers from where on something was missed. What the account began with was not. */
export function withTrail(asset: Asset, doneAt: number | null, at: number): Asset {
  if (!asset.isOpened || asset.trail !== undefined || doneAt === null) return asset;
  return { ...asset, trail: { at, sinceAt: doneAt } };
}

/** From where on to look for what was missed of the assets that differ; null: from where the round begins anyway. */
export function offSinceAt({ assets, rounds }: ProviderContext): number | null {
  const trails = Object.values(assets).flatMap(({ trail }) => trail ?? []);
  const young = trails.filter(({ at }) => rounds.askedAt - at < TRAIL_MS).map(({ sinceAt }) => sinceAt);
  const [first] = young.toSorted((a, b) => a - b);
  return first !== undefined && rounds.doneAt !== null && first < rounds.doneAt ? first : null;
}
