// meltica migrate up | down | status | check: the schema of the configured database.
import { parseArgs } from 'node:util';
import { readEnvironment } from '../config/env.ts';
import { loadConfig } from '../config/index.ts';
import { checkSchema, migrateDown, migrateUp, migrationStatus } from '../persistence/migrate.ts';
import { openDatabase } from './database.ts';

const USAGE = 'usage: meltica migrate up | down [--steps N] | status | check';

export async function main(argv: readonly string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...argv],
    allowPositionals: true,
    options: { steps: { type: 'string', default: '1' } },
  });
  const [what = ''] = positionals;
  const steps = Number(values.steps);
  if (!['up', 'down', 'status', 'check'].includes(what) || !Number.isInteger(steps) || steps < 1) {
    console.error(USAGE);
    return 2;
  }
  const database = await openDatabase(loadConfig(readEnvironment()));
  try {
    const { url, tls } = database.store;
    if (what === 'up') report('applied', await migrateUp(url, { tls }));
    else if (what === 'down') report('taken back', await migrateDown(url, steps, { tls }));
    else if (what === 'status') return await status(url, { tls });
    else {
      await checkSchema(url, { tls });
      console.log('the schema is the one of this program');
    }
    return 0;
  } finally {
    await database.close();
  }
}

function report(how: string, names: readonly string[]): void {
  for (const name of names) console.log(`${how}: ${name}`);
  console.log(`${names.length} migrations ${how}`);
}

async function status(url: string, options: Parameters<typeof migrationStatus>[1]): Promise<number> {
  const { applied, pending, problems } = await migrationStatus(url, options);
  for (const { name, appliedAt } of applied) console.log(`applied  ${new Date(appliedAt).toISOString()}  ${name}`);
  for (const name of pending) console.log(`pending  ${name}`);
  for (const problem of problems) console.log(`problem  ${problem.message}`);
  return problems.length > 0 ? 1 : 0;
}
