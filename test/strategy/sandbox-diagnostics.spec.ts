// What the author of a module is told when it will not start.
import test, { type ExecutionContext } from 'ava';
import {
  type Diagnostic,
  inspectModule,
  ModuleRejected,
  type SandboxOptions,
} from '../../actors/strategy/sandbox/index.ts';
import { moduleOf, ROOMY, start } from './sandbox-support.ts';

async function rejection(t: ExecutionContext, running: Promise<unknown>): Promise<ModuleRejected> {
  const error = await t.throwsAsync(running, { instanceOf: ModuleRejected });
  return error ?? t.fail('nothing was thrown');
}

const METADATA = { name: 'x', displayName: 'X', events: ['Trade'] };
const declared = (metadata: unknown) =>
  `module.exports = { metadata: ${JSON.stringify(metadata)}, create() { return {}; } };`;

const REFUSED: readonly [string, string, string, Diagnostic[]][] = [
  [
    'a syntax error',
    'const a = 1;\nconst b = ;',
    'compile module "module.js" failed',
    [{ stage: 'compile', message: "SyntaxError: unexpected token in expression: ';'", line: 2, column: 11 }],
  ],
  [
    'an exception at the top level',
    '\n\n  null.x;',
    'execute module failed',
    [{ stage: 'execute', message: "TypeError: cannot read property 'x' of null", line: 3, column: 7 }],
  ],
  ['an exception that is no error', 'throw 7', 'execute module failed', [{ stage: 'execute', message: '7' }]],
  [
    'a require',
    "const fs = require('fs');",
    'execute module failed',
    [{ stage: 'execute', message: "ReferenceError: 'require' is not defined", line: 1, column: 12 }],
  ],
  [
    'no metadata',
    'module.exports.create = () => ({});',
    'metadata export missing',
    [{ stage: 'validation', message: 'module.exports.metadata is missing', hint: 'metadata' }],
  ],
  [
    'metadata that is a list',
    declared([]),
    'metadata export invalid',
    [{ stage: 'validation', message: 'module.exports.metadata is no object', hint: 'metadata' }],
  ],
  [
    'a displayName that is too long and an event nobody knows',
    declared({ ...METADATA, displayName: 'x'.repeat(81), events: ['Trades'] }),
    'metadata validation failed',
    [
      { stage: 'validation', message: 'is longer than 80 characters', hint: 'metadata.displayName' },
      {
        stage: 'validation',
        message:
          'Invalid option: expected one of "Trade"|"Ticker"|"BookSnapshot"|"KlineSummary"|"InstrumentUpdate"' +
          '|"ExecReport"|"BalanceUpdate"|"RiskControl"|"Extension"',
        hint: 'metadata.events[0]',
      },
    ],
  ],
  [
    'a configuration field without a type',
    declared({
      ...METADATA,
      config: [
        { name: 'a', type: 'int' },
        { name: 'b', type: ' ' },
      ],
    }),
    'metadata validation failed',
    [{ stage: 'validation', message: 'is empty', hint: 'metadata.config[1].type' }],
  ],
  [
    'the same configuration field twice',
    declared({
      ...METADATA,
      config: [
        { name: 'a', type: 'int' },
        { name: 'a', type: 'bool' },
      ],
    }),
    'metadata validation failed',
    [{ stage: 'validation', message: '"a" is there twice', hint: 'metadata.config[1].name' }],
  ],
  [
    'no create',
    `module.exports.metadata = ${JSON.stringify(METADATA)}`,
    'metadata validation failed',
    [{ stage: 'validation', message: 'module.exports.create is not a function', hint: 'create' }],
  ],
];
for (const [what, source, message, diagnostics] of REFUSED) {
  test.serial(`${what} is refused with its place`, async (t) => {
    const error = await rejection(t, inspectModule(source, ROOMY));
    t.true(error.message.startsWith(message), error.message);
    t.deepEqual(error.diagnostics, diagnostics);
  });
}

for (const name of ['../up', 'a/b', 'a\\b', 'a:b', 'a@b', '.', '', 'a\u0000b']) {
  test.serial(`a module may not be called ${JSON.stringify(name)}`, async (t) => {
    const error = await rejection(t, inspectModule(declared({ ...METADATA, name }), ROOMY));
    t.deepEqual(
      error.diagnostics.map(({ hint }) => hint),
      ['metadata.name'],
    );
  });
}

const CREATED: readonly [string, string, Partial<SandboxOptions>, string, Diagnostic[]][] = [
  [
    'a create that throws',
    moduleOf('env.config.levels.length;'),
    {},
    'create(env) failed',
    [
      {
        stage: 'execute',
        message: "TypeError: cannot read property 'length' of undefined",
        line: 3,
        column: 19,
        hint: 'create(env)',
      },
    ],
  ],
  [
    'a create without handlers',
    moduleOf('return 1;'),
    {},
    'create(env) failed',
    [
      {
        stage: 'execute',
        message: 'TypeError: create(env) did not return an object of handlers',
        hint: 'create(env)',
      },
    ],
  ],
  [
    'an order placed in create',
    moduleOf(`env.runtime.submitOrder('', 'buy', 1, 1); return {};`),
    {},
    'create(env) failed',
    [
      {
        stage: 'execute',
        message: 'Error: decisions are taken by handlers: create(env) runs before the instance does',
        hint: 'create(env)',
      },
    ],
  ],
  [
    'two providers for a module that wants one',
    moduleOf('return {};'),
    { scope: { a: { symbols: ['X-Y'] }, b: { symbols: ['X-Y'] } } },
    'scope of the instance refused',
    [
      {
        stage: 'validation',
        message: 'it names providers a, b, and wantsCrossProviderEvents is not true',
        hint: 'scope',
      },
    ],
  ],
  [
    'a scope without a symbol',
    moduleOf('return {};'),
    { scope: { a: { symbols: [] } } },
    'scope of the instance refused',
    [{ stage: 'validation', message: 'it names no symbol', hint: 'scope' }],
  ],
];
for (const [what, source, options, message, diagnostics] of CREATED) {
  test.serial(`${what} is refused`, async (t) => {
    const error = await rejection(t, start(t, source, options));
    t.true(error.message.startsWith(message), error.message);
    const plain = error.diagnostics.map(({ line, column, ...rest }) => rest);
    t.deepEqual(
      plain,
      diagnostics.map(({ line, column, ...rest }) => rest),
    );
    if (diagnostics[0]?.line) t.is(error.diagnostics[0]?.line, diagnostics[0].line);
  });
}

const FIELDS = [
  { name: 'size', type: 'float', required: true },
  { name: 'levels', type: 'int', default: 2 },
  { name: 'on', type: 'bool' },
  { name: 'label', type: 'string' },
  { name: 'wait', type: 'duration' },
  { name: 'list', type: 'array' },
  { name: 'own', type: 'colour' },
];
const MISTYPED: readonly [object, string[]][] = [
  [{}, ['config.size: is required (float)']],
  [{ size: 'ten' }, ['config.size: "ten" is no float, allowed: a number, or decimal text']],
  [{ size: 1, levels: 1.5 }, ['config.levels: 1.5 is no int, allowed: a whole number']],
  [{ size: 1, on: 'yes' }, ['config.on: "yes" is no bool, allowed: true or false']],
  [
    { size: 1, label: 5, list: {} },
    ['config.label: 5 is no string, allowed: a string', 'config.list: {} is no array, allowed: a list'],
  ],
  [{ size: 1, wait: 'soon' }, ['config.wait: "soon" is no duration, allowed: milliseconds, or text like "5s"']],
  [{ size: 1, dry_run: 'false' }, ['config.dry_run: "false" is no bool, allowed: true or false']],
];
for (const [config, problems] of MISTYPED) {
  test.serial(`configuration ${JSON.stringify(config)} is refused`, async (t) => {
    const source = moduleOf('return {};', { config: FIELDS });
    const error = await rejection(t, start(t, source, { config: config as SandboxOptions['config'] }));
    t.deepEqual(
      error.diagnostics.map(({ hint, message }) => `${hint}: ${message}`),
      problems,
    );
    t.is(error.message, `configuration of probe refused: ${problems.join('; ')}`);
  });
}

test.serial('configuration of the declared types is taken', async (t) => {
  const source = moduleOf('return {};', { config: FIELDS });
  const config = { size: '0.10', levels: '3', on: false, label: '', wait: '1m30s', list: [], own: 7 };
  await t.notThrowsAsync(start(t, source, { config }));
});

test.serial('a module that is too large is not even compiled', async (t) => {
  const source = `// ${'x'.repeat(2_000)}`;
  const error = await rejection(t, inspectModule(source, { ...ROOMY, sourceBytes: 1_000 }));
  t.deepEqual(error.diagnostics, [{ stage: 'compile', message: 'source has 2003 bytes, allowed: up to 1000' }]);
});

for (const [limits, message] of [
  [{ callMs: 0 }, /SANDBOX_LIMIT: callMs=0, allowed/],
  [{ memoryBytes: 1_000_000 }, /SANDBOX_LIMIT: memoryBytes=1000000, allowed/],
  [{ outputChars: 10 }, /SANDBOX_LIMIT: outputChars=10, allowed/],
] as const) {
  test(`limits ${JSON.stringify(limits)} are refused`, async (t) => {
    await t.throwsAsync(inspectModule('', limits), { instanceOf: RangeError, message });
  });
}
