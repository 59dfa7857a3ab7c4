// Captured payloads with something wrong in them, at the border of the Binance adapter: a parser gives a whole value
// or throws Unreadable, and does so at once. What comes through goes into the real machines.
import process from 'node:process';
import test, { type ExecutionContext } from 'ava';
import fc from 'fast-check';
import {
  parseAccount,
  parseAmended,
  parseCanceled,
  parseDepth,
  parseOrder,
  parseOrders,
  parseServerTime,
  parseSubmitted,
  parseTrades,
} from '../../actors/exchanges/binance/parse.ts';
import { parseListing } from '../../actors/exchanges/binance/parse-instruments.ts';
import {
  parseBookTicker,
  parseDayTicker,
  parseDepthUpdate,
  parseKline,
  parsePosition,
  parseReport,
  parseTradeEvent,
} from '../../actors/exchanges/binance/parse-stream.ts';
import { Unreadable } from '../../actors/exchanges/wire/read-as.ts';
import { fixture } from '../support/fixture.ts';
import { asRead, LONG_ZEROS, mutations } from '../support/mutate.ts';
import { ACCOUNT_EVENTS, AMENDED, REPORTS, SUBMITTED } from '../support/payloads.ts';
import {
  fillsOf,
  flawsOfBalance,
  flawsOfExecution,
  flawsOfInstrument,
  flawsOfMarket,
  flawsOfOrder,
  flawsOfPayload,
  flawsOfReport,
} from '../support/well-formed.ts';

const SEED = 20_261_123;
const RUNS = 1_500;
/** Of processor time: another process on the same core is nobody's fault here. */
const BLOCKED_MS = 100;

const payload = (name: string) => fixture('binance', name);
const canonical = (name: string) => (name === 'BTCUSDT' ? 'BTC-USDT' : name);
const levels = ({ bids, asks }: { readonly bids: readonly object[]; readonly asks: readonly object[] }) =>
  [...bids, ...asks].flatMap(flawsOfPayload);

/** A parser, what it is given, and what is wrong with what it gives. */
interface Border {
  readonly name: string;
  readonly payloads: readonly unknown[];
  readonly flaws: (json: unknown) => readonly string[];
}

const BORDERS: readonly Border[] = [
  {
    name: 'the answer to an order',
    payloads: [payload('order-full'), SUBMITTED, payload('order-ack')],
    flaws: (json) => {
      const { order, executions } = parseSubmitted(json, canonical);
      return [...flawsOfOrder(order), ...fillsOf(order, executions)];
    },
  },
  {
    name: 'the answer to a cancel',
    payloads: [payload('order-cancel')],
    flaws: (json) => flawsOfOrder(parseCanceled(json, canonical, 77)),
  },
  {
    name: 'the answer to an amend',
    payloads: [AMENDED],
    flaws: (json) => flawsOfOrder(parseAmended(json, canonical)),
  },
  {
    name: 'a queried order',
    payloads: [payload('order-query')],
    flaws: (json) => flawsOfOrder(parseOrder(json, canonical)),
  },
  {
    name: 'the open orders',
    payloads: [payload('open-orders')],
    flaws: (json) => parseOrders(json, canonical).flatMap(flawsOfOrder),
  },
  {
    name: 'the trades',
    payloads: [payload('my-trades')],
    flaws: (json) => parseTrades(json, canonical).flatMap(flawsOfExecution),
  },
  {
    name: 'the account',
    payloads: [payload('account')],
    flaws: (json) => parseAccount(json, 5).balances.flatMap(flawsOfBalance),
  },
  {
    name: 'the server time',
    payloads: [payload('time')],
    flaws: (json) => (new Date(parseServerTime(json)).getTime() >= 0 ? [] : ['no time']),
  },
  {
    name: 'the listing',
    payloads: [payload('exchange-info')],
    flaws: (json) => parseListing(json).instruments.flatMap(flawsOfInstrument),
  },
  { name: 'a book', payloads: [payload('depth')], flaws: (json) => levels(parseDepth(json)) },
  {
    name: 'a report of the user stream',
    payloads: REPORTS,
    flaws: (json) => flawsOfReport(parseReport(json, '42', canonical)),
  },
  {
    name: 'the balances of the user stream',
    payloads: ACCOUNT_EVENTS,
    flaws: (json) => parsePosition(json).flatMap(flawsOfBalance),
  },
  {
    name: 'a trade of the market',
    payloads: [payload('stream-trade')],
    flaws: (json) => flawsOfMarket(parseTradeEvent(json, 'p', 'BTC-USDT')),
  },
  {
    name: 'a candle',
    payloads: [payload('stream-kline')],
    flaws: (json) => flawsOfMarket(parseKline(json, 'p', 'BTC-USDT')),
  },
  {
    name: 'a ticker',
    payloads: [payload('stream-ticker'), payload('stream-book-ticker')],
    flaws: (json) => {
      const parsed = { ...parseDayTicker(json), ...parseBookTicker(json) };
      return flawsOfMarket({ type: 'Ticker', provider: 'p', symbol: 'BTC-USDT', payload: parsed });
    },
  },
  {
    name: 'a change of a book',
    payloads: [payload('stream-depth-update')],
    flaws: (json) => levels(parseDepthUpdate(json).diff),
  },
];

for (const border of BORDERS) {
  test(`${border.name} with something wrong in it is a whole value or Unreadable`, (t) => {
    let read = 0;
    let refused = 0;
    fc.assert(
      fc.property(mutations(border.payloads), ({ text, how }) => {
        const flaws = outcomeOf(border, text);
        if (flaws === null) refused += 1;
        else read += 1;
        if (flaws !== null && flaws.length > 0)
          throw new Error(`${how}: ${flaws.join(', ')} from ${text.slice(0, 2_000)}`);
      }),
      { seed: SEED, numRuns: RUNS },
    );
    // Mutations that all pass, or never do, would prove nothing.
    t.true(read > 5, `${read} were read`);
    t.true(refused > 5, `${refused} were refused`);
  });
}

/** What is wrong with what was read; null when it was refused as it should be. */
function outcomeOf({ flaws }: Border, text: string): readonly string[] | null {
  try {
    return flaws(asRead(text));
  } catch (error) {
    if (error instanceof Unreadable) return null;
    throw error;
  }
}

test('an amount of sixty thousand digits is refused without holding anything else up', (t) => {
  for (const { name, payloads, flaws } of BORDERS) {
    for (const one of payloads) {
      const text = JSON.stringify(one).replaceAll(/"\d+\.\d+"/g, JSON.stringify(LONG_ZEROS));
      refusedAtOnce(t, name, () => flaws(JSON.parse(text)));
    }
  }
});

function refusedAtOnce(t: ExecutionContext, name: string, read: () => unknown): void {
  const before = process.threadCpuUsage();
  try {
    read();
  } catch (error) {
    t.true(error instanceof Unreadable, `${name}: ${String(error)}`);
  }
  const { user, system } = process.threadCpuUsage(before);
  t.true(user + system < BLOCKED_MS * 1_000, `${name}: ${(user + system) / 1_000} ms`);
}

test('a symbol whose amounts no column can hold hides no other symbol', (t) => {
  const info = payload('exchange-info') as { readonly symbols: readonly { readonly filters: readonly object[] }[] };
  const [good] = info.symbols;
  const filters = good?.filters.map((filter) => ({ ...filter, minQty: '9'.repeat(21), minNotional: '1e9' })) ?? [];
  const listing = parseListing({ ...info, symbols: [{ ...good, symbol: 'XRPBTC', baseAsset: 'XRP', filters }, good] });
  t.deepEqual(
    listing.instruments.map(({ symbol }) => symbol),
    ['ETH-BTC'],
  );
});

const [TRADED] = REPORTS;
for (const [what, wrong] of Object.entries({
  'of a negative quantity': { l: '-0.5' },
  'of a negative price': { L: '-1' },
  'of nothing': { l: '0.00000000' },
  'larger than all fills of its order': { l: '0.6' },
  'at a time after year 9999': { T: 8_640_000_000_000_001 },
  'worth more than books can hold': { l: '0.5', L: '99999999999999999999', q: '9000000000', z: '9000000000' },
  'without an id of its order': { i: null },
  'with a name of forty thousand characters': { c: 'x'.repeat(40_000) },
})) {
  test(`a fill ${what} is refused`, (t) => {
    const wide = what.startsWith('worth') ? { ...wrong, l: '9000000000' } : wrong;
    t.throws(() => parseReport({ ...TRADED, ...wide }, '42', canonical), { instanceOf: Unreadable });
    t.is(parseReport(TRADED, '42', canonical).execution?.quantity, '0.5');
  });
}
