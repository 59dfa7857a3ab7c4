// The account against the ledger in one look: what differs, what trades on their way account for, and where a trade
// may have been missed that nobody watches.
import test from 'ava';
import fc from 'fast-check';
import { parse } from '../../actors/market/decimal.ts';
import { LOST_SYMBOLS_MAX } from '../../actors/provider/bounds.ts';
import { held, tradeKey } from '../support/books.ts';
import { AT, executed, found, lookScene, SINCE, traded } from '../support/looks.ts';
import { foreign } from '../support/providers.ts';

test('the account is compared with the ledger by what each asset comes to in all', async (t) => {
  const it = await lookScene();
  const balance = { locked: '0', observedAt: 2 };
  it.answers.balances = [
    { asset: 'USDT', available: '100', ...balance },
    { asset: 'ETH', available: '1', locked: '1', observedAt: 2 },
    { asset: 'BTC', available: '1', ...balance },
  ];
  it.books.balances = [held('BTC', '1.5'), held('ETH', '2'), held('SOL', '3', '-1')];
  t.deepEqual((await it.round()).differences, [
    { asset: 'BTC', amount: '-0.5', isBusy: false },
    { asset: 'SOL', amount: '-2', isBusy: false },
    { asset: 'USDT', amount: '100', isBusy: false },
  ]);
});

test('where both assets of an unwatched symbol differ, its trades are looked for from before they did', async (t) => {
  const it = await lookScene();
  for (const symbol of ['ETH-USDT', 'SOL-USDT', 'ETH-BTC']) it.everListed.add(symbol);
  const late = traded('1', '8', { symbol: 'ETH-USDT', tradedAt: SINCE - 60_000 });
  it.answers.trades = [late];
  it.answers.orders = { 8: found({ ...foreign('web1', '8'), symbol: 'ETH-USDT', status: 'filled' }) };
  it.answers.balances = [{ asset: 'ETH', available: '0.4', locked: '0', observedAt: 2 }];
  it.books.balances = [held('USDT', '40')];
  const answer = await it.round({ offSinceAt: SINCE - 90_000 });
  t.like(answer, { missing: 1, found: [{ executions: [executed(late)] }] });
  t.deepEqual(it.tradesAsked.slice(0, 2), [
    { symbol: 'BTC-USDT', sinceAt: SINCE - 11_000 },
    { symbol: 'ETH-USDT', sinceAt: SINCE - 101_000 },
  ]);
  t.false(it.tradesAsked.some(({ symbol }) => symbol === 'SOL-USDT' || symbol === 'ETH-BTC'));
  // A deposit is of one asset; at the first look everything differs.
  const asked = it.tradesAsked.length;
  it.books.balances = [];
  await it.round({ symbols: [] });
  await it.round({ symbols: [], sinceAt: null });
  t.is(it.tradesAsked.length, asked);
});

test('a round looks into few symbols nobody watches, and the next into others', async (t) => {
  const it = await lookScene();
  const names = Array.from({ length: LOST_SYMBOLS_MAX + 2 }, (_, n) => `A${n}`);
  for (const name of names) it.everListed.add(`${name}-USDT`);
  it.answers.balances = ['USDT', ...names].map((asset) => ({ asset, available: '1', locked: '0', observedAt: 2 }));
  await it.round({ symbols: [], round: 1 });
  const before = new Set(it.tradesAsked.splice(0).map(({ symbol }) => symbol));
  t.is(before.size, LOST_SYMBOLS_MAX);
  await it.round({ symbols: [], round: 2 });
  t.is(new Set([...before, ...it.tradesAsked.map(({ symbol }) => symbol)]).size, names.length);
});

test('of what differs in a traded asset, what trades on their way account for is told', async (t) => {
  const it = await lookScene();
  const trades = [
    traded('1', '7', { tradedAt: AT - 400, quantity: '1', fee: '0.01', feeAsset: 'BNB' }),
    traded('2', '7', { tradedAt: AT - 300, quantity: '3', side: 'Sell', fee: '0.03', feeAsset: 'BNB' }),
    traded('3', '7', { tradedAt: AT - 200, quantity: '1', fee: '0.01', feeAsset: 'BNB' }),
  ];
  it.answers.trades = trades;
  for (const trade of trades) it.books.known.add(tradeKey(trade));
  const off = async (asset: string, available: string) => {
    it.answers.balances = [{ asset, available, locked: '0', observedAt: 2 }];
    return (await it.round()).differences;
  };
  // The account may lack the newest, the two newest or all of them: +1, -2, -1. Our books have them all.
  t.deepEqual(await off('BTC', '10'), [{ asset: 'BTC', amount: '10', isBusy: true, least: '8', most: '11' }]);
  t.deepEqual(await off('BNB', '10'), [{ asset: 'BNB', amount: '10', isBusy: true, least: '9.95', most: '10' }]);
  t.deepEqual(await off('SOL', '10'), [{ asset: 'SOL', amount: '10', isBusy: false }]);
  // Our books lack the one in the middle, and it is too young to be missed.
  it.books.known.delete(tradeKey(trades[1] ?? traded('', '')));
  t.deepEqual(await off('BTC', '10'), [{ asset: 'BTC', amount: '10', isBusy: true, least: '8', most: '14' }]);
});

test('a fee that is not told yet may be in any asset, and is small where it is in the traded ones', async (t) => {
  const it = await lookScene();
  const trade = traded('1', '7', { tradedAt: AT - 200, quantity: '1' });
  it.answers.trades = [trade];
  it.books.known.add(tradeKey(trade));
  it.answers.balances = ['BNB', 'BTC'].map((asset) => ({ asset, available: '10', locked: '0', observedAt: 2 }));
  t.deepEqual((await it.round()).differences, [
    { asset: 'BNB', amount: '10', isBusy: false, least: '0', most: '10' },
    { asset: 'BTC', amount: '10', isBusy: true, least: '10', most: '11.02' },
  ]);
});

test('what the account holds is told by name, without what holds nothing', async (t) => {
  const it = await lookScene();
  const seen = (asset: string, available: string, locked = '0') => ({ asset, available, locked, observedAt: 2 });
  it.answers.balances = [seen('USDT', '1'), seen('XRP', '0.00'), seen('BTC', '0', '1')];
  t.deepEqual((await it.round()).balances, [seen('BTC', '0', '1'), seen('USDT', '1')]);
});

test('an asset that was traded shortly before or while we looked is busy', async (t) => {
  const it = await lookScene();
  it.answers.balances = [
    { asset: 'BTC', available: '1', locked: '0', observedAt: 2 },
    { asset: 'SOL', available: '1', locked: '0', observedAt: 2 },
  ];
  const trade = traded('1', '7', { tradedAt: AT + 20, fee: '0.01', feeAsset: 'USDT' });
  it.answers.trades = [trade];
  it.books.known.add(tradeKey(trade));
  t.deepEqual((await it.round()).differences, [
    { asset: 'BTC', amount: '1', isBusy: true, least: '1', most: '1.4' },
    { asset: 'SOL', amount: '1', isBusy: false },
  ]);
});

const TRADED = fc.record({
  at: fc.integer({ min: AT - 900, max: AT - 890 }),
  side: fc.constantFrom('Buy', 'Sell'),
  quantity: fc.integer({ min: 1, max: 50 }),
  /** Null: the venue does not tell it yet. */
  fee: fc.option(fc.integer({ min: 0, max: 1 }), { nil: null }),
  feeAsset: fc.constantFrom('BTC', 'USDT', 'BNB'),
  order: fc.integer(),
  /** Our books had it when they were asked, and when the ledger was read. */
  isBooked: fc.constantFrom('before', 'meanwhile', 'later'),
});

test('whatever is on its way to the account and to our books, it is within what trades account for', async (t) => {
  await fc.assert(
    fc.asyncProperty(fc.array(TRADED, { maxLength: 8 }), fc.nat(8), async (all, shown) => {
      const it = await lookScene();
      const inOrder = all.toSorted((a, b) => a.at - b.at || a.order - b.order);
      const trades = inOrder.map(({ at, side, quantity, fee, feeAsset }, n) => {
        const charge = { fee: fee === null ? null : `${fee}`, feeAsset: fee === null ? null : feeAsset };
        return traded(`${n}`, '7', { tradedAt: at, side, quantity: `${quantity}`, price: '3', ...charge });
      });
      it.answers.trades = trades;
      const account: { [asset: string]: number } = { BTC: 10_000, USDT: 10_000, BNB: 10_000 };
      const ledger = { ...account };
      for (const [n, one] of inOrder.entries()) {
        const turn = one.side === 'Buy' ? 1 : -1;
        const moves = { BTC: turn * one.quantity, USDT: -3 * turn * one.quantity };
        for (const [asset, moved] of [...Object.entries(moves), [one.feeAsset, -(one.fee ?? 0)] as const]) {
          if (n < shown) account[asset] = (account[asset] ?? 0) + moved;
          if (one.isBooked !== 'later') ledger[asset] = (ledger[asset] ?? 0) + moved;
        }
        if (one.isBooked === 'before') it.books.known.add(tradeKey(trades[n] ?? traded('', '')));
      }
      it.answers.balances = Object.entries(account).map(([asset, amount]) => {
        return { asset, available: `${amount}`, locked: '0', observedAt: 2 };
      });
      it.books.balances = Object.entries(ledger).map(([asset, amount]) => held(asset, `${amount}`));
      for (const { amount, least = amount, most = amount } of (await it.round()).differences)
        if (parse(least) > 0n || parse(most) < 0n) throw new Error(`between ${least} and ${most}`);
    }),
    { numRuns: 300 },
  );
  t.pass();
});
