// What can be asked of orders beside their trades; and fees, in what is received or in an asset of their own.
import test from 'ava';
import { DEFAULT_SYMBOLS, listSymbol } from '../../actors/exchanges/paper/core/symbol.ts';
import { readLedger } from '../../actors/exchanges/paper/ledger/read.ts';
import { parse } from '../../actors/market/decimal.ts';
import { ALICE, BOB, type Body, Client, openVenue } from '../support/paper.ts';
import { UserEvents } from '../support/paper-user.ts';

const SYMBOL = { symbol: 'BTCUSDT' };

test('the amends of an order are listed, each with what it changed and the id it was reported under', async (t) => {
  const first = await openVenue(t);
  const alice = new Client(first.port);
  await alice.limit('BUY', '50000', '0.3', { newClientOrderId: 'a' });
  const ids: unknown[] = [];
  for (const [newQty, origClientOrderId, newClientOrderId] of [
    ['0.2', 'a', 'b'],
    ['0.1', 'b', 'c'],
  ] as const) {
    const amend = { ...SYMBOL, origClientOrderId, newQty, newClientOrderId };
    ids.push((await alice.signed('PUT', 'order/amend/keepPriority', amend)).body['executionId']);
  }
  const asked = (client: Client) => client.signed('GET', 'order/amendments', { ...SYMBOL, orderId: 1 });
  const { list } = await asked(alice);
  t.like(list[0], {
    orderId: 1,
    origClientOrderId: 'a',
    newClientOrderId: 'b',
    origQty: '0.30000000',
    newQty: '0.20000000',
  });
  t.deepEqual(
    list.map(({ executionId }) => executionId),
    ids,
  );
  const later = await alice.signed('GET', 'order/amendments', {
    ...SYMBOL,
    orderId: 1,
    fromExecutionId: Number(ids[1]),
  });
  t.is(later.list.length, 1);
  t.is((await alice.signed('GET', 'order/amendments', SYMBOL)).body['code'], -1102);
  await first.close();
  const again = await openVenue(t, { dataDir: first.dataDir });
  t.deepEqual((await asked(new Client(again.port))).list, list);
});

test('matches that were prevented are listed, with what each order lost by them', async (t) => {
  const { port } = await openVenue(t);
  const alice = new Client(port);
  await alice.limit('SELL', '60000', '0.1', { newClientOrderId: 'maker' });
  await alice.limit('BUY', '60000', '0.3', { newClientOrderId: 'taker', selfTradePreventionMode: 'EXPIRE_MAKER' });
  const of = async (fields: object) => (await alice.signed('GET', 'myPreventedMatches', { ...SYMBOL, ...fields })).list;
  const [match, ...more] = await of({ orderId: 2 });
  t.like(match, {
    ...{ symbol: 'BTCUSDT', preventedMatchId: 0, takerOrderId: 2, makerOrderId: 1, price: '60000.00000000' },
    ...{ selfTradePreventionMode: 'EXPIRE_MAKER', makerPreventedQuantity: '0.10000000' },
  });
  t.false('takerPreventedQuantity' in (match ?? {}));
  t.deepEqual(more, []);
  t.deepEqual(await of({ preventedMatchId: 0 }), [match ?? {}]);
  t.deepEqual(await of({ preventedMatchId: 1 }), []);
  t.is((await alice.signed('GET', 'myPreventedMatches', SYMBOL)).body['code'], -1102);
});

test('when a new order in the place of another one is refused, the stream says so with the reason', async (t) => {
  const { port } = await openVenue(t);
  const alice = new Client(port);
  const events = await UserEvents.open(t, port);
  await alice.limit('BUY', '50000', '0.1', { newClientOrderId: 'old' });
  const terms = { ...SYMBOL, side: 'BUY', type: 'LIMIT', timeInForce: 'GTC', price: '50000', quantity: '3' };
  const wish = { ...terms, cancelReplaceMode: 'STOP_ON_FAILURE', newClientOrderId: 'new' };
  const { body } = await alice.signed('POST', 'order/cancelReplace', { ...wish, cancelOrigClientOrderId: 'old' });
  t.is(body['code'], -2021);
  t.like(await events.find({ x: 'REJECTED' }), {
    ...{
      X: 'REJECTED',
      r: 'INSUFFICIENT_BALANCES',
      c: 'new',
      C: '',
      i: -1,
      q: '3.00000000',
      z: '0.00000000',
      w: false,
    },
  });
  const reports = events.reports();
  t.deepEqual(reports, ['NEW NEW', 'CANCELED CANCELED', 'REJECTED REJECTED']);
  await alice.signed('POST', 'order/cancelReplace', {
    ...{ ...wish, cancelReplaceMode: 'ALLOW_FAILURE', cancelOrigClientOrderId: 'old' },
  });
  await alice.limit('BUY', '50000', '0.1', { newClientOrderId: 'last' });
  await events.find({ c: 'last' });
  t.deepEqual(events.reports(), [...reports, 'NEW NEW'], 'nothing was canceled, and nothing is told');
});

test('what trading costs can be asked for, as ccxt and others ask for it', async (t) => {
  const { port } = await openVenue(t, { fees: { maker: parse('0.0002'), taker: parse('0.0005') } });
  const alice = new Client(port);
  const commission = (await alice.signed('GET', 'account/commission', SYMBOL)).body;
  t.like(commission, {
    symbol: 'BTCUSDT',
    standardCommission: { maker: '0.00020000', taker: '0.00050000' },
    discount: { enabledForAccount: false },
  });
  const fees = (await alice.signed('GET', '../../sapi/v1/asset/tradeFee')).list;
  t.deepEqual(fees[0], { symbol: 'BTCUSDT', makerCommission: '0.00020000', takerCommission: '0.00050000' });
  t.is(fees.length, 2);
  for (const empty of ['margin/allPairs', 'margin/isolated/allPairs']) {
    t.is((await alice.signed('GET', `../../sapi/v1/${empty}`)).text, '[]');
  }
  const coins = (await alice.signed('GET', '../../sapi/v1/capital/config/getall')).list;
  t.deepEqual(
    coins.map(({ coin }) => coin),
    ['BTC', 'USDT', 'ETH'],
  );
});

test('an account that pays its fees in another asset does so while it has it free, at its last price', async (t) => {
  const [btc, eth] = DEFAULT_SYMBOLS;
  if (!btc || !eth) throw new Error('two symbols are listed');
  const bnb = { ...eth, base: 'BNB', startPrice: '600' };
  const inAsset = { asset: 'BNB', accounts: ['alice'], part: parse('0.75') };
  const { port, ledgerFile } = await openVenue(t, {
    symbols: [btc, eth, bnb].map(listSymbol),
    accounts: [{ ...ALICE, balances: { ...ALICE.balances, BNB: '0.02' } }, BOB],
    fees: { maker: parse('0.001'), taker: parse('0.001'), inAsset },
  });
  const [alice, bob] = [new Client(port), new Client(port, BOB)];
  const events = await UserEvents.open(t, port);
  await bob.limit('SELL', '60000', '1', { newClientOrderId: 'ask' });
  const paid = (answer: Body) =>
    (answer['fills'] as readonly Body[]).map((fill) => [fill['commission'], fill['commissionAsset']]);
  // 6,000 USDT at 0.75 of a thousandth are 4.5 USDT, or 0.0075 BNB at 600.
  t.deepEqual(paid((await alice.limit('BUY', '60000', '0.1')).body), [['0.00750000', 'BNB']]);
  t.like(await events.find({ x: 'TRADE' }), { n: '0.00750000', N: 'BNB' });
  t.deepEqual(paid((await alice.limit('BUY', '60000', '0.1')).body), [['0.00750000', 'BNB']]);
  t.deepEqual(
    paid((await alice.limit('BUY', '60000', '0.1')).body),
    [['0.00010000', 'BTC']],
    'there is not enough left',
  );
  const own = (await alice.signed('GET', 'myTrades', SYMBOL)).list;
  t.deepEqual(
    own.map(({ commissionAsset }) => commissionAsset),
    ['BNB', 'BNB', 'BTC'],
  );
  const { balances } = await readLedger(ledgerFile);
  t.deepEqual(
    ['alice', 'fees'].map((name) => [balances.get(name)?.get('BNB'), balances.get(name)?.get('BTC')]),
    [
      ['0.005', '2.2999'],
      ['0.015', '0.0001'],
    ],
  );
  // Two trades of one command: what is left pays for the first of them.
  for (const quantity of ['0.04', '0.06']) await bob.limit('SELL', '59990', quantity);
  const two = (await alice.limit('BUY', '59990', '0.1')).body;
  t.deepEqual(
    paid(two).map(([, asset]) => asset),
    ['BNB', 'BTC'],
  );
  const shown = (await alice.signed('GET', 'account')).body['balances'] as readonly Body[];
  t.like(
    shown.find(({ asset }) => asset === 'BNB'),
    { free: '0.00200050' },
  );
  await alice.admin('POST', '/venue/bust', { ...SYMBOL, tradeId: 1, account: 'alice' });
  t.is((await readLedger(ledgerFile)).balances.get('alice')?.get('BNB'), '0.0095005');
  t.like((await alice.signed('GET', 'account/commission', SYMBOL)).body, {
    discount: { enabledForAccount: true, discountAsset: 'BNB', discount: '0.75000000' },
  });
});

test('an order that expired says why, in the stream and when it is asked for', async (t) => {
  const { port } = await openVenue(t);
  const [alice, bob] = [new Client(port), new Client(port, BOB)];
  const events = await UserEvents.open(t, port);
  await bob.limit('SELL', '60000', '0.1');
  const check = async (id: string, reason: string) => {
    t.like(await events.find({ x: 'EXPIRED', c: id }), { eR: reason });
    const asked = (await alice.signed('GET', 'order', { ...SYMBOL, origClientOrderId: id })).body;
    t.is(asked['expiryReason'], reason);
  };
  await alice.limit('BUY', '60000', '0.2', { timeInForce: 'FOK', newClientOrderId: 'fok' });
  await check('fok', 'UNFILLED_FOK_ORDER_EXPIRED');
  const cut = await alice.limit('BUY', '60000', '0.2', { timeInForce: 'IOC', newClientOrderId: 'ioc' });
  t.is(cut.body['expiryReason'], 'UNFILLED_IOC_QUANTITY_EXPIRED');
  await check('ioc', 'UNFILLED_IOC_QUANTITY_EXPIRED');
  const market = { ...SYMBOL, side: 'BUY', type: 'MARKET', quantity: '0.1', newClientOrderId: 'any' };
  await alice.signed('POST', 'order', market);
  await check('any', 'INSUFFICIENT_LIQUIDITY');
  await alice.limit('BUY', '50000', '0.1', { newClientOrderId: 'ended' });
  await alice.admin('POST', '/venue/expire', { clientOrderId: 'ended' });
  await check('ended', 'EXCHANGE_CANCELED');
  await alice.limit('BUY', '50000', '0.1', { newClientOrderId: 'mine' });
  await alice.signed('DELETE', 'order', { ...SYMBOL, origClientOrderId: 'mine' });
  t.false('eR' in (await events.find({ x: 'CANCELED', C: 'mine' })));
});
