// Money is never a `number`: where amounts are handled nothing may turn a text into one, or round one.
import type { Finding, Rule } from './rule.ts';
import { lineOf, type Project, type Source } from './source.ts';

/**
 * Where prices, quantities, fees and balances are read, decided and written. Not in the sandbox of strategies: they are
 * programs of JavaScript, which has numbers only, and what leaves them is text again, taken to tick and lot outside.
 */
const PATH =
  /^(?:actors\/(?:order|risk|market|provider|exchanges)\/|actors\/strategy\/(?!sandbox\/)|persistence\/projections\/)/;

const FLOATS = {
  // Called, or handed over as a function.
  Number:
    /\b(?:Number(?:\.parse(?:Float|Int))?|parse(?:Float|Int))(?:\(|(?=\s*[),]))|\bcoerce\.number\b|\bvalueAsNumber\b/g,
  Math: /\bMath\.\w+/g,
  toFixed: /\.to(?:Fixed|Precision|Exponential)\(/g,
  // The formatter puts a blank behind a plus that adds.
  '+': /(?<!\+)\+(?=[A-Za-z_$(])/g,
} as const;
type Float = keyof typeof FLOATS;

interface Use {
  readonly uses: readonly Float[];
  readonly of: string;
}

/** The synthetic market of the paper venue draws its prices and sizes: they are made up, and no account's. */
const DRAWN: Use = { uses: ['Math'], of: 'what is drawn by chance' };

/** What is no amount: file, what it uses there, and of what. */
const NO_AMOUNTS: Readonly<Record<string, Use>> = {
  'actors/order/evidence.ts': { uses: ['Math'], of: 'a time' },
  'actors/order/words.ts': { uses: ['Math'], of: 'a time' },
  'actors/order/fills.ts': { uses: ['Math'], of: 'a count of executions' },
  'actors/order/facts.ts': { uses: ['Math'], of: 'a pause' },
  'actors/risk/pace.ts': { uses: ['Math'], of: 'tokens of a bucket' },
  'actors/market/client-order-id.ts': { uses: ['Number'], of: 'a sequence' },
  'actors/provider/settings.ts': { uses: ['Number'], of: 'times and counts of the configuration' },
  'actors/provider/link.ts': { uses: ['Math'], of: 'times of a session' },
  'actors/provider/look.ts': { uses: ['Math'], of: 'times and counts of a reconciliation' },
  'actors/provider/bounds.ts': { uses: ['Math'], of: 'a pause' },
  'actors/provider/reconcile.ts': { uses: ['Math'], of: 'a time' },
  'actors/strategy/bounds.ts': { uses: ['Math'], of: 'a pause' },
  'actors/exchanges/wire/clock.ts': { uses: ['Math'], of: 'a pause' },
  'actors/exchanges/wire/limiter.ts': { uses: ['Number', 'Math'], of: 'times, and counts in headers' },
  'actors/exchanges/wire/window.ts': { uses: ['Math'], of: 'a time' },
  'actors/exchanges/binance/feeds.ts': { uses: ['Math'], of: 'a time' },
  'actors/exchanges/binance/outcome.ts': { uses: ['Number'], of: 'the code of a refusal' },
  'actors/exchanges/binance/rest.ts': { uses: ['Math'], of: 'times' },
  'actors/exchanges/binance/stream.ts': { uses: ['Math'], of: 'a pause' },
  'actors/exchanges/binance/trades.ts': { uses: ['Math'], of: 'a time' },
  'actors/exchanges/binance/user-stream.ts': { uses: ['Math'], of: 'a time' },
  'actors/exchanges/ccxt/amount.ts': { uses: ['Number', 'Math'], of: 'places of a text that has an exponent' },
  'actors/exchanges/ccxt/feeds.ts': { uses: ['Math'], of: 'a time' },
  'actors/exchanges/ccxt/orders.ts': { uses: ['Math'], of: 'a time' },
  'actors/exchanges/ccxt/parse.ts': { uses: ['Number', 'Math'], of: 'times, and places of a precision' },
  'actors/exchanges/ccxt/profile-binance.ts': { uses: ['Number'], of: 'a time' },
  'actors/exchanges/ccxt/reads.ts': { uses: ['Math'], of: 'times' },
  'actors/exchanges/ccxt/session.ts': { uses: ['Math'], of: 'requests in an interval' },
  'actors/exchanges/ccxt/trades.ts': { uses: ['Number', 'Math'], of: 'times, and an order of ids' },
  'actors/exchanges/ccxt/transport.ts': { uses: ['Math'], of: 'the weight of a request' },
  'actors/exchanges/paper/core/market.ts': DRAWN,
  'actors/exchanges/paper/core/random.ts': DRAWN,
  'actors/exchanges/paper/core/listed.ts': { uses: ['Math'], of: 'ids' },
  'actors/exchanges/paper/core/order-lists.ts': { uses: ['Math'], of: 'ids' },
  'actors/exchanges/paper/core/state.ts': { uses: ['Math'], of: 'ids' },
  'actors/exchanges/paper/lock.ts': { uses: ['Number', 'Math'], of: 'numbers of lock files' },
  'actors/exchanges/paper/serve.ts': { uses: ['Math'], of: 'ticks and their times' },
  'actors/exchanges/paper/server/account.ts': {
    uses: ['Number'],
    of: 'basis points, which the protocol has as numbers',
  },
  'actors/exchanges/paper/server/faults.ts': { uses: ['Math'], of: 'a delay' },
  'actors/exchanges/paper/server/params.ts': { uses: ['Number', 'Math'], of: 'times, ids and lengths of lists' },
  'actors/exchanges/paper/server/rate-limits.ts': { uses: ['Math'], of: 'times' },
  'actors/exchanges/paper/venue.ts': { uses: ['Math'], of: 'a time, and bytes of the ledger' },
};

function found(source: Source): readonly { readonly float: Float; readonly finding: Finding }[] {
  const { file, text, code } = source;
  return (Object.keys(FLOATS) as Float[]).flatMap((float) =>
    [...code.matchAll(FLOATS[float])].map(({ 0: what, index }) => {
      return { float, finding: { file, line: lineOf(text, index), what } };
    }),
  );
}

const DECIMALS_ONLY: Rule = {
  sentence: 'amounts are decimals: no number is made, rounded or compared where they are handled',
  advice: 'Use actors/market/decimal.ts; what is no amount is named with its file in test/support/tidy/amounts.ts.',
  planted: {
    'actors/risk/a.ts': 'export const x = Number(quantity);',
    'actors/order/b.ts': 'export const x = Math.max(price, 0) + +quantity;',
    'persistence/projections/c.ts': 'export const x = parseFloat(amount).toFixed(2);',
    'actors/order/facts.ts': 'export const x = Number(quantity);',
    'actors/strategy/terms.ts': 'export const x = texts.map(Number);',
    'actors/exchanges/binance/d.ts': 'export const x = z.coerce.number();',
  },
  find: (project) =>
    project
      .programs(PATH)
      .flatMap(found)
      .filter(({ float, finding }) => NO_AMOUNTS[finding.file]?.uses.includes(float) !== true)
      .map(({ finding }) => finding),
};

const EXCEPTIONS_HOLD: Rule = {
  sentence: 'every file named for numbers that are no amounts is there and uses them',
  advice: 'Remove what it does not use from test/support/tidy/amounts.ts.',
  planted: { 'actors/risk/pace.ts': 'export const x = 1;' },
  find: (project: Project) =>
    Object.entries(NO_AMOUNTS).flatMap(([file, { uses, of }]) => {
      const used = project.has(file) ? found(project.source(file)).map(({ float }) => float) : [];
      return uses.filter((float) => !used.includes(float)).map((float) => ({ file, line: 1, what: `${float}: ${of}` }));
    }),
};

export const AMOUNT_RULES: readonly Rule[] = [DECIMALS_ONLY, EXCEPTIONS_HOLD];
