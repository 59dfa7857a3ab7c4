// meltica replay KEY | --all | --file F: folds journals through the machines and compares with the stored snapshots,
// byte for byte. Reads only; a running system may go on beside it.
import fs from 'node:fs';
import { parseArgs } from 'node:util';
import { z } from 'zod';
import { actors } from '../actors/index.ts';
import type { ActorDefinition } from '../actors/runtime/actor.ts';
import type { ActorKey } from '../actors/runtime/message.ts';
import type { History, Store, StoredHistory } from '../actors/runtime/ports.ts';
import { createReplayer, type Replayed, replay } from '../actors/runtime/replay.ts';
import { withStore } from './database.ts';

export interface ReplayReport {
  readonly actors: number;
  readonly transitions: number;
  /** Keys of actors at rest that an older machine version left: only the program that wrote them can replay them. */
  readonly older: readonly string[];
  readonly differences: readonly Replayed[];
}

/** Actors read at once, and the longest journal that is read with them. */
const PAGE = 500;
const SHORT = 200;
/** Transitions of a longer journal read at once. */
const PART = 5_000;

const USAGE = 'usage: meltica replay KEY | --all | --file F';

export async function main(argv: readonly string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...argv],
    allowPositionals: true,
    options: { all: { type: 'boolean' }, file: { type: 'string' } },
  });
  const [key] = positionals;
  if ([values.all, values.file, key].filter((given) => given !== undefined).length !== 1) {
    console.error(USAGE);
    return 2;
  }
  const report =
    values.file !== undefined
      ? replayFile(values.file)
      : await withStore(async (store) =>
          key === undefined ? replayAll(store, actors) : replayOne(store, actors, key as ActorKey),
        );
  print(report);
  return report.differences.length > 0 ? 1 : 0;
}

function print({ actors: count, transitions, older, differences }: ReplayReport): void {
  const first = differences[0];
  if (first !== undefined) console.log(`first difference: ${first.key}: ${first.difference}`);
  if (older.length > 0) {
    const example = `such as ${older[0]}`;
    console.log(`${older.length} left by an older machine version, ${example}: replay them with the program of then`);
  }
  console.log(`${count} actors, ${transitions} transitions, ${differences.length} differences`);
}

/** Every actor of the database, also those at rest. */
export async function replayAll(store: Store, definitions: readonly ActorDefinition[]): Promise<ReplayReport> {
  const results: Replayed[] = [];
  const older: string[] = [];
  for (let afterId = 0n; ; ) {
    const page = await store.listHistories({ afterId, limit: PAGE, transitions: SHORT });
    for (const history of page) {
      if (isOlder(definitions, history)) older.push(history.key);
      else if (history.version > SHORT) results.push(await replayLong(store, definitions, history));
      else results.push(replayHistory(definitions, history));
    }
    const last = page.at(-1);
    if (last === undefined) return { ...summary(results), older };
    afterId = last.id;
  }
}

/** It was at rest when the machine got its new version, and is upgraded when a message wakes it. */
function isOlder(definitions: readonly ActorDefinition[], { kind, machineVersion }: StoredHistory): boolean {
  const definition = definitions.find((one) => one.kind === kind);
  return definition !== undefined && machineVersion < definition.version;
}

/** A journal of any length, in parts: what was read is immutable, so a commit in between does not matter. */
async function replayLong(
  store: Store,
  definitions: readonly ActorDefinition[],
  history: StoredHistory,
): Promise<Replayed> {
  const definition = definitions.find(({ kind }) => kind === history.kind);
  if (definition === undefined) return replayHistory(definitions, history);
  const replayer = createReplayer(definition, history);
  for (let after = 0; after < history.version; ) {
    const part = await store.listTransitions(history.id, { after, upTo: history.version, limit: PART });
    if (part.length === 0 || !replayer.feed(part)) break;
    after = part.at(-1)?.number ?? history.version;
  }
  return replayer.finish();
}

async function replayOne(store: Store, definitions: readonly ActorDefinition[], key: ActorKey): Promise<ReplayReport> {
  const history = await store.history(key);
  if (history === null) return summary([{ key, transitions: 0, snapshot: null, difference: 'there is no such actor' }]);
  return summary([replayHistory(definitions, history)]);
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
    older: [],
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
  z.object({
    key: z.string(),
    kind: z.string(),
    machineVersion: z.number().int(),
    version: z.number().int(),
    state: z.string(),
    snapshot: z.string(),
    transitions: z.array(row),
  }),
);

/** A file of recorded histories: a JSON array, as `meltica inspect --history` prints it. */
export function readHistories(file: string): readonly History[] {
  const checked = recorded.safeParse(JSON.parse(fs.readFileSync(file, 'utf8')));
  if (checked.success) return checked.data as readonly History[];
  const [issue] = checked.error.issues;
  throw new Error(`${file} holds no histories: ${issue?.path.join('.') || 'the file'}: ${issue?.message}`);
}

function replayFile(file: string): ReplayReport {
  return summary(readHistories(file).map((history) => replayHistory(actors, history)));
}
