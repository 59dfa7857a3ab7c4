// The shape of config/app.yaml, in upstream's spelling where upstream has the key. Unknown keys are errors; each
// message says what is allowed.
import { z } from 'zod';
import { BOUNDS } from './bounds.ts';
import { isReference } from './secrets.ts';

function whole(min: number, max: number) {
  const allowed = `a whole number from ${min} to ${max}`;
  return z.int(allowed).min(min, allowed).max(max, allowed);
}
function number(min: number, max: number) {
  const allowed = `a number from ${min} to ${max}`;
  return z.number(allowed).min(min, allowed).max(max, allowed);
}
function matching(pattern: RegExp, allowed: string) {
  return z.string(allowed).regex(pattern, allowed);
}
function oneOf<const Values extends readonly string[]>(...values: Values) {
  return z.enum(values, `one of ${values.join(', ')}`);
}
/** Keys that are not listed are errors. */
function section<Shape extends z.core.$ZodLooseShape>(shape: Shape) {
  const known = Object.keys(shape).join(', ');
  return z.strictObject(shape, {
    error: ({ code, input }) =>
      code === 'unrecognized_keys' ? `known keys are ${known}` : input === undefined ? 'a section' : undefined,
  });
}
const flag = () => z.boolean('true or false');
const text = (allowed: string) => z.string(allowed).min(1, allowed);

/** Quoted in YAML: a bare number would lose digits before anybody sees it. */
const amount = matching(/^\d{1,20}(\.\d{1,18})?$/, 'a quoted decimal that is not negative, such as "0.25"');
const name = matching(/^[a-zA-Z][a-zA-Z0-9_-]{0,63}$/, 'a name of letters, digits, - and _ that begins with a letter');
const symbol = matching(/^[A-Z0-9]{1,16}-[A-Z0-9]{1,16}$/, 'a symbol such as BTC-USDT');
export const address = matching(/^(\[[0-9a-fA-F:]+\]|[^:\s]*):\d{1,5}$/, 'host:port, such as 127.0.0.1:8880');
const dsn = z.string('a URL').refine((value) => /^postgres(ql)?:\/\/./.test(value) || isReference(value), {
  error: 'a URL that begins with postgresql://, or a reference to one, env:NAME or file:PATH',
});

/** Settings that hold a credential are written as a reference to it. */
const CREDENTIAL = /key|secret|pass|token/i;
const settings = z
  .record(z.string(), z.union([z.string(), z.number()], 'a text or a number'))
  .superRefine((values, context) => {
    for (const [key, value] of Object.entries(values)) {
      if (!CREDENTIAL.test(key) || isReference(String(value))) continue;
      context.addIssue({ code: 'custom', path: [key], message: 'a reference, env:NAME or file:PATH' });
    }
  });

/** bin/gateway.ts opens each; `paper` is the Binance adapter on a venue of our own. */
export const ADAPTERS = ['paper', 'binance', 'okx', 'ccxt'] as const;

const provider = section({
  adapter: section({ identifier: oneOf(...ADAPTERS), config: settings.default({}) }),
  /** False keeps it configured and stopped. */
  enabled: flag().default(true),
});

const instance = section({
  strategy: matching(/^[a-z0-9][a-z0-9-]{0,63}$/, 'the name of a module in strategies.directory'),
  scope: z.record(name, section({ symbols: z.array(symbol).min(1, 'at least one symbol') })),
  config: z.record(z.string(), z.json()).default({}),
  enabled: flag().default(true),
});

const { runtime: usual, database: usualDatabase } = BOUNDS;

const database = section({
  dsn: dsn.optional(),
  tls: oneOf('disable', 'require', 'verify-full').default('disable'),
  caFile: text('a path').optional(),
  poolSize: whole(1, 100).default(usualDatabase.poolSize),
  connectTimeoutMs: whole(100, 120_000).default(usualDatabase.connectTimeoutMs),
  answerTimeoutMs: whole(100, 600_000).default(usualDatabase.answerTimeoutMs),
  lockTimeoutMs: whole(10, 600_000).default(usualDatabase.lockTimeoutMs),
  runMigrations: flag().default(true),
});

const runtime = section({
  leaseMs: whole(1_000, 600_000).default(usual.leaseMs),
  stopMs: whole(0, 60_000).default(usual.stopMs),
  groupTurns: whole(1, 10_000).default(usual.groupTurns),
  cascadeTurns: whole(1, 100_000).default(usual.cascadeTurns),
  quantum: whole(1, 10_000).default(usual.quantum),
  mailboxDepth: whole(10, 1_000_000).default(usual.mailboxDepth),
  hops: whole(1, 1_000).default(usual.hops),
  snapshotChars: whole(1_024, 16_777_216).default(usual.snapshotChars),
  effectsPerTurn: whole(1, 100_000).default(usual.effectsPerTurn),
  recentMessages: whole(1, 10_000_000).default(usual.recentMessages),
  restingActors: whole(0, 1_000_000).default(usual.restingActors),
});

/** Upstream's names and defaults. */
const risk = section({
  maxPositionSize: amount.default('250'),
  maxNotionalValue: amount.default('50000'),
  notionalCurrency: matching(/^[A-Z0-9]{1,16}$/, 'an asset in capitals, such as USDT').default('USDT'),
  orderThrottle: number(0, 100_000).default(5),
  orderBurst: whole(1, 100_000).default(3),
  maxConcurrentOrders: whole(0, 100_000).default(6),
  priceBandPercent: amount.default('1'),
  allowedOrderTypes: z.array(oneOf('Limit', 'Market', 'Stop', 'StopLimit')).default(['Limit', 'Market']),
  killSwitchEnabled: flag().default(true),
  maxRiskBreaches: whole(0, 100_000).default(3),
});

export const schema = section({
  environment: z
    .string('one of dev, ci, staging, prod')
    .trim()
    .toLowerCase()
    .pipe(oneOf('dev', 'ci', 'staging', 'prod'))
    .default('dev'),
  meta: section({ name: text('a name').default('Meltica'), description: z.string('a text').default('') }).prefault({}),
  apiServer: section({
    addr: address.default('127.0.0.1:8880'),
    allowedHosts: z.array(text('a host name')).default([]),
  }).prefault({}),
  logging: section({ level: oneOf('debug', 'info', 'warn', 'error', 'silent').default('info') }).prefault({}),
  database: database.prefault({}),
  eventbus: section({
    bufferSize: whole(10, 10_000_000).default(usual.intakeDepth),
    extensionPayloadCapBytes: whole(1_024, 16_777_216).default(usual.bodyChars),
  }).prefault({}),
  runtime: runtime.prefault({}),
  venue: section({
    enabled: flag().default(true),
    port: whole(0, 65_535).default(0),
    seed: whole(0, 2 ** 31 - 1).default(1),
    speed: number(0, 100).default(1),
    lingerMs: whole(0, 86_400_000).default(10_000),
  }).prefault({}),
  providers: z.record(name, provider).default({}),
  strategies: section({
    directory: text('a folder').default('config/strategies'),
    instances: z.record(name, instance).default({}),
  }).prefault({}),
  risk: risk.prefault({}),
});

export type Config = z.infer<typeof schema>;
