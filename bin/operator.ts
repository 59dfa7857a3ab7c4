// How the command line asks the running supervisor to change something: over its control API, with the token of the
// data folder. Only the owner of the shard may write.
import fs from 'node:fs';
import path from 'node:path';
import { readEnvironment } from '../config/env.ts';
import { loadConfig } from '../config/index.ts';

/** The answer's fields, or `error` when it was refused. Throws when nobody answers. */
export async function askSupervisor(
  route: string,
  { url, body }: { readonly url: string | undefined; readonly body?: object },
): Promise<{ readonly [field: string]: unknown; readonly error?: string }> {
  const { dataDir, apiServer } = loadConfig(readEnvironment());
  const base = url ?? `http://${apiServer.addr}`;
  const authorization = `Bearer ${fs.readFileSync(path.join(dataDir, 'token'), 'utf8').trim()}`;
  const answer = await fetch(`${base}${route}`, {
    method: 'POST',
    headers: body === undefined ? { authorization } : { authorization, 'content-type': 'application/json' },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  }).catch((error: unknown) => {
    throw new Error(`no supervisor answers at ${base}: start it, or name its address with --url`, { cause: error });
  });
  return (await answer.json()) as { readonly [field: string]: unknown };
}
