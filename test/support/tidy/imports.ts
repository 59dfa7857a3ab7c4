// Which file may import which: market, runtime <- messages, exchanges <- machines <- effects, control <- bin.
import type { Finding, Rule } from './rule.ts';
import type { Import, Project, Source } from './source.ts';

const KINDS = '(?:order|provider|strategy|risk|bus|supervisor)';

interface Direction {
  /** Files of ours that the rule is about. */
  readonly from: RegExp;
  /** What of ours they may import. `$kind` stands for the folder of the importing actor kind. */
  readonly to: readonly string[];
  readonly sentence: string;
  readonly planted: Readonly<Record<string, string>>;
}

const OWN = 'actors/$kind/';
const MESSAGES = `actors/${KINDS}/messages\\.ts`;

const DIRECTIONS: readonly Direction[] = [
  {
    sentence: 'market imports nothing of ours',
    from: /^actors\/market\//,
    to: ['actors/market/'],
    planted: { 'actors/market/a.ts': `import { x } from '../runtime/message.ts';` },
  },
  {
    sentence: 'the runtime imports only itself',
    from: /^actors\/runtime\//,
    to: ['actors/runtime/'],
    planted: { 'actors/runtime/a.ts': `import { x } from '../market/decimal.ts';` },
  },
  {
    sentence: 'exchanges import only market',
    from: /^actors\/exchanges\//,
    to: ['actors/market/', 'actors/exchanges/'],
    planted: { 'actors/exchanges/paper/a.ts': `import { x } from '../../order/messages.ts';` },
  },
  {
    sentence: 'messages import only market, types of the runtime, and other messages',
    from: new RegExp(`^${MESSAGES}$`),
    to: ['actors/market/', 'actors/runtime/(?:message|effect|invariant)\\.ts', MESSAGES],
    planted: { 'actors/order/messages.ts': `import { x } from './machine.ts';` },
  },
  {
    sentence: 'machines import only messages, pure siblings, market, and the vocabulary of the runtime',
    from: new RegExp(`^actors/${KINDS}/machine\\.ts$`),
    to: [
      `${OWN}(?!effects\\.ts|index\\.ts|sandbox)[a-z-]+\\.ts`,
      MESSAGES,
      'actors/market/',
      'actors/runtime/(?:effect|message|invariant)\\.ts',
    ],
    planted: { 'actors/order/machine.ts': `import { x } from './effects.ts';` },
  },
  {
    sentence: 'effects and other files of an actor kind import their own kind, messages, market, runtime and the port',
    from: new RegExp(`^actors/${KINDS}/(?!messages\\.ts|machine\\.ts)`),
    to: [OWN, MESSAGES, 'actors/market/', 'actors/runtime/', 'actors/exchanges/exchange\\.ts'],
    planted: { 'actors/order/effects.ts': `import { x } from '../exchanges/paper/venue.ts';` },
  },
  {
    sentence: 'the list of actor kinds imports only their faces, market and the runtime',
    from: /^actors\/index\.ts$/,
    to: [`actors/${KINDS}/(?:index|messages)\\.ts`, 'actors/runtime/', 'actors/market/'],
    planted: { 'actors/index.ts': `import { x } from './order/machine.ts';` },
  },
  {
    sentence: 'control imports only messages, market, the runtime and the redaction of secrets',
    from: /^actors\/control\//,
    to: ['actors/control/', MESSAGES, 'actors/market/', 'actors/runtime/', 'actors/telemetry/redact\\.ts'],
    planted: { 'actors/control/routes/a.ts': `import { x } from '../../../persistence/connection.ts';` },
  },
  {
    sentence: 'telemetry imports only the ports it implements',
    from: /^actors\/telemetry\//,
    to: ['actors/telemetry/', 'actors/runtime/(?:ports|meter|message)\\.ts'],
    planted: { 'actors/telemetry/log.ts': `import { x } from '../order/messages.ts';` },
  },
  {
    sentence: 'persistence imports only the schema, the ports of the runtime and the rows of market',
    from: /^persistence\//,
    to: [
      'persistence/',
      'drizzle/',
      'actors/runtime/(?:ports|message|effect|invariant|inspect)\\.ts',
      'actors/market/',
    ],
    planted: { 'persistence/a.ts': `import { x } from '../actors/runtime/worker.ts';` },
  },
  {
    sentence: 'config imports nothing of ours but the bounds of the runtime',
    from: /^config\//,
    to: ['config/', 'actors/runtime/bounds.ts'],
    planted: { 'config/a.ts': `import { x } from '../actors/market/decimal.ts';` },
  },
  {
    sentence: 'the schema imports nothing of ours',
    from: /^drizzle\//,
    to: ['drizzle/'],
    planted: { 'drizzle/schema/a.ts': `import { x } from '../../actors/market/decimal.ts';` },
  },
  {
    sentence: 'bin imports anything but tests, and only bin and tests import bin and persistence',
    from: /^bin\//,
    to: ['bin/', 'config/', 'actors/', 'persistence/', 'drizzle/'],
    planted: { 'bin/a.ts': `import { x } from '../test/support/db.ts';` },
  },
];

function directionRule({ sentence, from, to, planted }: Direction): Rule {
  return {
    sentence,
    planted,
    advice: `Move what is needed to a file that may be imported: ${to.join(', ')}.`,
    find: (project) =>
      project.programs(from).flatMap((source) => {
        const kind = source.file.split('/')[1] ?? '';
        const allowed = to.map((pattern) => new RegExp(`^${pattern.replace('$kind', kind)}`));
        const wrong = source.imports.filter(({ file }) => file !== undefined && !allowed.some((ok) => ok.test(file)));
        return wrong.map((found) => at(source, found, `imports ${found.file}`));
      }),
  };
}

function at({ file }: Source, { line }: Import, what: string): Finding {
  return { file, line, what };
}

interface Confined {
  readonly library: RegExp;
  readonly to: RegExp;
  readonly sentence: string;
  readonly planted: Readonly<Record<string, string>>;
}

const CONFINED: readonly Confined[] = [
  {
    sentence: 'only persistence and the schema import drizzle-orm and pg',
    library: /^(?:drizzle-orm|pg)(?:\/|$)/,
    to: /^(?:persistence|drizzle|test)\//,
    planted: { 'actors/control/a.ts': `import pg from 'pg';` },
  },
  {
    sentence:
      'only machines, the words they are written in, and the step, lint and definition of the runtime import xstate',
    library: /^xstate(?:\/|$)/,
    to: /^(?:actors\/[a-z]+\/(?:machine|words)\.ts|actors\/runtime\/(?:step|lint|actor)\.ts|test\/)/,
    planted: { 'actors/order/effects.ts': `import { setup } from 'xstate';` },
  },
  {
    sentence: 'only control imports fastify',
    library: /^@?fastify(?:\/|$)/,
    to: /^(?:actors\/control|test)\//,
    planted: { 'bin/serve.ts': `import Fastify from 'fastify';` },
  },
  {
    sentence: 'only the sandbox of strategies starts worker threads, and only it runs QuickJS',
    library: /^(?:node:worker_threads|quickjs-emscripten|@jitl\/)/,
    to: /^(?:actors\/strategy\/sandbox|test\/)/,
    planted: { 'actors/runtime/a.ts': `import { Worker } from 'node:worker_threads';` },
  },
  {
    sentence: 'only exchanges open sockets',
    library: /^ws$/,
    to: /^(?:actors\/exchanges|test)\//,
    planted: { 'actors/provider/effects.ts': `import { WebSocket } from 'ws';` },
  },
  {
    sentence: 'only the ccxt adapter loads ccxt',
    library: /^ccxt$/,
    to: /^(?:actors\/exchanges\/ccxt|test)\//,
    planted: { 'bin/gateway.ts': `const ccxt = await import('ccxt');` },
  },
  {
    sentence: 'only exchanges, persistence, the venue and the command start processes or read files',
    library: /^node:(?:child_process|fs|fs\/promises|net|tls|http|https|dgram)$/,
    to: /^(?:actors\/(?:exchanges\/|control\/|strategy\/sandbox)|persistence\/|config\/|drizzle\/|bin\/|test\/)/,
    planted: { 'actors/order/effects.ts': `import fs from 'node:fs';` },
  },
];

function confinedRule({ sentence, library, to, planted }: Confined): Rule {
  return {
    sentence,
    planted,
    advice: `The library belongs to ${to.source}: ask through a port.`,
    find: (project) =>
      project
        .programs()
        .filter(({ file }) => !to.test(file) && !/\.config\.|^bin\/launched\.mjs$/.test(file))
        .flatMap((source) => {
          const wrong = source.imports.filter(({ specifier }) => library.test(specifier));
          return wrong.map((found) => at(source, found, `imports ${found.specifier}`));
        }),
  };
}

const NO_CYCLES: Rule = {
  sentence: 'no imports go in a circle, those of types included',
  advice: 'Move what both sides need to a file that imports neither.',
  planted: {
    'actors/runtime/a.ts': `import type { B } from './b.ts';`,
    'actors/runtime/b.ts': `import type { A } from './a.ts';`,
  },
  find: (project) => {
    const done = new Set<string>();
    const findings: Finding[] = [];
    const visit = (file: string, trail: readonly string[]): void => {
      for (const { file: next, line } of project.source(file).imports) {
        if (next === undefined || !project.has(next) || done.has(next)) continue;
        const from = trail.indexOf(next);
        if (from === -1) visit(next, [...trail, next]);
        else findings.push({ file, line, what: [...trail.slice(from), next].join(' -> ') });
      }
      done.add(file);
    };
    for (const { file } of project.programs()) if (!done.has(file)) visit(file, [file]);
    return findings;
  },
};

const RESOLVES: Rule = {
  sentence: 'every relative import names a file that is there',
  advice: 'Correct the path, or add the file.',
  planted: { 'actors/runtime/a.ts': `import { x } from './nowhere.ts';` },
  find: (project) =>
    project.programs().flatMap((source) => {
      const wrong = source.imports.filter(({ file }) => file !== undefined && !isThere(project, file));
      return wrong.map((found) => at(source, found, `imports ${found.file}`));
    }),
};

function isThere(project: Project, file: string): boolean {
  return project.has(file) || file.startsWith('dist/') || file.startsWith('node_modules/');
}

export const IMPORT_RULES: readonly Rule[] = [
  ...DIRECTIONS.map(directionRule),
  ...CONFINED.map(confinedRule),
  NO_CYCLES,
  RESOLVES,
];
