// The AccountBooks port over the database of a history, as one process reaches it.

import type { AccountBooks, Lack } from '../../actors/market/books.ts';
import { format } from '../../actors/market/decimal.ts';
import type { LedgerAccount } from '../../actors/market/records.ts';
import { type ActorKey, idOf } from '../../actors/runtime/message.ts';
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
    lacks: ({ venue, account }, trades) =>
      read(options, () =>
        trades.flatMap((key): Lack[] => {
          const execution = database.execution({ venue, account, ...key });
          if (execution === null) return [{ key, of: 'execution' }];
          return key.hasFee && execution.fee === null && execution.bustedAt === null ? [{ key, of: 'fee' }] : [];
        }),
      ),
    standing: (keys) =>
      read(options, () =>
        keys.flatMap((key) => {
          const order = database.orders.get(idOf(key as ActorKey));
          if (order?.life !== 'parked' && order?.life !== 'working') return [];
          const { life, quantity, price, filledQuantity } = order;
          return [{ key, life, quantity, price, filledQuantity, updatedAt: movedAt(database, key as ActorKey) }];
        }),
      ),
  };
}

/** Rows say nothing of when they were written: the order that wrote them last heard something then. */
function movedAt({ ids, journals }: StoreOptions['database'], key: ActorKey): number {
  return journals.get(ids.get(key) ?? 0n)?.at(-1)?.at ?? 0;
}

async function read<Result>(
  { timeline, life, weather, random }: Omit<StoreOptions, 'flaws'>,
  work: () => Result,
): Promise<Result> {
  const answer = await call(timeline, life, databaseWire(weather(), random), work);
  if (answer === LOST) throw new StoreFault('unknown', 'reading our books: the connection was lost', null);
  return answer;
}
