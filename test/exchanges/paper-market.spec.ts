import test from 'ava';
import { Market } from '../../actors/exchanges/paper/core/market.ts';
import { format } from '../../actors/market/decimal.ts';
import { engine, place, STARTED_AT, SYMBOLS } from '../support/paper-core.ts';

const TICK_MS = 250;

interface Run {
  readonly trades: readonly string[];
  readonly own: readonly string[];
}

/** Ticks of BTCUSDT; before each one `act` may do something. */
function run(
  seed: number,
  ticks: number,
  act: (venue: ReturnType<typeof engine>, tick: number, at: number) => void,
): Run {
  const venue = engine();
  const [rules] = SYMBOLS;
  if (!rules) throw new Error('no symbol');
  const market = new Market(venue, rules, seed);
  const trades: string[] = [];
  for (let tick = 0; tick < ticks; tick += 1) {
    const at = STARTED_AT + tick * TICK_MS;
    act(venue, tick, at);
    for (const outcome of market.tick(at)) {
      for (const { price, quantity, takerSide } of outcome.trades) {
        trades.push(`${takerSide} ${format(quantity)}@${format(price)}`);
      }
    }
  }
  const own = venue.state.histories.of('alice', 'BTCUSDT').trades;
  return { trades, own: own.map(({ orderId, quantity, price }) => `${orderId} ${format(quantity)}@${format(price)}`) };
}

const idle = (): void => {};

/** A bid and an ask a thousandth off the middle, renewed every ten seconds: a simple market maker. */
function quote(venue: ReturnType<typeof engine>, tick: number, at: number): void {
  if (tick % 40 !== 1) return;
  for (const order of [...venue.state.histories.of('alice', 'BTCUSDT').open.values()]) venue.cancel(order, 'renew', at);
  const book = venue.state.book('BTCUSDT');
  const middle = ((book.best('BUY')?.price ?? 0n) + (book.best('SELL')?.price ?? 0n)) / 2n;
  const cent = 10n ** 16n;
  const off = middle / 1_000n;
  const at2 = (price: bigint): string => format(price - (price % cent));
  place(venue, { side: 'BUY', type: 'LIMIT_MAKER', price: at2(middle - off), quantity: '0.05' }, at);
  place(venue, { side: 'SELL', type: 'LIMIT_MAKER', price: at2(middle + off), quantity: '0.05' }, at);
}

test('the same seed and the same commands at the same times give the same market', (t) => {
  t.deepEqual(run(7, 400, quote), run(7, 400, quote));
  t.notDeepEqual(run(7, 400, quote).trades, run(8, 400, quote).trades);
});

test('what a client does changes only the trades it is part of', (t) => {
  const far = (venue: ReturnType<typeof engine>, tick: number, at: number): void => {
    if (tick % 3 === 0) place(venue, { side: 'BUY', price: '40000', quantity: '0.001' }, at);
  };
  t.deepEqual(run(7, 400, far).trades, run(7, 400, idle).trades);
});

test('who eats up the house does not move what comes after: the same price and the same takers', (t) => {
  const look = (act: (venue: ReturnType<typeof engine>, tick: number, at: number) => void): string[] => {
    const venue = engine();
    const [rules] = SYMBOLS;
    if (!rules) throw new Error('no symbol');
    const market = new Market(venue, rules, 11);
    return Array.from({ length: 200 }, (_, tick) => {
      const at = STARTED_AT + tick * TICK_MS;
      act(venue, tick, at);
      const took = market.tick(at).flatMap(({ trades }) => trades);
      const sum = took.reduce((total, { quantity }) => total + quantity, 0n);
      return `${format(market.mid)} ${took[0]?.takerSide ?? '-'} ${format(sum)}`;
    });
  };
  const eat = (venue: ReturnType<typeof engine>, tick: number, at: number): void => {
    const side = tick % 20 < 10 ? 'BUY' : 'SELL';
    if (tick % 10 === 1) t.is(place(venue, { side, type: 'MARKET', quantity: '1.2' }, at).status, 'FILLED');
  };
  t.deepEqual(look(eat), look(idle));
});

test('quotes a thousandth off the middle are filled within minutes, some of them partly', (t) => {
  const { own } = run(7, 4 * 60 * 10, quote);
  const fills = Map.groupBy(own, (line) => line.split(' ')[0]);
  t.true(own.length >= 10, `${own.length} trades in ten minutes`);
  t.true(
    [...fills.values()].some((list) => list.length > 1),
    'an order filled in parts',
  );
});

test('the house never trades with itself where it quotes, and its book is never crossed', (t) => {
  const venue = engine();
  const [rules] = SYMBOLS;
  if (!rules) throw new Error('no symbol');
  const market = new Market(venue, rules, 3);
  for (let tick = 0; tick < 2_000; tick += 1) {
    market.tick(STARTED_AT + tick * TICK_MS);
    const book = venue.state.book('BTCUSDT');
    const [bid, ask] = [book.best('BUY')?.price ?? 0n, book.best('SELL')?.price ?? 0n];
    if (!(bid > 0n && bid < ask)) t.fail(`tick ${tick}: bid ${format(bid)}, ask ${format(ask)}`);
    if (book.depth('BUY', 100).length < 20 || book.depth('SELL', 100).length < 20) t.fail(`tick ${tick}: thin book`);
  }
  t.true(venue.state.orders.size <= 60, 'the house keeps only its open orders');
});

test('the price wanders, stays in sight of where it began, and follows the tick size', (t) => {
  const venue = engine();
  const [rules] = SYMBOLS;
  if (!rules) throw new Error('no symbol');
  const market = new Market(venue, rules, 5);
  const seen = new Set<bigint>();
  for (let tick = 0; tick < 20_000; tick += 1) {
    market.tick(STARTED_AT + tick * TICK_MS);
    seen.add(market.mid);
    if (market.mid % rules.tickSize !== 0n) t.fail(`off the tick: ${format(market.mid)}`);
  }
  t.true(seen.size > 10_000);
  const [least, greatest] = [[...seen].reduce((a, b) => (a < b ? a : b)), [...seen].reduce((a, b) => (a > b ? a : b))];
  t.true(least > rules.startPrice / 2n && greatest < rules.startPrice * 2n);
});
