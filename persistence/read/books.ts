// Our own books as reconciliation reads them: what the ledger says an account holds, and which trades it lacks.
import { asc, inArray } from 'drizzle-orm';
import type { NodePgDatabase } from 'drizzle-orm/node-postgres';
import type pg from 'pg';
import type { AccountBooks, LedgerBalance, TradeKey } from '../../actors/market/books.ts';
import type { LedgerAccount } from '../../actors/market/records.ts';
import { ledgerBalances } from '../../drizzle/schema/index.ts';
import { encodeArray } from '../binary-arrays.ts';
import { cellsOf } from '../cells.ts';
import { reading } from '../errors.ts';
import { plain } from './decimal.ts';

/** Numbers of the trades that have no execution, from 1. */
export const MISSING_TRADES = `select x.number::text
  from unnest($3::text[], $4::text[], $5::text[]) with ordinality as x (symbol, trade_id, venue_order_id, number)
 where not exists (
   select from executions e
    where e.venue = $1 and e.account = $2 and e.symbol = x.symbol and e.trade_id = x.trade_id
      and e.venue_order_id = x.venue_order_id)
 order by x.number`;

export const LEDGER_ACCOUNTS: readonly LedgerAccount[] = ['available', 'locked', 'fees', 'external', 'suspense', 'pnl'];

export function createAccountBooks(orm: NodePgDatabase, pool: pg.Pool): AccountBooks {
  return {
    ledger: async (provider) =>
      byAsset(await reading(`ledger of ${provider}`, () => ledgerBalancesQuery(orm, provider, HELD))),
    missing: async (account, trades) => {
      if (trades.length === 0) return [];
      const numbers = await reading(`missing trades of ${account.venue} ${account.account}`, () =>
        cellsOf<[number: string]>(pool, MISSING_TRADES, valuesOf(account, trades)),
      );
      return numbers.flatMap(([number]) => trades[Number(number) - 1] ?? []);
    },
  };
}

const HELD: readonly LedgerAccount[] = ['available', 'locked', 'suspense'];

/** At most as many rows as the venue has assets, times the accounts. */
export function ledgerBalancesQuery(orm: NodePgDatabase, provider: string, kinds: readonly LedgerAccount[]) {
  const accounts = kinds.map((kind) => `${kind}:${provider}`);
  return orm
    .select({
      account: ledgerBalances.account,
      asset: ledgerBalances.asset,
      balance: plain(ledgerBalances.balance),
      updatedAt: ledgerBalances.updatedAt,
    })
    .from(ledgerBalances)
    .where(inArray(ledgerBalances.account, accounts))
    .orderBy(asc(ledgerBalances.asset), asc(ledgerBalances.account));
}

function valuesOf(
  { venue, account }: { readonly venue: string; readonly account: string },
  trades: readonly TradeKey[],
): unknown[] {
  const column = (name: keyof TradeKey) =>
    encodeArray(
      'text',
      trades.map((trade) => trade[name]),
    );
  return [venue, account, column('symbol'), column('tradeId'), column('venueOrderId')];
}

function byAsset(rows: Awaited<ReturnType<typeof ledgerBalancesQuery>>): readonly LedgerBalance[] {
  return [...Map.groupBy(rows, ({ asset }) => asset)].map(([asset, of]) => {
    const balance = (kind: LedgerAccount): string =>
      of.find(({ account }) => account.startsWith(`${kind}:`))?.balance ?? '0';
    return { asset, available: balance('available'), locked: balance('locked'), suspense: balance('suspense') };
  });
}
