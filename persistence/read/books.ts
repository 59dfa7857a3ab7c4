// Our own books as reconciliation reads them: what the ledger says an account holds, and which trades it lacks.
import { asc, inArray } from 'drizzle-orm';
import type { NodePgDatabase } from 'drizzle-orm/node-postgres';
import type pg from 'pg';
import type {
  AccountBooks,
  Lack,
  LedgerBalance,
  StandingOrder,
  TradeAsked,
  TradeKey,
} from '../../actors/market/books.ts';
import type { LedgerAccount } from '../../actors/market/records.ts';
import { ledgerBalances } from '../../drizzle/schema/index.ts';
import { encodeArray } from '../binary-arrays.ts';
import { cellsOf } from '../cells.ts';
import { reading } from '../errors.ts';
import { plain } from './decimal.ts';

/** Numbers, from 1, of the trades that have no execution, and of those whose execution has no fee (`f`). */
export const LACKING_TRADES = `select x.number::text, (e.id is null)::text
  from unnest($3::text[], $4::text[], $5::text[], $6::bool[])
       with ordinality as x (symbol, trade_id, venue_order_id, has_fee, number)
  left join executions e
    on e.venue = $1 and e.account = $2 and e.symbol = x.symbol and e.trade_id = x.trade_id
   and e.venue_order_id = x.venue_order_id
 where e.id is null or (x.has_fee and e.fee is null and e.busted_at is null)
 order by x.number`;

/** Orders that stand at the venue, by the keys of their actors. */
export const STANDING_ORDERS = `select a.key, o.life, trim_scale(o.quantity)::text, trim_scale(o.price)::text,
       trim_scale(o.filled_quantity)::text, (extract(epoch from o.updated_at) * 1000)::bigint::text
  from unnest($1::text[]) as x (key)
  join actors a on a.key = x.key
  join orders o on o.actor_id = a.id
 where o.life in ('parked', 'working')`;

export const LEDGER_ACCOUNTS: readonly LedgerAccount[] = ['available', 'locked', 'fees', 'external', 'suspense', 'pnl'];

export function createAccountBooks(orm: NodePgDatabase, pool: pg.Pool): AccountBooks {
  return {
    ledger: async (provider) =>
      byAsset(await reading(`ledger of ${provider}`, () => ledgerBalancesQuery(orm, provider, HELD))),
    lacks: async (account, trades) => {
      if (trades.length === 0) return [];
      const rows = await reading(`missing trades of ${account.venue} ${account.account}`, () =>
        cellsOf<[number: string, isMissing: string]>(pool, LACKING_TRADES, valuesOf(account, trades)),
      );
      return rows.flatMap(([number, isMissing]) => {
        const key = trades[Number(number) - 1];
        return key === undefined ? [] : [{ key, of: isMissing === 'true' ? 'execution' : 'fee' } satisfies Lack];
      });
    },
    standing: async (keys) => {
      if (keys.length === 0) return [];
      const values = [encodeArray('text', keys)];
      const rows = await reading('standing orders', () => cellsOf<StandingCells>(pool, STANDING_ORDERS, values));
      return rows.map(([key, life, quantity, price, filledQuantity, updatedAt]) => ({
        ...{ key, life, quantity, price, filledQuantity },
        updatedAt: Number(updatedAt),
      }));
    },
  };
}

type StandingCells = [
  ...[key: string, life: StandingOrder['life'], quantity: string, price: string | null],
  ...[filledQuantity: string, updatedAt: string],
];

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
  trades: readonly TradeAsked[],
): unknown[] {
  const column = (name: keyof TradeKey) =>
    encodeArray(
      'text',
      trades.map((trade) => trade[name]),
    );
  const hasFee = encodeArray(
    'bool',
    trades.map((trade) => trade.hasFee),
  );
  return [venue, account, column('symbol'), column('tradeId'), column('venueOrderId'), hasFee];
}

function byAsset(rows: Awaited<ReturnType<typeof ledgerBalancesQuery>>): readonly LedgerBalance[] {
  return [...Map.groupBy(rows, ({ asset }) => asset)].map(([asset, of]) => {
    const balance = (kind: LedgerAccount): string =>
      of.find(({ account }) => account.startsWith(`${kind}:`))?.balance ?? '0';
    return { asset, available: balance('available'), locked: balance('locked'), suspense: balance('suspense') };
  });
}
