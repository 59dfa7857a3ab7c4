// Where time, chance and the environment may enter: in the shell files named here, by what they do there.
import type { Finding, Rule } from './rule.ts';
import { lineOf, type Project, type Source } from './source.ts';

type Shell = Readonly<Record<string, string>>;

/** file or folder/ -> why the clock is read there */
const CLOCKS: Shell = {
  'actors/control/console/': 'the page shows ages',
  'actors/exchanges/wire/clock.ts': 'the clock the adapter is given',
  'actors/exchanges/paper/host.ts': 'the clock the venue is given',
  'actors/strategy/sandbox/': 'deadlines of strategy code',
  'persistence/embedded/': 'deadlines of a server that starts',
};
const CHANCE: Shell = {
  'persistence/database.ts': 'names its sessions',
  'actors/control/token.ts': 'makes the access token',
  'actors/exchanges/wire/clock.ts': 'jitter of reconnects',
  'actors/exchanges/paper/host.ts': 'makes API secrets and seeds',
  'persistence/embedded/cluster.ts': 'makes the password',
};
const TIMERS: Shell = {
  'actors/control/console/': 'the page refreshes itself',
  'actors/exchanges/wire/clock.ts': 'the timers the adapter is given',
  'actors/exchanges/paper/host.ts': 'the timers the venue is given',
  'actors/exchanges/paper/ledger/file.ts': 'lets other work through while a ledger is read',
  'actors/strategy/sandbox/': 'deadlines of strategy code',
  'persistence/connection.ts': 'bounds the time of a connection',
  'persistence/embedded/': 'waits for a server of another process',
};
const ENVIRONMENT: Shell = { 'config/env.ts': 'the only reader' };

interface Confinement {
  readonly what: string;
  readonly pattern: RegExp;
  readonly shell: Shell;
  readonly outside: RegExp;
  readonly planted: string;
}

const CONFINEMENTS: readonly Confinement[] = [
  {
    what: 'the clock',
    pattern: /\bDate\.now\b|\bnew Date\(\s*\)|(?<!new )\bDate\(\s*\)|\bperformance\.(?:now|timeOrigin)\b|\bhrtime\b/g,
    shell: CLOCKS,
    outside: /^(?:bin|test)\//,
    planted: 'export const x = Date.now();',
  },
  {
    what: 'chance',
    pattern: /\bMath\.random\b|\brandom(?:UUID|Bytes|Int|FillSync)\b|\bgetRandomValues\b/g,
    shell: CHANCE,
    outside: /^(?:bin|test)\//,
    planted: 'export const x = Math.random();',
  },
  {
    what: 'a timer',
    // Not a method of a socket or a request, which has its own.
    pattern: /(?<![\w.]|\.\s)set(?:Timeout|Interval|Immediate)\b|\bglobalThis\.set\w+/g,
    shell: TIMERS,
    outside: /^(?:bin|test)\//,
    planted: 'setTimeout(() => undefined, 1);',
  },
  {
    what: 'the environment',
    pattern: /\bprocess\.env\b|\benv\b(?=[^'"]*\bfrom 'node:process')/g,
    shell: ENVIRONMENT,
    outside: /^bin\/[\w-]+\.mjs$|^test\/|^ava\.config\.js$/,
    planted: `export const x = process.env['HOME'];`,
  },
];

function confinementRule({ what, pattern, shell, outside, planted }: Confinement): Rule {
  const files = Object.keys(shell);
  return {
    sentence: `${what} is used only in the files named for it`,
    advice: `Take it as a parameter, or name the file in test/support/tidy/confined.ts with its reason.`,
    planted: { 'actors/runtime/a.ts': planted },
    find: (project) => {
      const free = (file: string): boolean => outside.test(file) || files.some((name) => isWithin(file, name));
      return project
        .programs()
        .filter(({ file }) => !free(file))
        .flatMap((source) => matches(source, pattern));
    },
  };
}

function isWithin(file: string, name: string): boolean {
  return name.endsWith('/') ? file.startsWith(name) : file === name;
}

function matches({ file, text, code }: Source, pattern: RegExp): Finding[] {
  return [...code.matchAll(pattern)].map(({ 0: found, index }) => ({ file, line: lineOf(text, index), what: found }));
}

const SHELLS_EXIST: Rule = {
  sentence: 'every file named for time, chance or the environment is there and uses it',
  advice: 'Remove it from test/support/tidy/confined.ts.',
  planted: { 'config/env.ts': 'export const x = 1;', 'actors/exchanges/wire/clock.ts': 'export const y = 1;' },
  find: (project) =>
    CONFINEMENTS.flatMap(({ what, pattern, shell }) =>
      Object.keys(shell)
        .filter((name) => {
          const sources = project.programs().filter(({ file }) => isWithin(file, name));
          return sources.every((source) => matches(source, pattern).length === 0);
        })
        .map((file) => ({ file, line: 1, what: `does not use ${what}` })),
    ),
};

const IMPURE_NAMES = 'Date|process|fetch|console|performance|globalThis|setTimeout|setInterval|queueMicrotask';
const IMPURE = new RegExp(`\\b(?:${IMPURE_NAMES})\\b|\\bMath\\.random\\b|\\bimport\\s*\\(`, 'g');

/** A machine, and every file it is made of. */
function machineFiles(project: Project): Source[] {
  const found = new Map<string, Source>();
  const visit = (source: Source): void => {
    if (found.has(source.file)) return;
    found.set(source.file, source);
    for (const { file } of source.imports) if (file !== undefined && project.has(file)) visit(project.source(file));
  };
  for (const machine of project.programs(/^actors\/[a-z]+\/machine\.ts$/)) visit(machine);
  return [...found.values()];
}

const PURE_MACHINES: Rule = {
  sentence: 'machines are pure, and so is everything they import',
  advice: 'Let the value come in with the message, or make it an effect.',
  planted: {
    'actors/order/machine.ts': `import { x } from './facts.ts';`,
    'actors/order/facts.ts': `import { y } from 'node:fs'; export const x = new Date(y);`,
  },
  find: (project) =>
    machineFiles(project).flatMap((source) => {
      const imports = source.imports
        .filter(({ specifier }) => specifier.startsWith('node:'))
        .map(({ line, specifier }) => ({ file: source.file, line, what: `imports ${specifier}` }));
      return [...imports, ...matches(source, IMPURE)];
    }),
};

export const CONFINED_RULES: readonly Rule[] = [...CONFINEMENTS.map(confinementRule), SHELLS_EXIST, PURE_MACHINES];
