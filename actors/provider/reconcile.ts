// Reconciliation, as the provider decides it: what the session saw at the venue (look.ts) against what is known here.
// A round that finds no difference records nothing and sends nothing.
import { record } from '../runtime/effect.ts';
import { isOpening, judgeDifferences, noteAccount } from './balances.ts';
import {
  OPENING_LOOK_MS,
  PARTIAL_MS,
  PARTIAL_ROUNDS,
  PARTIAL_WINDOW_MS,
  RECONCILE_INTERVAL_MS,
  RECONCILE_REST_MS,
} from './bounds.ts';
import {
  auditRow,
  type Heard,
  hasAccount,
  type Outcome,
  type ProviderContext,
  type ProviderEffect,
  type RoundResult,
  type Rounds,
} from './context.ts';
import { noteFoundExternal, wordsTo } from './external.ts';
import { routesOf, symbolsOf } from './feeds.ts';
import { askOrder, compare } from './live-orders.ts';
import type { FoundOrder, Reconcile } from './messages.ts';
import { offSinceAt } from './unexplained.ts';

export function beginRound({ rounds }: ProviderContext, at: number): Partial<ProviderContext> {
  return { rounds: { ...rounds, round: rounds.round + 1, askedAt: at } };
}

/** All symbols anybody here has to do with; those of further open orders are added by the session. */
export function roundArgs(context: ProviderContext): Reconcile {
  const { name, session, rounds, live, watchers } = context;
  const symbols = new Set(Object.values(live).map(({ symbol }) => symbol));
  for (const symbol of symbolsOf(routesOf(watchers))) symbols.add(symbol);
  const { round, doneAt } = rounds;
  const since = offSinceAt(context);
  const reach = { sinceAt: doneAt, ...(since !== null && { offSinceAt: since }) };
  return { name, session, round, ...reach, symbols: [...symbols].sort(), live: Object.keys(live) };
}

/** Soon where something is left over or still to be opened. */
export function nextRoundMs(context: ProviderContext): number {
  if (context.rounds.rest > 0) return RECONCILE_REST_MS;
  return hasAccount(context) && isOpening(context) ? OPENING_LOOK_MS : RECONCILE_INTERVAL_MS;
}

export function settleRound(context: ProviderContext, answer: Heard<'Reconciled'>): Outcome {
  if (!hasAccount(context)) return { changes: { rounds: sawNothing(context) }, effects: [] };
  const effects: ProviderEffect[] = [];
  let now = context;
  const take = (outcome: Outcome): void => {
    now = { ...now, ...outcome.changes };
    effects.push(...outcome.effects);
  };
  // 1. What the books lack is told to the orders it belongs to; an order nobody here knows is adopted.
  for (const found of answer.found) take(tellFound(now, found, answer.at));
  const adopted = now.external.count - context.external.count;
  // 2. Orders that differ ask the venue about themselves.
  const { askedAt } = context.rounds;
  // A venue lists an order late: while submits are on, one that was just granted is given that time.
  const before = context.ready ? askedAt - (context.link?.readLagMs ?? 0) : askedAt;
  const { ask, live, rest } = compare(now.live, answer.openOrders, { askedAt, before });
  take({ changes: { live }, effects: ask.map(askOrder) });
  // 3. What the account holds, and the ledger against it.
  take(noteAccount(now, answer.balances, askedAt));
  // Of an order with an actor and without an execution the books have all there is.
  const news = answer.found.filter(({ id, executions }) => id === null || executions.length > 0);
  const symbols = [...news.map(({ order }) => order.symbol), ...ask.map((id) => live[id]?.symbol ?? '')];
  // A fee may be in an asset of its own.
  const fees = news.flatMap(({ executions }) => executions.map(({ feeAsset }) => feeAsset ?? ''));
  const { unclear = [] } = answer;
  const touched = new Set([...symbols.flatMap((symbol) => symbol.split('-')), ...fees, ...unclear]);
  const isUnclear = isPartial(answer) && answer.unclear === undefined;
  take(judgeDifferences(now, answer.differences, { touched, isUnclear, at: answer.at }));
  // 4. What came of it.
  const result = { asked: ask.length, missing: answer.missing, adopted, differences: answer.differences.length };
  take(closeRound(now, answer, { at: askedAt, skewMs: answer.skewMs, ...result }, rest));
  return { changes: changesOf(context, now), effects };
}

/** There was no account to look at: where it is there again, the trades since the last real look are asked for. */
function sawNothing({ rounds }: ProviderContext): Rounds {
  return { ...rounds, failures: 0, totals: { ...rounds.totals, done: rounds.totals.done + 1 } };
}

function closeRound(context: ProviderContext, answer: Heard<'Reconciled'>, last: RoundResult, rest: number): Outcome {
  const { name, rounds, link } = context;
  const { partial: _before, ...known } = rounds;
  const { totals, askedAt } = rounds;
  const partial = partialOf(rounds, answer);
  const done: Rounds = {
    ...known,
    ...(partial !== null && { partial }),
    doneAt: partial === null ? askedAt : beginOf(rounds, partial),
    failures: 0,
    rest: rest + answer.left,
    last,
    totals: { ...totals, done: totals.done + 1, missing: totals.missing + answer.missing },
  };
  const { missing, asked, adopted } = last;
  const detail = { provider: name, round: rounds.round, missing, asked, adopted };
  const audit: ProviderEffect[] = [];
  if (isAmiss(context, answer)) audit.push(record(auditRow(`provider/${name}`, 'EXECUTIONS_MISSED', detail)));
  if (partial?.isTold === true && rounds.partial?.isTold !== true) audit.push(partialAlarm(context, answer, partial));
  const { unseenMs } = answer;
  if (unseenMs > 0) audit.push(record(auditRow(`provider/${name}`, 'HISTORY_TOO_SHORT', { provider: name, unseenMs })));
  return {
    changes: { rounds: done, ...(link !== null && { link: { ...link, skewMs: answer.skewMs } }) },
    effects: audit,
  };
}

function isPartial({ left, unresolved }: Heard<'Reconciled'>): boolean {
  return left + unresolved > 0;
}

type Partially = NonNullable<Rounds['partial']>;

/** Told once, when it has gone on for as long as no backlog takes. */
function partialOf({ partial, askedAt }: Rounds, answer: Heard<'Reconciled'>): Partially | null {
  if (!isPartial(answer)) return null;
  const { rounds: before = 0, since = askedAt, isTold = false } = partial ?? {};
  const rounds = before + 1;
  return { rounds, since, isTold: isTold || (rounds >= PARTIAL_ROUNDS && askedAt - since >= PARTIAL_MS) };
}

/** What a round left is looked for again from where it began to look, but not for ever. */
function beginOf({ doneAt, askedAt }: Rounds, { since }: Partially): number {
  if (doneAt === null) return askedAt;
  return askedAt - since > PARTIAL_WINDOW_MS ? Math.max(doneAt, askedAt - PARTIAL_WINDOW_MS) : doneAt;
}

function partialAlarm({ name, rounds }: ProviderContext, answer: Heard<'Reconciled'>, partial: Partially) {
  const { left, unresolved, unclear = [] } = answer;
  const detail = { provider: name, rounds: partial.rounds, sinceAt: rounds.doneAt, left, unresolved, unclear };
  return record(auditRow(`provider/${name}`, 'RECONCILIATION_PARTIAL', detail));
}

/** An order of ours also asks: the venue may know more of it than was found. */
function tellFound(context: ProviderContext, found: FoundOrder, at: number): Outcome {
  const { id, order, executions } = found;
  if (id === null) return noteFoundExternal(context, found, at);
  // It became live while the session looked.
  if (executions.length === 0 && Object.hasOwn(context.live, id)) return { changes: {}, effects: [] };
  const words = wordsTo(id, { order, executions, reason: null });
  // It is not live because of that: the copy may lag behind. An order that works again by it says so itself.
  return { changes: {}, effects: executions.length === 0 ? words : [askOrder(id), ...words] };
}

const SETTLED = ['live', 'rounds', 'assets', 'unexplained', 'external', 'link'] as const;

function changesOf(before: ProviderContext, now: ProviderContext): Partial<ProviderContext> {
  const changed = SETTLED.filter((key) => now[key] !== before[key]);
  return Object.fromEntries(changed.map((key) => [key, now[key]]));
}

export function failRound({ rounds }: ProviderContext): Partial<ProviderContext> {
  const { totals } = rounds;
  return { rounds: { ...rounds, failures: rounds.failures + 1, totals: { ...totals, failed: totals.failed + 1 } } };
}

/** Written to the audit log when it begins, not at every look that finds it still so. */
export function noteSkew(context: ProviderContext, event: Heard<'ClockSkewed'>): Outcome {
  const { name, rounds, link } = context;
  const { skewMs, allowedMs } = event;
  const { totals } = rounds;
  const skewed = { ...rounds, failures: rounds.failures + 1, totals: { ...totals, skewed: totals.skewed + 1 } };
  const wasSkewed = link !== null && Math.abs(link.skewMs) > allowedMs;
  const detail = { provider: name, skewMs, allowedMs };
  return {
    changes: { rounds: skewed, ...(link !== null && { link: { ...link, skewMs } }) },
    effects: wasSkewed ? [] : [record(auditRow(`provider/${name}`, 'CLOCK_SKEWED', detail))],
  };
}

/** More executions were missed than the last round knew of: until they are in the books, nothing more is sent. */
export function isAmiss({ rounds }: ProviderContext, { missing }: Heard<'Reconciled'>): boolean {
  return missing > (rounds.last?.missing ?? 0);
}
