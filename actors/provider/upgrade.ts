// From snapshots of older versions. After an upgrade a new node connects every provider anew, so that what the venue
// says of itself need not be made up here.
import type { StoredSnapshot } from '../runtime/actor.ts';
import type { Json } from '../runtime/message.ts';
import { unseenAssets } from './balances.ts';
import { NO_TOTALS, type ProviderContext } from './context.ts';

type Version1 = Omit<ProviderContext, 'rounds' | 'assets' | 'unexplained'> & {
  readonly rounds: Omit<ProviderContext['rounds'], 'last' | 'totals'>;
  readonly assets: readonly string[];
};

/** 2 → 3: the same facts, decided on in another way. */
export function fromVersion2(snapshot: StoredSnapshot): StoredSnapshot {
  return snapshot;
}

/** 1 → 2: rounds keep what they found, assets what they hold, and the account is compared with the ledger. */
export function fromVersion1(snapshot: StoredSnapshot): StoredSnapshot {
  const before = snapshot.c as object as Version1;
  const after: ProviderContext = {
    ...before,
    link: null,
    rounds: { ...before.rounds, last: null, totals: NO_TOTALS },
    assets: unseenAssets(before.assets),
    unexplained: {},
  };
  return { ...snapshot, c: after as object as Json };
}
