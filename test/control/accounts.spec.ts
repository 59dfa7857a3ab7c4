import test from 'ava';
import type { AccountLists } from '../../actors/control/routes/accounts.ts';
import { BEARER, NO_ACCOUNTS, rig, server } from './support.ts';

type Rows<Name extends keyof AccountLists> = Awaited<ReturnType<AccountLists[Name]>>;
type Answers = { readonly [Name in keyof AccountLists]?: Rows<Name> };

/** The lists answer these rows, and what they were asked for is kept. */
function world(answers: Answers = {}) {
  const asked: unknown[] = [];
  const answer = async <Row>(call: readonly unknown[], rows: readonly Row[] = []): Promise<readonly Row[]> => {
    asked.push(call);
    return rows;
  };
  const accounts: AccountLists = {
    listPositions: (filter) => answer(['listPositions', filter], answers.listPositions),
    listLedger: (filter) => answer(['listLedger', filter], answers.listLedger),
    listLedgerBalances: (provider) => answer(['listLedgerBalances', provider], answers.listLedgerBalances),
    listBalances: (provider, limit) => answer(['listBalances', provider, limit], answers.listBalances),
  };
  const made = server(rig({ accounts }));
  const get = async (url: string) => {
    const response = await made.ask('GET', url, BEARER);
    return { status: response.statusCode, body: response.json() };
  };
  return { ...made, get, asked };
}

function position(id: bigint, change: object = {}) {
  return {
    ...{ id, provider: 'paper', account: 'main', strategyInstance: 'mm-1', symbol: 'BTC-USDT' },
    ...{ quantity: '-2', costQuote: '-210', realizedQuote: '7.5', fees: { USDT: '0.1' }, updatedAt: 5 },
    ...change,
  };
}

test('positions are listed with the profit they would make at the newest reference price of any scope', async (t) => {
  const other = position(8n, { symbol: 'ETH-USDT' });
  const { get, inspector } = world({ listPositions: [position(7n), other] });
  const at = (price: string, time: number) => ({ references: { 'paper:BTC-USDT': { price, at: time } } });
  inspector.move('risk/old', 'ReferencePriceMoved', 'active');
  inspector.move('risk/main', 'ReferencePriceMoved', 'active');
  const snapshots = new Map([
    ['risk/old', { v: 'active', c: at('90', 1) }],
    ['risk/main', { v: 'active', c: at('100', 2) }],
  ]);
  const found = inspector.find;
  inspector.find = async (key, options) => {
    const detail = await found(key, options);
    return detail === null ? null : { ...detail, snapshot: snapshots.get(key) ?? detail.snapshot };
  };
  const { status, body } = await get('/debug/positions');
  t.is(status, 200);
  t.deepEqual(body, {
    positions: [
      { ...position(7n), id: '7', mark: { price: '100', at: 2 }, unrealizedQuote: '10' },
      { ...other, id: '8', mark: null, unrealizedQuote: null },
    ],
    count: 2,
    next: null,
  });
});

test('positions are filtered and paged by their id', async (t) => {
  const { get, asked } = world({ listPositions: [position(7n), position(8n)] });
  const { body } = await get('/debug/positions?provider=paper&strategyInstance=mm-1&after=6&limit=1');
  t.deepEqual([body.count, body.next], [1, '7']);
  t.deepEqual(asked, [['listPositions', { provider: 'paper', strategyInstance: 'mm-1', afterId: 6n, limit: 2 }]]);
});

const LEDGER = [
  { account: 'available:paper', asset: 'USDT', balance: '90' },
  { account: 'locked:paper', asset: 'USDT', balance: '10.5' },
  { account: 'suspense:paper', asset: 'USDT', balance: '-3' },
  { account: 'available:paper', asset: 'BNB', balance: '1' },
];
const VENUE = [
  { asset: 'BTC', available: '0.5', locked: '0', observedAt: 9 },
  { asset: 'USDT', available: '91', locked: '10', observedAt: 9 },
];

test('ledger accounts stand beside what the venue says, with the difference', async (t) => {
  const { get, asked } = world({ listLedgerBalances: LEDGER, listBalances: VENUE });
  const { body } = await get('/debug/balances?provider=paper');
  const nothing = { available: '0', locked: '0', fees: '0', external: '0', suspense: '0', pnl: '0' };
  t.deepEqual(body, {
    provider: 'paper',
    balances: [
      { asset: 'BNB', ledger: { ...nothing, available: '1' }, venue: null, difference: null },
      {
        ...{ asset: 'BTC', ledger: nothing, difference: '0.5' },
        venue: { available: '0.5', locked: '0', observedAt: 9 },
      },
      {
        asset: 'USDT',
        ledger: { ...nothing, available: '90', locked: '10.5', suspense: '-3' },
        venue: { available: '91', locked: '10', observedAt: 9 },
        difference: '0.5',
      },
    ],
    count: 3,
    next: null,
  });
  t.deepEqual(asked, [
    ['listLedgerBalances', 'paper'],
    ['listBalances', 'paper', 10_000],
  ]);
  const { body: second } = await get('/debug/balances?provider=paper&limit=1&after=BNB');
  t.deepEqual([second.balances.map(({ asset }: { asset: string }) => asset), second.next], [['BTC'], 'BTC']);
});

test('the lines of a posting or an account are listed, newest first', async (t) => {
  const line = (id: bigint) => ({
    ...{ id, posting: 'fill:1', kind: 'trade', account: 'available:paper', asset: 'BTC' },
    ...{ amount: '0.5', bookedAt: 3 },
  });
  const { get, asked } = world({ listLedger: [line(9n), line(8n)] });
  const { body } = await get('/debug/ledger?posting=fill:1&account=available:paper&before=10&limit=1');
  t.deepEqual(body, { lines: [{ ...line(9n), id: '9' }], count: 1, next: '9' });
  t.deepEqual(asked, [['listLedger', { posting: 'fill:1', account: 'available:paper', beforeId: 10n, limit: 2 }]]);
});

test('what is no account, cursor or parameter of a list is refused, and the database is not asked', async (t) => {
  const { get, asked } = world();
  const wrong = [
    '/debug/balances',
    '/debug/ledger?account=cash:paper',
    '/debug/ledger?before=x',
    '/debug/positions?after=0',
    '/debug/positions?limit=0',
    '/debug/positions?symbol=BTC-USDT',
  ];
  for (const url of wrong) t.like(await get(url), { status: 400, body: { code: 'QUERY_INVALID' } }, url);
  t.deepEqual(asked, []);
});

test('a system that never traded has empty lists', async (t) => {
  const { ask } = server(rig({ accounts: NO_ACCOUNTS }));
  for (const url of ['/debug/positions', '/debug/balances?provider=paper', '/debug/ledger']) {
    t.like((await ask('GET', url, BEARER)).json(), { count: 0, next: null });
  }
});
