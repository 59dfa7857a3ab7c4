// Money in the database: ledger lines and their balances, positions and their fees, and what reads them.
import test, { type ExecutionContext } from 'ava';
import type { LedgerRow, PositionRow } from '../../actors/market/records.ts';
import { StoreFault } from '../../actors/runtime/ports.ts';
import { createStore } from '../../persistence/index.ts';
import { testDatabase } from '../support/db.ts';
import { query } from '../support/system.ts';
import { AT, actor, execution, order, own, paper, recorded, transition } from '../support/write-sets.ts';

async function open(t: ExecutionContext) {
  const url = await testDatabase();
  const store = createStore({ url });
  t.teardown(() => store.close());
  const writer = await own(store);
  await writer.commit({
    created: [actor(1n), actor(2n)],
    transitions: [transition(1n, 1), transition(2n, 1)],
    records: [recorded(2n, paper), recorded(2n, { ...paper, name: 'other' }), recorded(1n, order('o-1'))],
  });
  return { url, store, writer };
}

function line(posting: string, account: LedgerRow['account'], asset: string, amount: string): LedgerRow {
  return { table: 'ledger_entries', posting, kind: 'trade', account, provider: 'paper', asset, amount, bookedAt: AT };
}

/** A buy of 0.5 at 100 with a fee of 0.05. */
function buy(posting: string): readonly LedgerRow[] {
  return [
    line(posting, 'available', 'USDT', '-50'),
    line(posting, 'external', 'USDT', '50'),
    line(posting, 'external', 'BTC', '-0.5'),
    line(posting, 'available', 'BTC', '0.5'),
    { ...line(posting, 'available', 'USDT', '-0.05'), kind: 'fee' },
    { ...line(posting, 'fees', 'USDT', '0.05'), kind: 'fee' },
  ];
}

const asRecords = (rows: readonly LedgerRow[]) => rows.map((row) => recorded(1n, row));

function position(change: Partial<PositionRow> = {}): PositionRow {
  return {
    table: 'positions',
    provider: 'paper',
    account: 'main',
    strategyInstance: 'mm-1',
    symbol: 'BTC-USDT',
    quantity: '0.5',
    costQuote: '50',
    realizedQuote: '0',
    fee: { asset: 'USDT', amount: '0.05' },
    ...change,
  };
}

test('a posting is booked line by line, and the balances are the sums of the lines', async (t) => {
  const { url, store, writer } = await open(t);
  await writer.commit({ records: asRecords([...buy('t-1'), ...buy('t-2')]) });
  await writer.commit({ at: AT + 1, records: asRecords(buy('t-3')) });
  const balances = await store.read.listLedgerBalances('paper');
  t.deepEqual(
    balances.map(({ account, asset, balance }) => `${account} ${asset} ${balance}`),
    [
      'available:paper BTC 1.5',
      'external:paper BTC -1.5',
      'available:paper USDT -150.15',
      'external:paper USDT 150',
      'fees:paper USDT 0.15',
    ],
  );
  t.is(balances[0]?.updatedAt, AT + 1);
  t.deepEqual(
    await query(
      url,
      `select account, asset from ledger_entries group by account, asset
       having sum(amount) is distinct from (
         select balance from ledger_balances b
          where b.account = ledger_entries.account and b.asset = ledger_entries.asset)`,
    ),
    [],
  );
  t.deepEqual(await query(url, 'select asset from ledger_entries group by asset having sum(amount) <> 0'), []);
});

test('the lines of a posting and of an account are listed, newest first, in pages', async (t) => {
  const { store, writer } = await open(t);
  await writer.commit({ records: asRecords([...buy('t-1'), ...buy('t-2')]) });
  const one = await store.read.listLedger({ posting: 't-1', limit: 10 });
  t.is(one.length, 6);
  t.like(one[0], { posting: 't-1', kind: 'fee', account: 'fees:paper', asset: 'USDT', amount: '0.05', bookedAt: AT });
  const fees = await store.read.listLedger({ account: 'fees:paper', limit: 10 });
  t.deepEqual(
    fees.map(({ posting }) => posting),
    ['t-2', 't-1'],
  );
  const next = await store.read.listLedger({ account: 'fees:paper', beforeId: fees[0]?.id, limit: 10 });
  t.deepEqual(
    next.map(({ posting }) => posting),
    ['t-1'],
  );
});

test('a line that is booked already refuses its group, and nothing of it counts', async (t) => {
  const { store, writer } = await open(t);
  await writer.commit({ records: asRecords(buy('t-1')) });
  const fault = await t.throwsAsync(store.commit(writer.next({ records: asRecords(buy('t-1')) })), {
    instanceOf: StoreFault,
  });
  t.like(fault, { kind: 'refused', sqlState: '23505' });
  t.is((await store.read.listLedgerBalances('paper'))[0]?.balance, '0.5');
});

test('lines that cancel out within a group leave the balances alone', async (t) => {
  const { store, writer } = await open(t);
  const lock = (posting: string, amount: string, back: string) => [
    line(posting, 'locked', 'USDT', amount),
    line(posting, 'available', 'USDT', back),
  ];
  await writer.commit({ records: asRecords([...lock('l-1', '5', '-5'), ...lock('l-2', '-5', '5')]) });
  t.deepEqual(await store.read.listLedgerBalances('paper'), []);
  t.is((await store.read.listLedger({ account: 'locked:paper', limit: 9 })).length, 2);
});

test('two shards that book the same accounts at once both get through', async (t) => {
  const { url, store, writer } = await open(t);
  const second = createStore({ url });
  t.teardown(() => second.close());
  const other = await own(second, 'second', 60_000, 1);
  const rounds = 10;
  const lines = (posting: string) =>
    Array.from({ length: 1_000 }, (_, n) => line(posting, 'suspense', `A${n}`, '1')).flatMap((one) => [
      one,
      { ...one, account: 'external' as const, amount: '-1' },
    ]);
  const forwards = async (): Promise<void> => {
    for (let n = 0; n < rounds; n += 1) await writer.commit({ records: asRecords(lines(`a-${n}`)) });
  };
  const backwards = async (): Promise<void> => {
    for (let n = 0; n < rounds; n += 1) await other.commit({ records: asRecords(lines(`b-${n}`).toReversed()) });
  };
  await Promise.all([forwards(), backwards()]);
  const balances = await store.read.listLedgerBalances('paper');
  t.is(balances.length, 2_000);
  t.true(balances.every(({ account, balance }) => balance === (account === 'suspense:paper' ? '20' : '-20')));
});

test('a position is as it was said last, with profit and fees added up', async (t) => {
  const { store, writer } = await open(t);
  await writer.commit({
    records: [
      recorded(2n, position()),
      recorded(2n, position({ quantity: '0.2', costQuote: '20', realizedQuote: '3', fee: null })),
      recorded(2n, position({ quantity: '0', costQuote: '0', realizedQuote: '2.5' })),
      recorded(2n, position({ provider: 'other', fee: { asset: 'BNB', amount: '0.001' } })),
    ],
  });
  await writer.commit({
    at: AT + 1,
    records: [recorded(2n, position({ realizedQuote: '-1', fee: { asset: 'BNB', amount: '-0.002' } }))],
  });
  const [first, second] = await store.read.listPositions({ limit: 10 });
  t.like(second, { provider: 'paper', quantity: '0.5', costQuote: '50', realizedQuote: '4.5', version: 2 });
  t.deepEqual(second?.fees, { BNB: '-0.002', USDT: '0.1' });
  t.is(second?.updatedAt, AT + 1);
  t.deepEqual([first?.provider, first?.fees], ['other', { BNB: '0.001' }]);
  t.is((await store.read.listPositions({ provider: 'paper', limit: 10 })).length, 1);
  t.is((await store.read.listPositions({ strategyInstance: 'mm-2', limit: 10 })).length, 0);
  t.is((await store.read.listPositions({ afterId: first?.id, limit: 10 })).length, 1);
});

test('an execution that is taken back, or whose fee comes late, is changed where it stands', async (t) => {
  const { url, store, writer } = await open(t);
  const { venue, account, symbol, venueOrderId } = execution('x');
  const changed = (tradeId: string, more: object) =>
    recorded(1n, {
      ...{ table: 'execution_changes' as const, venue, account, symbol, tradeId, venueOrderId },
      ...{ bustedAt: null, fee: null, feeAsset: null },
      ...more,
    });
  await writer.commit({
    records: [
      recorded(1n, execution('t-1', { fee: null, feeAsset: null })),
      recorded(1n, execution('t-2', { origin: 'inferred' })),
      changed('t-1', { fee: '0.1', feeAsset: 'USDT' }),
      changed('t-1', { bustedAt: AT + 5 }),
    ],
  });
  await writer.commit({ at: AT + 1, records: [changed('t-2', { bustedAt: AT + 6 }), changed('gone', { fee: '1' })] });
  t.deepEqual(
    (await store.read.listExecutions({ limit: 10 })).map(({ tradeId, origin, fee, feeAsset, bustedAt }) => {
      return { tradeId, origin, fee, feeAsset, bustedAt };
    }),
    [
      { tradeId: 't-2', origin: 'inferred', fee: '0.000000000000000001', feeAsset: 'BTC', bustedAt: AT + 6 },
      { tradeId: 't-1', origin: 'venue', fee: '0.1', feeAsset: 'USDT', bustedAt: AT + 5 },
    ],
  );
  t.deepEqual(await query(url, 'select updated_at as at from executions where trade_id = $1', ['t-2']), [
    { at: new Date(AT + 1) },
  ]);
});

test('an instrument whose steps change has a new version, and keeps the ones before', async (t) => {
  const { url, writer } = await open(t);
  const steps = { priceIncrement: '0.01', quantityIncrement: '0.001', minQuantity: '0.001', minNotional: '5' };
  const names = { provider: 'paper', symbol: 'BTC-USDT', base: 'BTC', quote: 'USDT' };
  const seen = (at: number, change: object = {}) =>
    writer.commit({
      at,
      records: [recorded(2n, { table: 'instruments', ...names, ...steps, maxQuantity: '100', ...change })],
    });
  const stored = async () =>
    query(
      url,
      `select i.version, i.valid_from as since, i.updated_at as at, i.xmin::text as written,
              count(v.id)::int as versions, trim_scale(i.max_quantity)::text as most
         from instruments i join instrument_versions v on v.instrument_id = i.id group by i.id`,
    );
  await seen(AT);
  const [first] = await stored();
  t.like(first, { version: '1', since: new Date(AT), versions: 1, most: '100' });
  await seen(AT + 1, { maxQuantity: '100.0' });
  t.deepEqual(await stored(), [first], 'unchanged, nothing is written');
  await seen(AT + 2, { maxQuantity: '50' });
  t.like((await stored())[0], { version: '2', since: new Date(AT + 2), versions: 2, most: '50' });
  await seen(AT + 3, { maxQuantity: '50', base: 'XBT' });
  t.like((await stored())[0], { version: '2', since: new Date(AT + 2), at: new Date(AT + 3), versions: 2 });
  t.deepEqual(
    await query(
      url,
      `select version, trim_scale(max_quantity)::text as most, valid_from as since from instrument_versions order by 1`,
    ),
    [
      { version: '1', most: '100', since: new Date(AT) },
      { version: '2', most: '50', since: new Date(AT + 2) },
    ],
  );
});

test('the books say what an account holds by the ledger, and which trades they lack', async (t) => {
  const { store, writer } = await open(t);
  await writer.commit({
    records: [
      ...asRecords(buy('t-1')),
      ...asRecords([line('l-1', 'locked', 'USDT', '7'), line('l-1', 'available', 'USDT', '-7')]),
      ...asRecords([{ ...line('s-1', 'suspense', 'BTC', '2'), provider: 'other' }]),
      recorded(1n, execution('t-1')),
    ],
  });
  t.deepEqual(await store.books.ledger('paper'), [
    { asset: 'BTC', available: '0.5', locked: '0', suspense: '0' },
    { asset: 'USDT', available: '-57.05', locked: '7', suspense: '0' },
  ]);
  t.deepEqual(await store.books.ledger('other'), [{ asset: 'BTC', available: '0', locked: '0', suspense: '2' }]);
  t.deepEqual(await store.books.ledger('nobody'), []);
  const { venue, account, symbol, tradeId, venueOrderId } = execution('t-1');
  const known = { symbol, tradeId, venueOrderId, hasFee: true };
  const lacking = [
    { ...known, tradeId: 't-9' },
    { ...known, venueOrderId: 'v-9' },
    { ...known, symbol: 'ETH-USDT' },
  ];
  const asked = [lacking[0], known, lacking[1], lacking[2]].flatMap((trade) => trade ?? []);
  const executions = lacking.map((key) => ({ key, of: 'execution' }));
  t.deepEqual(await store.books.lacks({ venue, account }, asked), executions);
  t.deepEqual(await store.books.lacks({ venue, account: 'another' }, [known]), [{ key: known, of: 'execution' }]);
  t.deepEqual(await store.books.lacks({ venue, account }, []), []);
});

test('the books lack the fee of an execution that was written without, if the venue tells it', async (t) => {
  const { store, writer } = await open(t);
  const uncharged = { ...execution('t-2'), fee: null, feeAsset: null };
  await writer.commit({ records: [...asRecords(buy('t-1')), recorded(1n, execution('t-1')), recorded(1n, uncharged)] });
  const { venue, account, symbol, venueOrderId } = uncharged;
  const asked = (tradeId: string, hasFee: boolean) => ({ symbol, tradeId, venueOrderId, hasFee });
  const lacks = (...trades: ReturnType<typeof asked>[]) => store.books.lacks({ venue, account }, trades);
  t.deepEqual(await lacks(asked('t-1', true), asked('t-2', false)), []);
  t.deepEqual(await lacks(asked('t-1', true), asked('t-2', true)), [{ key: asked('t-2', true), of: 'fee' }]);
});

test('the books say which orders stand at the venue, and with what terms', async (t) => {
  const { store, writer } = await open(t);
  const standing = () => store.books.standing(['thing/1', 'thing/2', 'thing/9']);
  t.deepEqual(await standing(), []);
  const ours = { key: 'thing/1', quantity: '0.5', updatedAt: AT };
  await writer.commit({
    records: [recorded(1n, order('o-1', { life: 'parked', price: '43210.10', filledQuantity: '0.10' }))],
  });
  t.deepEqual(await standing(), [{ ...ours, life: 'parked', price: '43210.1', filledQuantity: '0.1' }]);
  await writer.commit({ records: [recorded(1n, order('o-1', { life: 'working', price: null }))] });
  t.deepEqual(await standing(), [{ ...ours, life: 'working', price: null, filledQuantity: '0' }]);
  t.deepEqual(await store.books.standing(['thing/2']), []);
  t.deepEqual(await store.books.standing([]), []);
  await writer.commit({ records: [recorded(1n, order('o-1', { life: 'filled' }))] });
  t.deepEqual(await standing(), []);
});
