// What the account holds, and whether our books agree. A difference counts when several rounds in a row find just the
// same one: what is on its way changes it from look to look, and while the asset is traded it takes more of them. Where
// it is another in every look, the part counts that all of them have in common and nothing on its way accounts for
// (unexplained.ts). The first difference of an asset is what the account began with; it waits as well, because what was
// traded just before the first look is found and booked by the next ones. Every later one is unexplained, goes to
// suspense, and leaves only orders that make positions smaller until a person says what it was.
import { add, format, isZero, parse, sub } from '../market/decimal.ts';
import type { LedgerAccount, LedgerRow } from '../market/records.ts';
import { record, reply } from '../runtime/effect.ts';
import { BALANCES_MAX, BOOKINGS_MAX, BUSY_LOOKS, DIFFERENCE_LOOKS, OVERLAP_LAGS } from './bounds.ts';
import {
  type Asset,
  type Assets,
  auditRow,
  type Heard,
  type Outcome,
  type ProviderContext,
  type ProviderEffect,
} from './context.ts';
import { restrict } from './external.ts';
import type { AssetDifference, BalanceSeen } from './messages.ts';
import { noteSure, withTrail } from './unexplained.ts';

const UNSEEN: Asset = { available: '', locked: '', observedAt: 0, isOpened: false, off: '0', looks: 0, offAt: 0 };

/** Writes down what changed. A balance older than the known one says nothing. */
export function noteBalances({ name, assets }: ProviderContext, balances: readonly BalanceSeen[]): Outcome {
  const next: { [asset: string]: Asset } = { ...assets };
  const effects: ProviderEffect[] = [];
  for (const { asset, available, locked, observedAt } of balances.slice(0, BALANCES_MAX)) {
    const known = next[asset] ?? UNSEEN;
    if (observedAt < known.observedAt) continue;
    if (next[asset] === undefined && Object.keys(next).length >= BALANCES_MAX) continue;
    const isSame = known.available === available && known.locked === locked;
    next[asset] = { ...known, available, locked, observedAt };
    if (!isSame) effects.push(record({ table: 'balances', provider: name, asset, available, locked, observedAt }));
  }
  return { changes: { assets: next }, effects };
}

/** All that the account holds: an asset that is not listed any more holds nothing. */
export function noteAccount(context: ProviderContext, balances: readonly BalanceSeen[], askedAt: number): Outcome {
  const listed = new Set(balances.map(({ asset }) => asset));
  const gone = Object.entries(context.assets).filter(([asset, { available, locked }]) => {
    return !listed.has(asset) && !(isNothing(available) && isNothing(locked));
  });
  const none = gone.map(([asset]) => ({ asset, available: '0', locked: '0', observedAt: askedAt }));
  return noteBalances(context, [...balances, ...none]);
}

function isNothing(amount: string): boolean {
  return amount !== '' && isZero(parse(amount));
}

/** What the round says about when its differences may be believed. */
export interface Circumstances {
  /** Assets of orders that something was told or asked of: what is on its way to the books is theirs. */
  readonly touched: ReadonlySet<string>;
  /** More is to be looked at than was, in whatever asset. */
  readonly isUnclear: boolean;
  readonly at: number;
}

interface Booking {
  readonly asset: string;
  readonly amount: string;
  readonly isOpening: boolean;
}

/** The ledger against the balances, asset by asset. */
export function judgeDifferences(
  context: ProviderContext,
  differences: readonly AssetDifference[],
  circumstances: Circumstances,
): Outcome {
  const { touched, isUnclear, at } = circumstances;
  const next: { [asset: string]: Asset } = agreeing(context.assets, differences);
  const bookings: Booking[] = [];
  for (const difference of differences) {
    const { asset, amount } = difference;
    const known = withTrail(next[asset] ?? UNSEEN, context.rounds.doneAt, at);
    if (next[asset] !== undefined) next[asset] = known;
    if (isUnclear || touched.has(asset)) continue;
    if (next[asset] === undefined && Object.keys(next).length >= BALANCES_MAX) continue;
    const off = known.off === amount ? { ...known, looks: known.looks + 1 } : { ...known, looks: 1, offAt: at };
    const noted = noteSure({ ...off, off: amount }, difference, at);
    const lost = lostOf(noted, difference, at - lastingMs(context));
    if (lost !== null && bookings.length < BOOKINGS_MAX) {
      next[asset] = settled(known);
      bookings.push({ asset, amount: lost, isOpening: !known.isOpened });
    } else next[asset] = noted;
  }
  return book({ ...context, assets: next }, bookings, at);
}

/** How much of a difference counts; null: none of it yet. */
function lostOf({ looks, offAt, sure }: Asset, { amount, isBusy }: AssetDifference, before: number) {
  const enough = isBusy ? BUSY_LOOKS : DIFFERENCE_LOOKS;
  if (looks >= enough && offAt <= before) return amount;
  return sure !== undefined && sure.looks >= BUSY_LOOKS && sure.at <= before ? sure.amount : null;
}

/** The books of an asset are still to be opened: the next look comes soon. */
export function isOpening({ assets }: ProviderContext): boolean {
  return Object.values(assets).some(({ isOpened }) => !isOpened);
}

/** Rounds can follow each other fast, and a venue lists a trade later than it counts it. */
function lastingMs({ link }: ProviderContext): number {
  return OVERLAP_LAGS * (link?.readLagMs ?? 0);
}

function settled({ trail: _trail, sure: _sure, ...asset }: Asset): Asset {
  return { ...asset, isOpened: true, off: '0', looks: 0, offAt: 0 };
}

/** Where account and books agree, the asset is in the books and nothing is off. */
function agreeing(assets: Assets, differences: readonly AssetDifference[]): { [asset: string]: Asset } {
  const off = new Set(differences.map(({ asset }) => asset));
  const agreed = Object.entries(assets).map(([asset, known]) => {
    const isAsBefore = off.has(asset) || (known.isOpened && known.looks === 0 && known.trail === undefined);
    return [asset, isAsBefore ? known : settled(known)] as const;
  });
  return Object.fromEntries(agreed);
}

function book(context: ProviderContext, bookings: readonly Booking[], at: number): Outcome {
  const { name, assets, rounds, link } = context;
  const opening = bookings.filter(({ isOpening }) => isOpening);
  const effects: ProviderEffect[] = opening.flatMap(({ asset, amount }) => {
    const posting = `opening:${name}:${asset}`;
    return move({ posting, kind: 'transfer', provider: name, asset, bookedAt: at }, 'external', 'available', amount);
  });
  if (opening.length > 0) {
    const amounts = Object.fromEntries(opening.map(({ asset, amount }) => [asset, amount]));
    effects.push(record(auditRow(`provider/${name}`, 'BALANCES_OPENED', amounts)));
  }
  let { unexplained } = context;
  const wrong: string[] = [];
  for (const { asset, amount } of bookings.filter(({ isOpening }) => !isOpening)) {
    const posting = `difference:${name}:${asset}:${rounds.round}`;
    const about = { posting, kind: 'correction', provider: name, asset, bookedAt: at } as const;
    effects.push(...move(about, 'suspense', 'available', amount));
    const left = format(add(parse(unexplained[asset] ?? '0'), parse(amount)));
    unexplained = withAmount(unexplained, asset, left);
    // What comes back just as it went was late, not lost.
    const action = left === '0' ? 'BALANCE_RESTORED' : 'BALANCE_UNEXPLAINED';
    effects.push(record(auditRow(`provider/${name}`, action, { provider: name, asset, amount, unexplained: left })));
    if (left !== '0') wrong.push(`${asset} ${amount}`);
  }
  if (wrong.length > 0)
    effects.push(...restrict(name, link?.riskScopes ?? [], `BALANCE_UNEXPLAINED: ${wrong.join(', ')}`));
  const totals = { ...rounds.totals, unexplained: rounds.totals.unexplained + wrong.length };
  return { changes: { assets, unexplained, rounds: { ...rounds, totals } }, effects };
}

function withAmount(
  amounts: ProviderContext['unexplained'],
  asset: string,
  amount: string,
): ProviderContext['unexplained'] {
  const { [asset]: _before, ...rest } = amounts;
  return amount === '0' ? rest : { ...rest, [asset]: amount };
}

type Posting = Omit<LedgerRow, 'table' | 'account' | 'amount'>;

/** Two lines that sum to zero. A negative amount goes the other way. */
function move(posting: Posting, from: LedgerAccount, to: LedgerAccount, amount: string): ProviderEffect[] {
  const opposite = format(sub(0n, parse(amount)));
  return [
    record<LedgerRow>({ table: 'ledger_entries', ...posting, account: from, amount: opposite }),
    record<LedgerRow>({ table: 'ledger_entries', ...posting, account: to, amount }),
  ];
}

/** A person says what it was: from suspense to the world outside. The restriction is lifted by a person, too. */
export function explainDifference(context: ProviderContext, event: Heard<'ExplainDifference'>): Outcome {
  const { name, unexplained } = context;
  const { asset, by, reason, at, messageId } = event;
  const amount = unexplained[asset];
  if (amount === undefined) {
    const known = Object.keys(unexplained).join(', ') || 'none';
    const detail = `nothing of ${asset} is unexplained, unexplained are: ${known}`;
    return { changes: {}, effects: [reply({ accepted: false, detail })] };
  }
  const posting = `explained:${name}:${asset}:${messageId}`;
  const about = { posting, kind: 'transfer', provider: name, asset, bookedAt: at } as const;
  return {
    changes: { unexplained: withAmount(unexplained, asset, '0') },
    effects: [
      ...move(about, 'external', 'suspense', amount),
      record(auditRow(by, 'BALANCE_EXPLAINED', { provider: name, asset, amount, reason })),
      reply({ accepted: true, detail: '' }),
    ],
  };
}

/** Assets the context knows; for the upgrade of one that knew only names. */
export function unseenAssets(names: readonly string[]): Assets {
  return Object.fromEntries(names.map((name) => [name, UNSEEN]));
}
