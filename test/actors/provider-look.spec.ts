// One look at a venue account, with an exchange and books by hand: what is asked, and what is made of the answers.
import test from 'ava';
import type { StandingOrder } from '../../actors/market/books.ts';
import { externalOrderId } from '../../actors/market/client-order-id.ts';
import type { VenueOrder } from '../../actors/market/execution.ts';
import { FOUND_EXECUTIONS_MAX, FOUND_ORDERS_MAX, LOOKUPS_MAX } from '../../actors/provider/bounds.ts';
import { held, tradeKey } from '../support/books.ts';
import { AT, executed, found, lookScene, OURS, SINCE, traded } from '../support/looks.ts';
import { foreign } from '../support/providers.ts';

test('an account as the books have it leaves nothing to tell', async (t) => {
  const it = await lookScene();
  const order = { ...foreign(OURS, '7'), filledQuantity: '0.4' };
  const trade = traded('1', '7');
  it.answers.openOrders = [order];
  it.answers.trades = [trade];
  it.books.known.add(tradeKey(trade));
  it.answers.balances = [{ asset: 'BTC', available: '1', locked: '0.5', observedAt: 2 }];
  it.books.balances = [held('BTC', '1.20', '0.3')];
  t.deepEqual(await it.round({ live: [OURS] }), {
    ...{
      type: 'Reconciled',
      session: 1,
      round: 6,
      skewMs: 3,
      unseenMs: 0,
      found: [],
      missing: 0,
      left: 0,
      unresolved: 0,
    },
    openOrders: [{ clientOrderId: OURS, filledQuantity: '0.4', traded: '0.4' }],
    balances: it.answers.balances,
    differences: [],
  });
  t.deepEqual(it.queried, []);
  // Twice the lag, and the most the clocks may be apart, before the last round.
  t.deepEqual(it.tradesAsked, [{ symbol: 'BTC-USDT', sinceAt: SINCE - 11_000 }]);
});

test('clocks that are too far apart end the look before anything is concluded', async (t) => {
  const it = await lookScene();
  it.answers.skewMs = -4_000;
  const skewed = { type: 'ClockSkewed', session: 1, round: 6, skewMs: -4_000, allowedMs: 1_000 };
  t.deepEqual(await it.see(), skewed);
  t.deepEqual(it.tradesAsked, []);
});

test('trades are asked for once a symbol: of those that are watched or live, and those of open orders', async (t) => {
  const it = await lookScene();
  it.answers.openOrders = [
    { ...foreign('web1', '8'), symbol: 'ETH-USDT' },
    { ...foreign('web2', '9'), symbol: 'ETH-USDT' },
  ];
  await it.round();
  t.deepEqual(
    it.tradesAsked.map(({ symbol }) => symbol),
    ['BTC-USDT', 'ETH-USDT'],
  );
});

test('before the first round no trade can be missed', async (t) => {
  const it = await lookScene();
  it.answers.trades = [traded('1', '7')];
  t.like(await it.round({ sinceAt: null }), { missing: 0, found: [] });
  t.deepEqual(it.tradesAsked, []);
});

test('what lies before the history of the venue is not asked for, and said to be unseen', async (t) => {
  const it = await lookScene();
  it.answers.capabilities = { ...it.answers.capabilities, orderHistoryMs: 5_000, tradeHistoryMs: 20_000 };
  t.is((await it.round()).unseenMs, 10_000);
  t.deepEqual(it.tradesAsked, [{ symbol: 'BTC-USDT', sinceAt: AT - 20_000 - 11_000 }]);
  t.is((await it.round({ sinceAt: AT - 20_000 })).unseenMs, 0);
});

test('a trade the books lack belongs to an open order of ours', async (t) => {
  const it = await lookScene();
  const order = { ...foreign(OURS, '7'), filledQuantity: '0.4' };
  const trade = traded('1', '7');
  it.answers.openOrders = [order];
  it.answers.trades = [trade];
  const answer = await it.round({ live: [OURS] });
  t.is(answer.missing, 1);
  t.deepEqual(answer.found, [{ id: OURS, order, executions: [executed(trade)] }]);
  t.deepEqual(answer.openOrders, [{ clientOrderId: OURS, filledQuantity: '0.4', traded: '0' }]);
  t.deepEqual(it.queried, []);
});

test('a trade younger than the lag is on its way', async (t) => {
  const it = await lookScene();
  it.answers.openOrders = [{ ...foreign(OURS, '7'), filledQuantity: '0.4' }];
  it.answers.trades = [traded('1', '7', { tradedAt: AT - 4_996 })];
  const answer = await it.round({ live: [OURS] });
  t.is(answer.missing, 0);
  t.deepEqual(answer.openOrders, [{ clientOrderId: OURS, filledQuantity: '0.4', traded: '0.4' }]);
  it.answers.trades = [traded('1', '7', { tradedAt: AT - 4_997 })];
  t.is((await it.round({ live: [OURS] })).missing, 1);
});

test('an order that is over is asked for by the id the venue gave it, once for all its trades', async (t) => {
  const it = await lookScene();
  const ours = { ...foreign(OURS, '7'), status: 'filled' } as const;
  const theirs = { ...foreign('web1', '8'), status: 'filled' } as const;
  it.answers.orders = { 7: found(ours), 8: found(theirs) };
  const trades = [traded('1', '7'), traded('2', '7'), traded('3', '8')];
  it.answers.trades = trades;
  const answer = await it.round();
  t.is(answer.missing, 3);
  t.deepEqual(answer.found, [
    { id: OURS, order: ours, executions: trades.slice(0, 2).map(executed) },
    { id: null, order: theirs, executions: trades.slice(2).map(executed) },
  ]);
  t.deepEqual(it.queried, [
    { clientOrderId: '', symbol: 'BTC-USDT', venueOrderId: '7' },
    { clientOrderId: '', symbol: 'BTC-USDT', venueOrderId: '8' },
  ]);
});

test('an order of somebody else that was adopted is known by the id of its actor', async (t) => {
  const it = await lookScene();
  const id = externalOrderId('paper', '8');
  it.known.add(id);
  it.answers.openOrders = [foreign('web1', '8')];
  const answer = await it.round({ live: [id] });
  t.deepEqual(answer.openOrders, [{ clientOrderId: id, filledQuantity: '0', traded: '0' }]);
  t.deepEqual(answer.found, []);
});

test('open orders nobody knows are found, with executions if they filled; so is one that is not live', async (t) => {
  const it = await lookScene();
  const filled = { ...foreign('web2', '9'), filledQuantity: '0.4' };
  it.answers.openOrders = [foreign('web1', '8'), filled, foreign(OURS, '7')];
  const execution = executed(traded('1', '9'));
  it.answers.orders = { 9: { outcome: 'found', order: filled, executions: [execution] } };
  const answer = await it.round({ sinceAt: null });
  t.deepEqual(answer.found, [
    { id: null, order: foreign('web1', '8'), executions: [] },
    { id: null, order: filled, executions: [execution] },
    { id: OURS, order: foreign(OURS, '7'), executions: [] },
  ]);
  t.deepEqual(
    answer.openOrders.map(({ clientOrderId }) => clientOrderId),
    [OURS],
  );
});

test('trades of which the venue has no order any more are told as the order they add up to', async (t) => {
  const it = await lookScene();
  it.answers.trades = [traded('1', '8'), traded('2', '8', { quantity: '0.1' })];
  const [gone] = (await it.round()).found;
  t.like(gone?.order, { venueOrderId: '8', status: 'filled', quantity: '0.5', filledQuantity: '0.5', side: 'Buy' });
});

test('an order the venue does not tell of stays to be asked for', async (t) => {
  const it = await lookScene();
  it.answers.trades = [traded('1', '8')];
  it.answers.orders = { 8: { outcome: 'unknown', reason: 'timeout' } };
  t.like(await it.round(), { missing: 1, found: [], unresolved: 1, left: 0 });
});

test('a round asks and tells within its bounds, and says that there is more', async (t) => {
  const it = await lookScene();
  const many = LOOKUPS_MAX + 5;
  it.answers.trades = Array.from({ length: many }, (_, n) => traded(String(n), `v${n}`));
  const answer = await it.round();
  t.is(it.queried.length, LOOKUPS_MAX);
  t.is(answer.found.length, FOUND_ORDERS_MAX);
  t.is(answer.left, many - FOUND_ORDERS_MAX);

  const long = await lookScene();
  long.answers.trades = Array.from({ length: FOUND_EXECUTIONS_MAX + 1 }, (_, n) => traded(String(n), '7'));
  const one = await long.round();
  t.is(one.found[0]?.executions.length, FOUND_EXECUTIONS_MAX);
  t.is(one.left, 1);
});

test('an execution whose fee the venue told later is told again, and is not missing', async (t) => {
  const it = await lookScene();
  const trade = traded('1', '7', { fee: '0.001', feeAsset: 'BTC' });
  const order = { ...foreign(OURS, '7'), filledQuantity: '0.4' };
  it.answers.openOrders = [order];
  it.answers.trades = [trade];
  it.books.known.add(tradeKey(trade));
  it.books.uncharged.add(tradeKey(trade));
  const answer = await it.round({ live: [OURS] });
  t.is(answer.missing, 0);
  t.deepEqual(answer.found, [{ id: OURS, order, executions: [executed(trade)] }]);
  t.is(answer.openOrders[0]?.traded, '0.4');
});

test('an open order is other than ours when it was triggered or changed, and the news of it is overdue', async (t) => {
  const it = await lookScene();
  const open = { ...foreign(OURS, '7'), quantity: '2', price: '100', updatedAt: 980_000 };
  const terms = { key: `order/${OURS}`, life: 'working', quantity: '2.0', price: '100.00' } as const;
  const ours = { ...terms, filledQuantity: '0', updatedAt: 0 };
  const isOther = async (mine: Partial<StandingOrder>, theirs: Partial<VenueOrder> = {}) => {
    it.books.orders.splice(0, 1, { ...ours, ...mine });
    it.answers.openOrders = [{ ...open, ...theirs }];
    return (await it.round({ live: [OURS] })).openOrders[0]?.isOther ?? false;
  };
  t.false(await isOther({}));
  t.true(await isOther({ life: 'parked' }));
  t.false(await isOther({ life: 'parked' }, { status: 'parked' }));
  t.true(await isOther({ quantity: '1' }));
  t.true(await isOther({ price: '99' }));
  t.false(await isOther({ price: null }));
  t.false(await isOther({ price: '99' }, { price: null }));
  t.false(await isOther({ life: 'parked' }, { updatedAt: AT - 4_996 }), 'it may be on its way');
  t.true(await isOther({ life: 'parked' }, { updatedAt: AT - 4_997 }));
  // A trade that was taken back while nobody listened; a fill that the list of orders does not have yet.
  t.true(await isOther({ filledQuantity: '0.4', updatedAt: AT - 5_000 }));
  t.false(await isOther({ filledQuantity: '0.4', updatedAt: AT - 4_999 }));
  t.false(await isOther({ filledQuantity: '0.4' }, { filledQuantity: '0.4' }));
  t.false(await isOther({ filledQuantity: '0.4' }, { filledQuantity: '1' }), 'its trades say what is missing');
  it.books.orders.splice(0);
  it.answers.openOrders = [open];
  t.deepEqual((await it.round({ live: [OURS] })).openOrders, [
    { clientOrderId: OURS, filledQuantity: '0', traded: '0' },
  ]);
});

test('many trades are looked up in our books page by page', async (t) => {
  const it = await lookScene();
  const trades = Array.from({ length: 1_100 }, (_, n) => traded(String(n), '7'));
  for (const trade of trades) it.books.known.add(tradeKey(trade));
  it.answers.trades = trades;
  t.is((await it.round()).missing, 0);
  t.deepEqual(it.books.looked, [500, 500, 100]);
});

test('a symbol the venue never listed has no trades of ours, and keeps no other from being looked at', async (t) => {
  const it = await lookScene();
  it.answers.unlisted = ['DOG-USDT'];
  const trade = traded('1', '7');
  it.answers.trades = [trade];
  it.answers.balances = [{ asset: 'BTC', available: '0.4', locked: '0', observedAt: 2 }];
  t.like(await it.round({ symbols: ['DOG-USDT', 'BTC-USDT'] }), { missing: 1 });
  t.is(it.tradesAsked.filter(({ symbol }) => symbol === 'DOG-USDT').length, 1, 'once, and not again for its assets');
  // What it does list must be answered for; what it lists no more is told of where it still knows it.
  it.listed.add('DOG-USDT');
  await t.throwsAsync(it.see({ symbols: ['DOG-USDT'] }), { message: /DOG-USDT/ });
  const halted = await lookScene();
  halted.listed.clear();
  halted.answers.trades = [trade];
  t.like(await halted.round(), { missing: 1 });
});

test('trades are told before orders that only wait to be heard of, whose number leaves nothing undone', async (t) => {
  const it = await lookScene();
  const ids = Array.from({ length: FOUND_ORDERS_MAX + 1 }, (_, n) => `idle${n}`);
  for (const id of ids) it.known.add(id);
  it.answers.openOrders = ids.map((id, n) => foreign(id, `v${n}`));
  it.answers.trades = [traded('1', '8')];
  it.answers.orders = { 8: found({ ...foreign(OURS, '8'), status: 'canceled', filledQuantity: '0.4' }) };
  const answer = await it.round();
  t.is(answer.found[0]?.id, OURS);
  t.is(answer.found[0]?.executions.length, 1);
  t.like(answer, { missing: 1, left: 0, unresolved: 0, unclear: undefined });
  // All of them are told, in this round or in another.
  const told = new Set<string | null>();
  for (let round = 1; round <= 3; round += 1) for (const { id } of (await it.round({ round })).found) told.add(id);
  t.is(told.size, ids.length + 1);
});

test('orders the venue does not tell of keep no other from being asked for in a later round', async (t) => {
  const it = await lookScene();
  const silent = Array.from({ length: LOOKUPS_MAX }, (_, n) => `v${n}`);
  it.answers.trades = [...silent, 'w'].map((venueOrderId, n) => traded(String(n), venueOrderId));
  it.answers.orders = Object.fromEntries(silent.map((id) => [id, { outcome: 'unknown', reason: 'no order' }]));
  const told: string[] = [];
  for (let round = 1; round <= 3; round += 1)
    told.push(...(await it.round({ round })).found.map(({ order }) => order.venueOrderId));
  t.true(told.includes('w'));
});

test('of trades that are not told of, the assets are named, unless a fee may be in any', async (t) => {
  const it = await lookScene();
  const paid = { fee: '0.1', feeAsset: 'BNB' };
  it.answers.orders = { 8: { outcome: 'unknown', reason: 'timeout' } };
  it.answers.trades = [traded('1', '8', paid)];
  t.like(await it.round(), { unresolved: 1, unclear: ['BNB', 'BTC', 'USDT'] });
  it.answers.trades = [traded('1', '8')];
  t.false('unclear' in (await it.round()));
  it.answers.orders = {};
  t.false('unclear' in (await it.round()), 'all is told');
});
