import type { BalanceRow, InstrumentRow, ProviderRoutesRow, ProviderRow } from '../../actors/market/records.ts';
import { balances, instruments, providerRoutes, providers } from '../../drizzle/schema/index.ts';
import { encodeArray } from '../binary-arrays.ts';
import { instantText, rowSet, type Statement } from '../row-set.ts';
import { lastByKey, type Projection } from './projection.ts';

const provider = rowSet(providers, ['name', 'actorId', 'adapter', 'settings', 'status', 'reason', 'deletedAt']);
const upsertProviders: Statement = {
  name: 'upsert_providers',
  text: `insert into providers as p (${provider.columns}) select ${provider.values} from ${provider.from}
on conflict (name) do update
   set actor_id = excluded.actor_id, adapter = excluded.adapter, settings = excluded.settings,
       status = excluded.status, reason = excluded.reason, version = p.version + 1,
       deleted_at = excluded.deleted_at, updated_at = ${provider.extra(1)}::timestamptz`,
};

export const providerProjection: Projection<ProviderRow> = {
  table: 'providers',
  statements: [upsertProviders],
  bind: (recorded, { at }) => {
    const rows = lastByKey(recorded, ({ row }) => row.name).map(({ actorId, row }) => {
      return { ...row, actorId, deletedAt: row.removed === true ? at : null };
    });
    return [{ statement: upsertProviders, values: [...provider.bind(rows), instantText(at)] }];
  },
};

const route = rowSet(providerRoutes, ['provider', 'type', 'symbol']);
const deleteRoutes: Statement = {
  name: 'delete_provider_routes',
  text: `delete from provider_routes r
 where r.provider = any (${route.extra(1)}::text[])
   and (r.provider, r.type, r.symbol) not in (select ${route.values} from ${route.from})`,
};
const insertRoutes: Statement = {
  name: 'insert_provider_routes',
  text: `insert into provider_routes (${route.columns}) select ${route.values} from ${route.from}
on conflict (provider, type, symbol) do nothing`,
};

export const providerRoutesProjection: Projection<ProviderRoutesRow> = {
  table: 'provider_routes',
  statements: [deleteRoutes, insertRoutes],
  bind: (recorded) => {
    const sets = lastByKey(recorded, ({ row }) => row.provider).map(({ row }) => row);
    const values = route.bind(
      sets.flatMap((set) => set.routes.map(({ type, symbol }) => ({ provider: set.provider, type, symbol }))),
    );
    const replaced = encodeArray(
      'text',
      sets.map((set) => set.provider),
    );
    return [
      { statement: deleteRoutes, values: [...values, replaced] },
      { statement: insertRoutes, values },
    ];
  },
};

const instrument = rowSet(instruments, [
  'provider',
  'symbol',
  'base',
  'quote',
  'priceIncrement',
  'quantityIncrement',
  'minQuantity',
  'maxQuantity',
  'minNotional',
]);
const STEPS = 'price_increment, quantity_increment, min_quantity, max_quantity, min_notional';
const stepsOf = (row: string): string => STEPS.replaceAll(/\w+/g, `${row}.$&`);
const seenAt = `${instrument.extra(1)}::timestamptz`;

// A venue tells all its instruments at every connect: what is as it was is not written. A step or a bound that
// changed makes a version, which is kept beside the ones before.
const upsertInstruments: Statement = {
  name: 'upsert_instruments',
  text: `with changed as (
  insert into instruments as i (${instrument.columns}, valid_from)
  select ${instrument.values}, ${seenAt} from ${instrument.from}
  on conflict (provider, symbol) do update
     set base = excluded.base, quote = excluded.quote, (${STEPS}) = row(${stepsOf('excluded')}),
         version = case when (${stepsOf('i')}) = (${stepsOf('excluded')}) then i.version else i.version + 1 end,
         valid_from = case when (${stepsOf('i')}) = (${stepsOf('excluded')}) then i.valid_from else ${seenAt} end,
         deleted_at = null, updated_at = ${seenAt}
   where (i.base, i.quote, ${stepsOf('i')}) <> (excluded.base, excluded.quote, ${stepsOf('excluded')})
      or i.deleted_at is not null
  returning i.*
)
insert into instrument_versions (instrument_id, version, ${STEPS}, valid_from)
select id, version, ${STEPS}, valid_from from changed
on conflict (instrument_id, version) do nothing`,
};

export const instrumentProjection: Projection<InstrumentRow> = {
  table: 'instruments',
  statements: [upsertInstruments],
  bind: (recorded, { at }) => {
    const rows = lastByKey(recorded, ({ row }) => `${row.provider} ${row.symbol}`).map(({ row }) => row);
    return [{ statement: upsertInstruments, values: [...instrument.bind(rows), instantText(at)] }];
  },
};

const balance = rowSet(balances, ['provider', 'asset', 'available', 'locked', 'observedAt']);
const upsertBalances: Statement = {
  name: 'upsert_balances',
  text: `insert into balances as b (${balance.columns}) select ${balance.values} from ${balance.from}
on conflict (provider, asset) do update
   set available = excluded.available, locked = excluded.locked, observed_at = excluded.observed_at,
       deleted_at = null, updated_at = ${balance.extra(1)}::timestamptz
 where excluded.observed_at >= b.observed_at`,
};

export const balanceProjection: Projection<BalanceRow> = {
  table: 'balances',
  statements: [upsertBalances],
  bind: (recorded, { at }) => {
    const oldestFirst = recorded.map(({ row }) => row).toSorted((a, b) => a.observedAt - b.observedAt);
    const rows = lastByKey(oldestFirst, (row) => `${row.provider} ${row.asset}`);
    return [{ statement: upsertBalances, values: [...balance.bind(rows), instantText(at)] }];
  },
};
