// The shape of config/app.yaml. Unknown keys are errors; each message names the key, the value and what is allowed.
import { z } from 'zod';

const whole = (min: number, max: number) => z.int(`a whole number from ${min} to ${max}`).min(min).max(max);
/** Quoted in YAML: a bare number would lose digits before anybody sees it. */
const amount = z.string('a quoted decimal, such as "0.25"').regex(/^\d+(\.\d+)?$/, 'a quoted decimal, such as "0.25"');
const name = z.string().regex(/^[a-zA-Z][a-zA-Z0-9_-]{0,63}$/, 'a name of letters, digits, - and _ that begins with a letter');
const symbol = z.string().regex(/^[A-Z0-9]{2,10}-[A-Z0-9]{2,10}$/, 'a symbol such as BTC-USDT');
export const address = z.string().regex(/^(\[[0-9a-fA-F:]+\]|[^:\s]*):\d{1,5}$/, 'host:port, such as 127.0.0.1:8880');

const provider = z.strictObject({
  adapter: z.strictObject({
    identifier: z.enum(['paper', 'binance']),
    config: z.record(z.string(), z.union([z.string(), z.number()])).default({}),
  }),
  /** False keeps it configured and stopped. */
  enabled: z.boolean().default(true),
});

const instance = z.strictObject({
  strategy: z.string().regex(/^[a-z0-9][a-z0-9-]{0,63}$/, 'the name of a module in strategies.directory'),
  scope: z.record(name, z.strictObject({ symbols: z.array(symbol).min(1) })),
  config: z.record(z.string(), z.json()).default({}),
  enabled: z.boolean().default(true),
});

export const schema = z.strictObject({
  environment: z.enum(['dev', 'staging', 'prod']).default('dev'),
  apiServer: z.strictObject({ addr: address.default('127.0.0.1:8880'), allowedHosts: z.array(z.string()).default([]) }).prefault({}),
  logging: z.strictObject({ level: z.enum(['debug', 'info', 'warn', 'error', 'silent']).default('info') }).prefault({}),
  database: z
    .strictObject({
      dsn: z.string().regex(/^postgres(ql)?:\/\/./, 'a DSN that begins with postgresql://').optional(),
      tls: z.enum(['disable', 'require', 'verify-full']).default('disable'),
      caFile: z.string().optional(),
      poolSize: whole(1, 100).default(4),
      connectTimeoutMs: whole(100, 120_000).default(5_000),
      answerTimeoutMs: whole(100, 600_000).default(15_000),
      lockTimeoutMs: whole(10, 600_000).default(5_000),
      runMigrations: z.boolean().default(true),
    })
    .prefault({}),
  runtime: z
    .strictObject({
      leaseMs: whole(1_000, 600_000).default(5_000),
      groupTurns: whole(1, 10_000).default(256),
      mailboxDepth: whole(10, 1_000_000).default(10_000),
      restingActors: whole(0, 1_000_000).default(10_000),
    })
    .prefault({}),
  venue: z
    .strictObject({
      enabled: z.boolean().default(true),
      port: whole(0, 65_535).default(0),
      seed: whole(0, 2 ** 31 - 1).default(1),
      speed: z.number('a number from 0 to 100').min(0).max(100).default(1),
      lingerMs: whole(0, 86_400_000).default(10_000),
    })
    .prefault({}),
  providers: z.record(name, provider).default({}),
  strategies: z.strictObject({ directory: z.string().default('config/strategies'), instances: z.record(name, instance).default({}) }).prefault({}),
  risk: z
    .strictObject({
      maxPositionSize: amount.default('250'),
      maxNotionalValue: amount.default('50000'),
      notionalCurrency: z.string().min(1).default('USDT'),
      orderThrottle: z.number().min(0).max(100_000).default(5),
      orderBurst: whole(1, 100_000).default(3),
      maxConcurrentOrders: whole(0, 100_000).default(6),
      priceBandPercent: amount.default('1'),
      allowedOrderTypes: z.array(z.enum(['Limit', 'Market'])).default(['Limit', 'Market']),
      killSwitchEnabled: z.boolean().default(true),
      maxRiskBreaches: whole(0, 100_000).default(3),
    })
    .prefault({}),
});

export type Config = z.infer<typeof schema>;
