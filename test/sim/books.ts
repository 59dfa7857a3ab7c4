// The AccountBooks port over the database of a history, as one process reaches it.

import type { AccountBooks } from '../../actors/market/books.ts';
import { format } from '../../actors/market/decimal.ts';
import type { LedgerAccount } from '../../actors/market/records.ts';
import { StoreFault } from '../../actors/runtime/ports.ts';
import { call, LOST } from './life.ts';
import type { StoreOptions } from './store.ts';
import { databaseWire } from './weather.ts';

export function createSimBooks(options: Omit<StoreOptions, 'flaws'>): AccountBooks {
  const { database } = options;
  return {
    ledger: (provider) =>
      read(options, () =>
        database.money.assets(provider).map((asset) => {
          const balance = (account: LedgerAccount): string => format(database.money.balance(provider, account, asset));
          return { asset, available: balance('available'), locked: balance('locked'), suspense: balance('suspense') };
        }),
      ),
    missing: ({ venue, account }, trades) =>
      read(options, () => trades.filter((trade) => !database.hasExecution({ venue, account, ...trade }))),
  };
}

async function read<Result>(
  { timeline, life, weather, random }: Omit<StoreOptions, 'flaws'>,
  work: () => Result,
): Promise<Result> {
  const answer = await call(timeline, life, databaseWire(weather(), random), work);
  if (answer === LOST) throw new StoreFault('unknown', 'reading our books: the connection was lost', null);
  return answer;
}
