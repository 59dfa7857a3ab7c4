// The command: meltica <what> [options]. Picks one of the files beside it and reports how it ended.
import fs from 'node:fs';
import { z } from 'zod';

const USAGE = `usage: meltica <command> [options]

  start                          run the supervisor (and, where configured so, Postgres and the paper venue)
  venue                          run the paper venue alone: [--tape FILE] [--port N] [--data DIR] [--seed N]
                                 [--speed N] [--stay | --linger-ms MS]
  migrate up | down | status | check [--steps N]
  replay KEY | --all | --file F  fold journals through the machines and compare with the stored snapshots
  inspect [KEY]                  live actors of the database, or one of them with its last transitions
  tell KEY MESSAGE               give an actor of the running supervisor a message (JSON)
  dead-letters [redrive ID]      messages that nobody could apply

  --version   --help

Configuration: config/app.yaml (MELTICA_CONFIG_PATH elsewhere), then the environment: DATABASE_URL,
MELTICA_DATA_DIR, MELTICA_API_ADDR and MELTICA_… for every key of the file.`;

/** A command: its arguments to its exit status. Throws what stopped it. */
type Main = (argv: readonly string[]) => Promise<number>;

const COMMANDS: { readonly [name: string]: () => Promise<{ readonly main: Main }> } = {
  start: () => import('./serve.ts'),
  venue: () => import('./venue.ts'),
  migrate: () => import('./migrate.ts'),
  replay: () => import('./replay.ts'),
  inspect: () => import('./inspect.ts'),
  tell: () => import('./tell.ts'),
  'dead-letters': () => import('./dead-letters.ts'),
};

const [name = '--help', ...argv] = process.argv.slice(2);
process.exitCode = await run(name, argv);

async function run(command: string, rest: readonly string[]): Promise<number> {
  if (command === '--version') return say(version(), 0);
  if (command === '--help' || rest.includes('--help')) return say(USAGE, 0);
  const load = COMMANDS[command];
  if (load === undefined) return complain(`unknown command ${JSON.stringify(command)}\n\n${USAGE}`, 2);
  try {
    return await (await load()).main(rest);
  } catch (error) {
    return complain(`meltica ${command}: ${error instanceof Error ? error.message : String(error)}`, 1);
  }
}

function say(text: string, status: number): number {
  console.log(text);
  return status;
}

function complain(text: string, status: number): number {
  console.error(text);
  return status;
}

function version(): string {
  const folder = import.meta.filename.endsWith('.ts') ? '..' : '../..';
  const file = new URL(`${folder}/package.json`, import.meta.url);
  return z.object({ version: z.string() }).parse(JSON.parse(fs.readFileSync(file, 'utf8'))).version;
}
