// meltica dead-letters: messages that nobody could apply, from the database. `redrive ID` asks the running supervisor
// to deliver one again: only the owner of the shard may write.
import fs from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { readEnvironment } from '../config/env.ts';
import { loadConfig } from '../config/index.ts';
import { withStore } from './database.ts';

const USAGE = 'usage: meltica dead-letters [--limit N] | redrive ID [--url URL]';

export async function main(argv: readonly string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...argv],
    allowPositionals: true,
    options: { limit: { type: 'string', default: '50' }, url: { type: 'string' } },
  });
  const [what, id] = positionals;
  if (what === undefined) return list(Number(values.limit));
  if (what === 'redrive' && id !== undefined && /^[1-9]\d*$/.test(id)) return redrive(id, values.url);
  console.error(USAGE);
  return 2;
}

async function list(limit: number): Promise<number> {
  const letters = await withStore((store) => store.listDeadLetters({ limit }));
  for (const { id, envelope, reason, error, attempts, createdAt } of letters) {
    const when = new Date(createdAt).toISOString();
    console.log(`${id}  ${when}  ${reason}  ${envelope.to}  ${envelope.body.type}  attempts=${attempts}  ${error}`);
  }
  console.log(`${letters.length} dead letters`);
  return 0;
}

/** Over the control API, with the token of the data folder. */
async function redrive(id: string, url: string | undefined): Promise<number> {
  const { dataDir, apiServer } = loadConfig(readEnvironment());
  const base = url ?? `http://${apiServer.addr}`;
  const token = fs.readFileSync(path.join(dataDir, 'token'), 'utf8').trim();
  const answer = await fetch(`${base}/debug/dead-letters/${id}/redrive`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}` },
  }).catch((error: unknown) => {
    throw new Error(`no supervisor answers at ${base}: start it, or name its address with --url`, { cause: error });
  });
  const body = (await answer.json()) as { readonly outcome?: string; readonly error?: string };
  console.log(body.outcome ?? body.error ?? `status ${answer.status}`);
  return body.outcome === 'applied' ? 0 : 1;
}
