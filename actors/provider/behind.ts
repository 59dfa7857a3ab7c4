// How far the books are behind, while nobody may submit. What a round found is told to the orders and is in the books a
// moment later; until a look finds nothing new of the kind, whoever submits would decide on positions that are not so.
// What the venue hides must not keep trading shut for ever: it is in the audit log, and every later round asks for it.
import { BEHIND_ROUNDS_MAX } from './bounds.ts';
import type { Heard, ProviderContext, Rounds } from './context.ts';

/** The books were behind, and another look can tell whether they still are. */
export function isBehind({ rounds, link }: ProviderContext, { missing, found }: Heard<'Reconciled'>): boolean {
  const { behind = 0, last } = rounds;
  // An order of somebody else is in no books where nobody counts it.
  const isCounted = (link?.riskScopes ?? []).length > 0;
  const isTold = found.some(({ id, executions }) => executions.length > 0 && (id !== null || isCounted));
  if (missing === 0 && !isTold) return false;
  const before = last?.missing ?? 0;
  if (behind === 0 || missing < before) return true;
  return behind < BEHIND_ROUNDS_MAX && (isTold || missing > before);
}

export function countBehind({ rounds }: ProviderContext): Pick<ProviderContext, 'rounds'> {
  return { rounds: { ...rounds, behind: (rounds.behind ?? 0) + 1 } };
}

export function forgetBehind({ rounds }: ProviderContext): Pick<ProviderContext, 'rounds'> {
  const { behind: _behind, ...rest } = rounds;
  return { rounds: rest satisfies Rounds };
}
