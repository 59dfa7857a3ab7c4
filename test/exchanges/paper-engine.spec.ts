import test from 'ava';
import { withFilters } from '../../actors/exchanges/paper/core/symbol.ts';
import { format, parse } from '../../actors/market/decimal.ts';
import { engine, holds, place, STARTED_AT } from '../support/paper-core.ts';

test('an order that meets nothing rests on the book and locks what it may cost', (t) => {
  const venue = engine();
  const { status, fills } = place(venue, { side: 'BUY', price: '50000', quantity: '0.5' });
  t.is(status, 'NEW');
  t.deepEqual(fills, []);
  t.is(holds(venue, 'alice', 'USDT'), '75000/25000');
  t.is(format(venue.state.book('BTCUSDT').quantityAt('BUY', parse('50000'))), '0.5');
});

test('the best price trades first, and within a price the order that came first', (t) => {
  const venue = engine();
  const later = place(venue, { account: 'bob', side: 'SELL', price: '50010', quantity: '0.1' });
  const first = place(venue, { account: 'bob', side: 'SELL', price: '50000', quantity: '0.1' });
  const second = place(venue, { account: 'bob', side: 'SELL', price: '50000', quantity: '0.1' });
  const { fills, outcome } = place(venue, { side: 'BUY', price: '50010', quantity: '0.25' });
  t.deepEqual(fills, ['0.1@50000', '0.1@50000', '0.05@50010']);
  t.deepEqual(
    outcome.trades.map(({ seller }) => seller.orderId),
    [first.id, second.id, later.id],
  );
});

test('a trade happens at the resting price and the buyer gets back what it saved', (t) => {
  const venue = engine();
  place(venue, { account: 'bob', side: 'SELL', price: '49000', quantity: '1' });
  const { status } = place(venue, { side: 'BUY', price: '50000', quantity: '1' });
  t.is(status, 'FILLED');
  t.is(holds(venue, 'alice', 'USDT'), '51000/0');
  t.is(holds(venue, 'alice', 'BTC'), '2.998/0', 'the taker fee is taken from the coin that was bought');
  t.is(holds(venue, 'bob', 'USDT'), '148951/0', 'the maker fee is taken from the money that was received');
  t.is(holds(venue, 'fees', 'BTC'), '0.002/0');
  t.is(holds(venue, 'fees', 'USDT'), '49/0');
});

test('a fee is cut to eight places, in favour of who pays it', (t) => {
  const venue = engine();
  place(venue, { account: 'bob', side: 'BUY', price: '50000.01', quantity: '0.00011' });
  place(venue, { side: 'SELL', price: '50000.01', quantity: '0.00011' });
  t.is(holds(venue, 'alice', 'USDT'), '100005.4890011/0', '0.0110000022 became 0.01100000');
  t.is(holds(venue, 'bob', 'BTC'), '2.00010989/0', '0.00000011 needed no cutting');
});

test('what is left of a limit order rests, keeps its place, and is filled later', (t) => {
  const venue = engine();
  place(venue, { account: 'bob', side: 'SELL', price: '50000', quantity: '0.1' });
  const resting = place(venue, { side: 'BUY', price: '50000', quantity: '0.3' });
  t.is(resting.status, 'PARTIALLY_FILLED');
  t.is(resting.executed, '0.1');
  place(venue, { account: 'bob', side: 'BUY', price: '50000', quantity: '0.3' });
  const { outcome } = place(venue, { account: 'bob', side: 'SELL', price: '49990', quantity: '0.2' });
  t.deepEqual(
    outcome.trades.map(({ buyer }) => buyer.orderId),
    [resting.id],
  );
  t.is(venue.state.orders.get(resting.id)?.status, 'FILLED');
});

test('IOC takes what is there and expires with the rest; FOK takes all or nothing', (t) => {
  const venue = engine();
  place(venue, { account: 'bob', side: 'SELL', price: '50000', quantity: '0.1' });
  const killed = place(venue, { side: 'BUY', timeInForce: 'FOK', price: '50000', quantity: '0.2' });
  t.like(killed, { status: 'EXPIRED', executed: '0', fills: [] });
  const cut = place(venue, { side: 'BUY', timeInForce: 'IOC', price: '50000', quantity: '0.2' });
  t.like(cut, { status: 'EXPIRED', executed: '0.1', fills: ['0.1@50000'] });
  t.is(holds(venue, 'alice', 'USDT'), '95000/0', 'nothing stays locked');
  place(venue, { account: 'bob', side: 'SELL', price: '50000', quantity: '0.2' });
  t.is(place(venue, { side: 'BUY', timeInForce: 'FOK', price: '50000', quantity: '0.2' }).status, 'FILLED');
});

test('a market order walks the book and expires with what the book cannot give', (t) => {
  const venue = engine();
  place(venue, { account: 'bob', side: 'SELL', price: '50000', quantity: '0.1' });
  place(venue, { account: 'bob', side: 'SELL', price: '50100', quantity: '0.1' });
  const { status, executed, fills } = place(venue, { side: 'BUY', type: 'MARKET', quantity: '0.3' });
  t.like({ status, executed, fills }, { status: 'EXPIRED', executed: '0.2', fills: ['0.1@50000', '0.1@50100'] });
  t.is(holds(venue, 'alice', 'USDT'), '89990/0');
  t.is(place(venue, { side: 'SELL', type: 'MARKET', quantity: '0.1' }).status, 'EXPIRED', 'an empty book');
});

test('a maker-only order rests or is refused', (t) => {
  const venue = engine();
  place(venue, { account: 'bob', side: 'SELL', price: '50000', quantity: '0.1' });
  const crossing = place(venue, { side: 'BUY', type: 'LIMIT_MAKER', price: '50000', quantity: '0.1' });
  t.is(crossing.refusal, '-2010 Order would immediately match and take.');
  t.is(place(venue, { side: 'BUY', type: 'LIMIT_MAKER', price: '49999.99', quantity: '0.1' }).status, 'NEW');
  t.is(holds(venue, 'alice', 'USDT'), '95000.001/4999.999');
});

test('a client order id is refused while an order under it is open, and free again after', (t) => {
  const venue = engine();
  const first = place(venue, { id: 'mine', side: 'BUY', price: '50000', quantity: '0.1' });
  const copy = place(venue, { id: 'mine', side: 'BUY', price: '50000', quantity: '0.1' });
  t.is(copy.refusal, '-2010 Duplicate order sent.');
  t.is(place(venue, { account: 'bob', id: 'mine', side: 'BUY', price: '50000', quantity: '0.1' }).status, 'NEW');
  const order = venue.state.orders.get(first.id);
  if (order) venue.cancel(order, 'why-not', STARTED_AT);
  const again = place(venue, { id: 'mine', side: 'BUY', price: '50000', quantity: '0.1' });
  t.is(again.status, 'NEW');
  t.not(again.id, first.id);
});

test('an account cannot spend what it does not have free', (t) => {
  const venue = engine();
  const message = '-2010 Account has insufficient balance for requested action.';
  t.is(place(venue, { side: 'BUY', price: '50000', quantity: '2.00001' }).refusal, message);
  t.is(place(venue, { side: 'SELL', price: '50000', quantity: '2.00001' }).refusal, message);
  t.is(place(venue, { side: 'SELL', price: '60000', quantity: '2' }).status, 'NEW');
  t.is(place(venue, { side: 'SELL', price: '60000', quantity: '0.001' }).refusal, message, 'it is locked');
});

test('canceling gives back what was locked and takes the order off the book', (t) => {
  const venue = engine();
  const { id } = place(venue, { side: 'SELL', price: '60000', quantity: '1' });
  const order = venue.state.orders.get(id);
  t.truthy(order && venue.cancel(order, 'cancel-1', STARTED_AT));
  t.is(holds(venue, 'alice', 'BTC'), '2/0');
  t.is(order?.status, 'CANCELED');
  t.is(venue.state.book('BTCUSDT').best('SELL'), undefined);
});

test('a self-trade is one trade with two entries, and moves nothing but fees', (t) => {
  const venue = engine();
  const sell = place(venue, { side: 'SELL', price: '50000', quantity: '1' });
  const buy = place(venue, { side: 'BUY', price: '50000', quantity: '1' });
  const { trades } = venue.state.histories.of('alice', 'BTCUSDT');
  t.deepEqual(
    trades.map(({ id, orderId, side, maker }) => [id, orderId, side, maker]),
    [
      [1, buy.id, 'BUY', false],
      [1, sell.id, 'SELL', true],
    ],
  );
  t.is(holds(venue, 'alice', 'BTC'), '1.998/0');
  t.is(holds(venue, 'alice', 'USDT'), '99950/0');
});

test('every filter names itself', (t) => {
  const venue = engine();
  const refused = (price: string, quantity: string) => place(venue, { side: 'BUY', price, quantity }).refusal;
  t.is(refused('50000.001', '0.1'), '-1013 Filter failure: PRICE_FILTER');
  t.is(refused('2000000', '0.1'), '-1013 Filter failure: PRICE_FILTER');
  t.is(refused('50000', '0.000001'), '-1013 Filter failure: LOT_SIZE');
  t.is(refused('50000', '9000.1'), '-1013 Filter failure: LOT_SIZE');
  t.is(refused('50000', '0.00009'), '-1013 Filter failure: NOTIONAL');
  t.is(refused('500000', '20'), '-1013 Filter failure: NOTIONAL');
  t.is(refused('50000', '0.0001'), null, 'exactly the least amount');
});

test('a market order is held to the least notional at the average price', (t) => {
  const venue = engine();
  place(venue, { account: 'bob', side: 'SELL', price: '60000', quantity: '0.1' });
  t.is(place(venue, { side: 'BUY', type: 'MARKET', quantity: '0.00008' }).refusal, '-1013 Filter failure: NOTIONAL');
  t.is(place(venue, { side: 'BUY', type: 'MARKET', quantity: '0.00009' }).status, 'FILLED');
});

test('MIN_NOTIONAL has a least amount only, and applies to market orders only where it says so', (t) => {
  const terms = { base: 'BTC', quote: 'USDT', startPrice: '60000', tickSize: '0.01', stepSize: '0.00001' };
  const minimum = { filterType: 'MIN_NOTIONAL', minNotional: parse('10'), avgPriceMins: 5 } as const;
  const rules = (applyToMarket: boolean) =>
    withFilters({ ...terms, maxQuantity: '0', minNotional: '0' }, [{ ...minimum, applyToMarket }]);
  const strict = engine([rules(true)]);
  const mild = engine([rules(false)]);
  const limit = { side: 'BUY', price: '50000', quantity: '0.00019' } as const;
  t.is(place(strict, limit).refusal, '-1013 Filter failure: MIN_NOTIONAL');
  t.is(place(strict, { ...limit, quantity: '0.0002' }).refusal, null);
  const market = { side: 'BUY', type: 'MARKET', quantity: '0.0001' } as const;
  t.is(place(strict, market).refusal, '-1013 Filter failure: MIN_NOTIONAL');
  t.is(place(mild, market).refusal, null);
});

test('a symbol whose steps would make amounts of more than eight places is not listed', (t) => {
  const terms = { base: 'A', quote: 'B', startPrice: '1', tickSize: '0.00001', stepSize: '0.0001' };
  t.throws(() => withFilters({ ...terms, maxQuantity: '1', minNotional: '1' }, []), { message: /^SYMBOL_STEPS/ });
});

test('a refused order leaves no trace but its refusal', (t) => {
  const venue = engine();
  const { outcome } = place(venue, { id: 'too-much', side: 'BUY', price: '50000', quantity: '3' });
  t.deepEqual(
    outcome.facts.map(({ type }) => type),
    ['OrderRefused'],
  );
  t.deepEqual([outcome.reports.length, outcome.positions.length], [0, 0]);
  t.is(venue.state.nextOrderId, 1);
  t.is(venue.state.histories.of('alice', 'BTCUSDT').byClientOrderId.size, 0);
});
