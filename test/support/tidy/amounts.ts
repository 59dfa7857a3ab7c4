// Money is never a `number`: where amounts are handled nothing may turn a text into one, or round one.
import type { Finding, Rule } from './rule.ts';
import { lineOf, type Project, type Source } from './source.ts';

/** Where prices, quantities, fees and balances are decided and written. */
const PATH = /^(?:actors\/(?:order|risk|market|provider)\/|actors\/strategy\/placing\.ts$|persistence\/projections\/)/;

const FLOATS = {
  Number: /\bNumber(?:\.parse(?:Float|Int))?\(|\bparse(?:Float|Int)\(/g,
  Math: /\bMath\.\w+/g,
  toFixed: /\.to(?:Fixed|Precision|Exponential)\(/g,
  // The formatter puts a blank behind a plus that adds.
  '+': /(?<!\+)\+(?=[A-Za-z_$(])/g,
} as const;
type Float = keyof typeof FLOATS;

/** What is no amount: file, what it uses there, and of what. */
const NO_AMOUNTS: Readonly<Record<string, { readonly uses: readonly Float[]; readonly of: string }>> = {
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
