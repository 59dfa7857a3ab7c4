import { ExchangeFault } from '../../actors/exchanges/exchange.ts';
import { compare, parse } from '../../actors/market/decimal.ts';
import { never } from '../support/binance.ts';
import type { Conformance } from './case.ts';

export const CONNECTING: readonly Conformance[] = [
  {
    number: 'C01',
    title: 'connect and describe',
    prerequisite: 'the venue is there, the keys are right',
    action: 'open',
    events: 'none: the first connection is the session itself',
    criterion: 'venue and account are named; every capability is stated and fits the others',
    run: async (t, world) => {
      const { session, listener } = await world.open();
      const { capabilities } = session;
      t.true(session.venue.length > 0 && session.account.length > 0);
      t.true(['Limit', 'Market'].every((type) => capabilities.orderTypes.some((one) => one === type)));
      t.true(['GTC', 'IOC', 'FOK'].every((force) => capabilities.timesInForce.some((one) => one === force)));
      // Ours are 32 of letters and digits at most.
      t.regex('aZ09', new RegExp(`^[${capabilities.clientOrderIdChars}]+$`));
      t.true(capabilities.clientOrderIdMax >= 32);
      t.true(capabilities.skewMs > 0 && capabilities.processingMs > 0 && capabilities.readLagMs > 0);
      const { orderHistoryMs, tradeHistoryMs } = capabilities;
      for (const ms of [orderHistoryMs, tradeHistoryMs]) t.true(ms === null || ms > 0);
      t.deepEqual(listener.changes, []);
    },
  },
  {
    number: 'C02',
    title: 'instruments',
    prerequisite: 'C01',
    action: 'read the instruments',
    events: 'none',
    criterion: 'BTC-USDT is there by our name, with steps above zero and a least quantity',
    run: async (t, world) => {
      const { session } = await world.open();
      const instruments = await session.instruments(never);
      const btc = instruments.find(({ symbol }) => symbol === 'BTC-USDT');
      t.like(btc, { base: 'BTC', quote: 'USDT' });
      const { priceIncrement = '0', quantityIncrement = '0', minQuantity = '0', maxQuantity = '0' } = btc ?? {};
      for (const step of [priceIncrement, quantityIncrement, minQuantity]) t.true(parse(step) > 0n);
      t.true(compare(parse(maxQuantity), parse(minQuantity)) > 0);
    },
  },
  {
    number: 'C03',
    title: 'clock skew',
    prerequisite: 'C01, then the clock of the venue is five minutes ahead',
    action: 'ask for the clock skew before and after',
    events: 'none',
    criterion: 'nothing at first, five minutes afterwards, each to a second',
    run: async (t, world) => {
      const { session } = await world.open();
      t.true(Math.abs(await session.clockSkewMs(never)) < 1_000);
      await world.setClock(300_000);
      t.true(Math.abs((await session.clockSkewMs(never)) - 300_000) < 1_000);
    },
  },
  {
    number: 'C04',
    title: 'keys that are refused',
    prerequisite: 'the venue is there, the secret is wrong',
    action: 'open',
    events: 'none',
    criterion: 'a fault that is not retryable; neither it nor its stack nor its cause holds a credential',
    run: async (t, world) => {
      const wrong = 'a-secret-that-is-not-the-right-one';
      const error = await t.throwsAsync(world.open({ apiSecret: wrong }), { instanceOf: ExchangeFault });
      t.false(error?.retryable);
      const said = [error?.message, error?.stack, String(error?.cause), JSON.stringify(error)].join('\n');
      for (const secret of [wrong, ...world.secrets]) t.false(said.includes(secret), secret);
      t.notRegex(said, /[0-9a-f]{64}/i);
    },
  },
  {
    number: 'C05',
    title: 'a venue that is away',
    prerequisite: 'nobody listens at its addresses',
    action: 'open',
    events: 'none',
    criterion: 'a fault that is retryable and holds no credential',
    run: async (t, world) => {
      await world.away();
      const error = await t.throwsAsync(world.open(), { instanceOf: ExchangeFault });
      t.true(error?.retryable);
      for (const secret of world.secrets) t.false(`${error?.message}${error?.stack}`.includes(secret));
    },
  },
];
