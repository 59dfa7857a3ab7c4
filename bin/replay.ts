// meltica replay KEY | --all | --file F: folds journals through the machines and compares with the stored snapshots,
// byte for byte. Reads only; a running system may go on beside it.
import fs from 'node:fs';
import { parseArgs } from 'node:util';
import { z } from 'zod';
import { actors } from '../actors/index.ts';
import type { ActorDefinition } from '../actors/runtime/actor.ts';
import type { ActorKey } from '../actors/runtime/message.ts';
import type { History, Store } from '../actors/runtime/ports.ts';
import { replay, type Replayed } from '../actors/runtime/replay.ts';
import { withStore } from './database.ts';

export interface ReplayReport {
  readonly actors: number;
  readonly transitions: number;
  readonly differences: readonly Replayed[];
}

const PAGE = 1_000;
/** A snapshot may be ahead of the journal we read, or behind it, when its actor moved between the two reads. */
const ATTEMPTS = 3;

const USAGE = 'usage: meltica replay KEY | --all | --file F';

export async function main(argv: readonly string[]): Promise<number> {
  const { values, positionals } = parseArgs({ args: [...argv], allowPositionals: true, options: { all: { type: 'boolean' }, file: { type: 'string' } } });
  const [key] = positionals;
  if ([values.all, values.file, key].filter((given) => given !== undefined).length !== 1) {
    console.error(USAGE);
    return 2;
  }
  const report = values.file !== undefined ? replayFile(values.file) : await withStore(async (store) => (key === undefined ? replayAll(store, actors) : replayOne(store, actors, key as ActorKey)));
  print(report);
  return report.differences.length > 0 ? 1 : 0;
}

function print({ actors: count, transitions, differences }: ReplayReport): void {
  const first = differences[0];
  if (first !== undefined) console.log(`first difference: ${first.key}: ${first.difference}`);
  console.log(`${count} actors, ${transitions} transitions, ${differences.length} differences`);
}

/** Every actor of the database, also those at rest. */
export async function replayAll(store: Store, definitions: readonly ActorDefinition[]): Promise<ReplayReport> {
  const results: Replayed[] = [];
  for (let afterId = 0n; ; ) {
    const page = await store.listKeys({ afterId, limit: PAGE });
    for (const { key } of page) results.push(await replayStored(store, definitions, key));
    const last = page.at(-1);
    if (last === undefined) return summary(results);
    afterId = last.id;
  }
}

async function replayOne(store: Store, definitions: readonly ActorDefinition[], key: ActorKey): Promise<ReplayReport> {
  return summary([await replayStored(store, definitions, key)]);
}

async function replayStored(store: Store, definitions: readonly ActorDefinition[], key: ActorKey): Promise<Replayed> {
  for (let attempt = 1; ; attempt += 1) {
    const history = await store.history(key);
    if (history === null) return { key, transitions: 0, snapshot: null, difference: 'there is no such actor' };
    const replayed = replayHistory(definitions, history);
    if (replayed.difference === null || attempt === ATTEMPTS) return replayed;
  }
}

export function replayHistory(definitions: readonly ActorDefinition[], history: History): Replayed {
  const definition = definitions.find(({ kind }) => kind === history.kind);
  if (definition !== undefined) return replay(definition, history);
  return { key: history.key, transitions: 0, snapshot: null, difference: `there is no actor kind ${history.kind}` };
}

function summary(results: readonly Replayed[]): ReplayReport {
  return {
    actors: results.length,
    transitions: results.reduce((sum, { transitions }) => sum + transitions, 0),
    differences: results.filter(({ difference }) => difference !== null),
  };
}

const row = z.object({
  number: z.number().int(),
  messageId: z.string(),
  type: z.string(),
  body: z.string(),
  fromState: z.string().nullable(),
  toState: z.string(),
  at: z.number(),
  sender: z.string().nullable(),
  cause: z.string().nullable(),
  correlation: z.string(),
  hop: z.number(),
});
const recorded = z.array(
  z.object({ key: z.string(), kind: z.string(), machineVersion: z.number().int(), version: z.number().int(), state: z.string(), snapshot: z.string(), transitions: z.array(row) }),
);

/** A file of recorded histories: a JSON array, as `meltica inspect --history` prints it. */
export function readHistories(file: string): readonly History[] {
  return recorded.parse(JSON.parse(fs.readFileSync(file, 'utf8'))) as readonly History[];
}

function replayFile(file: string): ReplayReport {
  return summary(readHistories(file).map((history) => replayHistory(actors, history)));
}
