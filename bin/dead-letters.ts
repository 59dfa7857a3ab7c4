// meltica dead-letters: messages that nobody could apply, from the database. `redrive ID` asks the running supervisor
// to deliver one again.
import { parseArgs } from 'node:util';
import { withStore } from './database.ts';
import { askSupervisor } from './operator.ts';

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

async function redrive(id: string, url: string | undefined): Promise<number> {
  const { outcome, error } = await askSupervisor(`/debug/dead-letters/${id}/redrive`, { url });
  console.log(outcome ?? error);
  return outcome === 'applied' ? 0 : 1;
}
