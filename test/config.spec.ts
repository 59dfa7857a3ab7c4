import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { inspect } from 'node:util';
import test, { type ExecutionContext } from 'ava';
import fc from 'fast-check';
import { DEFAULT_LIMITS } from '../actors/risk/limits.ts';
import { DEFAULT_BOUNDS } from '../actors/runtime/bounds.ts';
import { BOUNDS, BoundsBroken, boundsWith } from '../config/bounds.ts';
import { type Environment, readEnvironment, variableOf } from '../config/env.ts';
import { ConfigFault, HOME, loadConfig, type Settings } from '../config/index.ts';
import { ADAPTERS } from '../config/schema.ts';
import { resolveReference, Secret, SecretMissing } from '../config/secrets.ts';

function folderOf(t: ExecutionContext): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'config-'));
  t.teardown(() => rmSync(folder, { recursive: true }));
  return folder;
}

/** The settings of a file with this text. */
function load(t: ExecutionContext, text: string, environment: Environment = {}): Settings {
  const folder = folderOf(t);
  writeFileSync(path.join(folder, 'my.yaml'), text);
  return loadConfig({ MELTICA_CONFIG_PATH: 'my.yaml', ...environment }, folder);
}

/** What the refusal of a file says, behind the name of the file. */
function refusal(t: ExecutionContext, text: string, environment: Environment = {}): string {
  const error = t.throws(() => load(t, text, environment), { instanceOf: ConfigFault });
  return (error?.message ?? '').replace(/^\S+my\.yaml: /, '');
}

test('the file that comes with the program runs a market maker on the paper venue without a server', (t) => {
  const settings = loadConfig({}, HOME);
  t.is(settings.file, path.join(HOME, 'config/app.yaml'));
  t.is(settings.database.dsn, undefined);
  t.is(settings.apiServer.addr, '127.0.0.1:8880');
  t.deepEqual(settings.providers['paper'], { adapter: { identifier: 'paper', config: {} }, enabled: true });
  t.like(settings.strategies.instances['mm-1'], {
    strategy: 'market-maker',
    scope: { paper: { symbols: ['BTC-USDT'] } },
  });
  t.deepEqual(settings.warnings, []);
});

test('a folder without a file of its own takes the one of the program, and keeps its data with itself', (t) => {
  const folder = folderOf(t);
  const settings = loadConfig({}, folder);
  t.is(settings.file, path.join(HOME, 'config/app.yaml'));
  t.is(settings.dataDir, path.join(folder, '.meltica'));
  mkdirSync(path.join(folder, 'config'));
  writeFileSync(path.join(folder, 'config/app.yaml'), 'environment: staging');
  t.is(loadConfig({}, folder).environment, 'staging');
});

test('an empty file is a whole configuration, with the defaults of upstream and of the runtime', (t) => {
  const settings = load(t, '');
  t.deepEqual(settings.risk, { ...DEFAULT_LIMITS, allowedOrderTypes: ['Limit', 'Market'] });
  t.deepEqual(settings.bounds, BOUNDS);
  t.deepEqual(settings.bounds.runtime, DEFAULT_BOUNDS, 'config/bounds.ts and actors/runtime/bounds.ts say the same');
  t.deepEqual(settings.providers, {});
  t.is(load(t, 'database:\nrisk:\n').database.poolSize, 4, 'a section without keys is left out');
});

test('settings are frozen to the ground', (t) => {
  const settings = loadConfig({}, HOME);
  const frozen = (value: unknown): boolean =>
    typeof value !== 'object' || value === null || (Object.isFrozen(value) && Object.values(value).every(frozen));
  t.true(frozen(settings));
});

for (const [text, message] of [
  ['environment: production', 'environment was "production": one of dev, ci, staging, prod'],
  ['database: { poolSize: 0 }', 'database.poolSize was 0: a whole number from 1 to 100'],
  ['database: { poolSize: 1.5 }', 'database.poolSize was 1.5: a whole number from 1 to 100'],
  ['database: { poolSize: many }', 'database.poolSize was "many": a whole number from 1 to 100'],
  ['database: { tls: always }', 'database.tls was "always": one of disable, require, verify-full'],
  ['apiServer: { addr: "8880" }', 'apiServer.addr was "8880": host:port, such as 127.0.0.1:8880'],
  ['logging: { level: loud }', 'logging.level was "loud": one of debug, info, warn, error, silent'],
  ['venue: { enabled: "yes" }', 'venue.enabled was "yes": true or false'],
  [
    'risk: { maxPositionSize: 0.1 }',
    'risk.maxPositionSize was 0.1: a quoted decimal that is not negative, such as "0.25"',
  ],
  [
    'risk: { maxNotionalValue: 12345678901234567890 }',
    'risk.maxNotionalValue was 12345678901234567000: a quoted decimal that is not negative, such as "0.25"',
  ],
  [
    'risk: { priceBandPercent: "-1" }',
    'risk.priceBandPercent was "-1": a quoted decimal that is not negative, such as "0.25"',
  ],
  [
    'risk: { allowedOrderTypes: [Iceberg] }',
    'risk.allowedOrderTypes.0 was "Iceberg": one of Limit, Market, Stop, StopLimit',
  ],
  [
    'databse: {}',
    'databse is unknown: known keys are environment, meta, apiServer, logging, database, eventbus, runtime, venue, ' +
      'providers, strategies, risk',
  ],
  ['apiServer: { adr: x }', 'apiServer.adr is unknown: known keys are addr, allowedHosts'],
  [
    'providers: { p: { adapter: { identifier: mt4 } } }',
    `providers.p.adapter.identifier was "mt4": one of ${ADAPTERS.join(', ')}`,
  ],
  ['providers: { p: {} }', 'providers.p.adapter: a section'],
  [
    'strategies: { instances: { a: { strategy: m, scope: { p: { symbols: [BTCUSDT] } } } } }',
    'strategies.instances.a.scope.p.symbols.0 was "BTCUSDT": a symbol such as BTC-USDT',
  ],
  [
    'strategies: { instances: { a: { strategy: m, scope: { p: { symbols: [BTC-USDT] } } } } }',
    'strategies.instances.a.scope names provider p: configured are none',
  ],
  [
    'providers: { paper: { adapter: { identifier: paper } }, Paper: { adapter: { identifier: paper } } }',
    'providers.Paper differs from another provider only by capitals: give it another name',
  ],
  ['database: { caFile: /ca.pem }', 'database.caFile is given while database.tls is disable'],
  ['runtime: { quantum: 800 }', 'one actor cannot fill more than a group: quantum=800, groupTurns=768'],
  ['[1, 2]', 'a mapping of keys is expected'],
] as const) {
  test(`the file is refused with the key, the value and what is allowed: ${text}`, (t) => {
    t.is(refusal(t, text), message);
  });
}

test('every wrong key is named at once', (t) => {
  t.is(
    refusal(t, 'environment: x\nvenue: { port: -1 }'),
    'environment was "x": one of dev, ci, staging, prod; venue.port was -1: a whole number from 0 to 65535',
  );
});

test('a file that is no YAML, or too clever, is refused', (t) => {
  t.regex(refusal(t, 'a: [1'), /at line 1/);
  t.regex(refusal(t, 'environment: dev\nenvironment: prod'), /Map keys must be unique/);
  t.regex(refusal(t, 'environment: !!js/function x'), /Unresolved tag/);
  const bomb = [
    'a: &a [x,x,x,x,x,x,x,x,x]',
    ...'bcdefg'.split('').map((n, i) => `${n}: &${n} [${`*${'abcdef'[i]},`.repeat(9)}]`),
  ];
  t.throws(() => load(t, bomb.join('\n')));
  t.regex(refusal(t, '__proto__: { polluted: true }'), /__proto__ is unknown/);
  t.is(Reflect.get({}, 'polluted'), undefined);
});

test('a file that is not there is named, with the variable that says where it is', (t) => {
  t.throws(() => loadConfig({ MELTICA_CONFIG_PATH: '/nowhere/app.yaml' }), {
    instanceOf: ConfigFault,
    message: /^the configuration \/nowhere\/app\.yaml cannot be read \(ENOENT\): set MELTICA_CONFIG_PATH/,
  });
});

test('no text makes it throw anything but its own fault', (t) => {
  const folder = folderOf(t);
  const file = path.join(folder, 'my.yaml');
  fc.assert(
    fc.property(fc.oneof(fc.string({ unit: 'binary' }), fc.json()), (text) => {
      writeFileSync(file, text);
      try {
        loadConfig({ MELTICA_CONFIG_PATH: file }, folder);
      } catch (error) {
        t.true(error instanceof ConfigFault, inspect(error));
      }
    }),
  );
  t.pass();
});

test('the environment overrides the file, each kind of value in its own way', (t) => {
  const settings = load(t, 'environment: dev\nvenue: { speed: 3 }', {
    MELTICA_ENVIRONMENT: 'PROD',
    MELTICA_DATABASE_POOL_SIZE: '7',
    MELTICA_DATABASE_RUN_MIGRATIONS: 'false',
    MELTICA_API_SERVER_ALLOWED_HOSTS: 'a.example, b.example',
    MELTICA_RISK_MAX_POSITION_SIZE: '0.5',
    MELTICA_RISK_ALLOWED_ORDER_TYPES: 'Limit',
    MELTICA_VENUE_SPEED: '0.5',
    MELTICA_RUNTIME_LEASE_MS: '',
    DATABASE_URL: 'postgresql://h/d',
  });
  t.is(settings.environment, 'prod');
  t.like(settings.database, { poolSize: 7, runMigrations: false, dsn: 'postgresql://h/d' });
  t.deepEqual(settings.apiServer.allowedHosts, ['a.example', 'b.example']);
  t.like(settings.risk, { maxPositionSize: '0.5' });
  t.deepEqual(settings.risk.allowedOrderTypes, ['Limit']);
  t.is(settings.venue.speed, 0.5);
  t.is(settings.runtime.leaseMs, 5_000, 'an empty variable is not set');
});

test('short names win over long ones, and upstream names are understood', (t) => {
  const settings = load(t, '', {
    MELTICA_API_ADDR: '0.0.0.0:80',
    MELTICA_API_SERVER_ADDR: '127.0.0.1:1',
    MELTICA_DATABASE_MAX_CONNECTIONS: '9',
    MELTICA_DATA_DIR: '/var/lib/meltica',
  });
  t.is(settings.apiServer.addr, '0.0.0.0:80');
  t.is(settings.database.poolSize, 9);
  t.is(settings.dataDir, '/var/lib/meltica');
  t.is(variableOf('apiServer.addr'), 'MELTICA_API_SERVER_ADDR');
});

test('a wrong variable is named with its key, and a misspelt one is refused', (t) => {
  t.is(
    refusal(t, '', { MELTICA_DATABASE_POOL_SIZE: 'many' }),
    'MELTICA_DATABASE_POOL_SIZE (database.poolSize) was "many": a whole number from 1 to 100',
  );
  t.regex(
    refusal(t, '', { MELTICA_DATABSE_POOL_SIZE: '7' }),
    /^unknown environment variables MELTICA_DATABSE_POOL_SIZE: known are /,
  );
  t.notThrows(() => load(t, '', { MELTICA_SECRET_BINANCE_KEY: 'x', PATH: '/bin' }));
});

test('a file written for upstream is read, and what it says in vain comes back as warnings', (t) => {
  const { database, eventbus, warnings } = load(
    t,
    `
environment: PROD
meta: { name: Meltica, description: gateway }
eventbus: { bufferSize: 20000, fanoutWorkers: 8, extensionPayloadCapBytes: 102400 }
pools: { event: { size: 8192 } }
telemetry: { serviceName: meltica }
database: { dsn: "postgresql://localhost:5432/meltica", maxConns: 16, minConns: 1, maxConnLifetime: 30m }
risk: { circuitBreaker: { enabled: true, threshold: 4, cooldown: 90s } }
strategies: { requireRegistry: true }
`,
  );
  t.is(database.poolSize, 16);
  t.is(eventbus.bufferSize, 20_000);
  t.deepEqual(
    warnings.map((warning) => warning.replace(/ has no effect: .*/, '')),
    [
      'pools',
      'telemetry',
      'eventbus.fanoutWorkers',
      'database.minConns',
      'database.maxConnLifetime',
      'risk.circuitBreaker',
      'strategies.requireRegistry',
    ],
  );
  t.regex(load(t, 'environment: prod').warnings[0] ?? '', /embedded PostgreSQL without backups/);
});

test('the eventbus and runtime keys become bounds', (t) => {
  const { bounds } = load(
    t,
    'eventbus: { bufferSize: 30000 }\nruntime: { groupTurns: 100, leaseMs: 9000 }\ndatabase: { poolSize: 2 }',
  );
  t.like(bounds.runtime, { intakeDepth: 30_000, groupTurns: 100, leaseMs: 9_000, hops: BOUNDS.runtime.hops });
  t.is(bounds.database.poolSize, 2);
});

test('a DSN is there for whoever asks for it, and in no print of the settings', (t) => {
  for (const settings of [
    load(t, 'database: { dsn: "postgresql://me:CANARY@h/d" }'),
    load(t, 'database: { dsn: "env:PG_DSN" }', { PG_DSN: 'postgresql://me:CANARY@h/d' }),
  ]) {
    t.is(settings.database.dsn, 'postgresql://me:CANARY@h/d');
    const prints = [
      JSON.stringify(settings),
      inspect(settings, { depth: 9 }),
      inspect({ ...settings.database }),
      String(settings),
    ];
    t.notRegex(prints.join('\n'), /CANARY/);
  }
});

test('a wrong credential is never repeated', (t) => {
  const said = [
    refusal(t, '', { DATABASE_URL: 'mysql://me:CANARY@h/d' }),
    refusal(t, 'database: { dsn: { a: CANARY } }'),
    refusal(t, 'providers: { b: { adapter: { identifier: binance, config: { apiKey: CANARY, apiSecret: CANARY } } } }'),
  ];
  t.is(
    said[0],
    'DATABASE_URL (database.dsn) was [hidden]: a URL that begins with postgresql://, or a reference to one, ' +
      'env:NAME or file:PATH',
  );
  t.regex(
    said[2] ?? '',
    /^providers\.b\.adapter\.config\.apiKey was \[hidden\]: a reference, env:NAME .*apiSecret was \[hidden\]/,
  );
  t.notRegex(said.join('\n'), /CANARY/);
});

test('a secret shows as [secret] in every print', (t) => {
  const secret = new Secret('CANARY');
  const prints = [String(secret), JSON.stringify({ secret }), inspect({ secret }, { showHidden: true, depth: 9 })];
  t.notRegex(prints.join('\n'), /CANARY/);
  t.is(prints[0], '[secret]');
  t.deepEqual(Object.keys(secret), []);
  t.is(secret.reveal(), 'CANARY');
});

test('references are resolved at use: a variable, a file, a part of a JSON file', (t) => {
  const folder = folderOf(t);
  const file = path.join(folder, 'key');
  writeFileSync(file, 'one\n');
  t.is(resolveReference('env:KEY', { KEY: 'k' }), 'k');
  t.is(resolveReference(`file:${file}`, {}), 'one');
  writeFileSync(file, 'two\n');
  t.is(resolveReference(`file:${file}`, {}), 'two', 'a rotated one is taken at the next use');
  writeFileSync(file, JSON.stringify([{ 'a/b': { key: 'three' }, n: 7 }]));
  t.is(resolveReference(`file:${file}#/0/a~1b/key`, {}), 'three');
  for (const [reference, message] of [
    ['env:NONE', 'the credential env:NONE is empty: set the environment variable NONE'],
    [`file:${file}#/0/n`, `the credential file:${file}#/0/n is empty: put the credential into ${file}#/0/n`],
    [
      `file:${file}#/0/__proto__/x`,
      `the credential file:${file}#/0/__proto__/x is empty: put the credential into ${file}#/0/__proto__/x`,
    ],
    ['file:/nowhere', 'the credential file:/nowhere cannot be read: ENOENT'],
    ['CANARY', 'a credential must be a reference, env:NAME or file:PATH'],
    ['vault:CANARY', 'a credential must be a reference, env:NAME or file:PATH'],
  ] as const) {
    t.throws(() => resolveReference(reference, {}), { instanceOf: SecretMissing, message });
  }
  writeFileSync(file, '{ CANARY');
  const broken = t.throws(() => resolveReference(`file:${file}#/0`, {}), { instanceOf: SecretMissing });
  t.notRegex(inspect(broken, { depth: 9 }), /CANARY/);
});

test('bounds hold their relations, whichever of them is changed', (t) => {
  for (const [change, sentence] of [
    [{ quantum: 769 }, /one actor cannot fill more than a group/],
    [{ cascadeTurns: 10 }, /room for what its turns cause/],
    [{ mailboxDepth: 60_000 }, /one mailbox is no deeper than all together/],
    [{ idBlock: 1_000 }, /a block of ids lasts for a whole group/],
    [{ bodyChars: 300_000 }, /a snapshot can hold what a message brought/],
    [{ recentMessages: 9_999 }, /a full mailbox sent twice is recognised/],
    [{ leaseMs: 500 }, /a lease outlives a pause/],
    [{ stopMs: 10_000 }, /a stop ends before it is killed/],
    [{ effectsPerTurn: 0 }, /a turn may have an effect/],
  ] as const) {
    t.throws(() => boundsWith(change), { instanceOf: BoundsBroken, message: sentence });
  }
  t.throws(() => boundsWith({}, { lockTimeoutMs: 15_000 }), { message: /gives way before it counts as lost/ });
  t.throws(() => boundsWith({}, { connectTimeoutMs: 20_000 }), { message: /before its first answer is late/ });
  t.true(Object.isFrozen(BOUNDS.runtime));
});

test('the environment is read as a copy that nobody can change', (t) => {
  const environment = readEnvironment();
  t.is(environment['PATH'], process.env['PATH']);
  t.true(Object.isFrozen(environment));
});
