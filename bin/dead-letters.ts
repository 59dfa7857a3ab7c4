// meltica dead-letters: messages that nobody could apply. `redrive ID` marks one to be delivered again by the
// running supervisor; without one running, start it first: only the owner of the shard may write.
import { parseArgs } from 'node:util';
import { withStore } from './database.ts';

export async function main(argv: readonly string[]): Promise<number> {
  const { values } = parseArgs({ args: [...argv], allowPositionals: true, options: { limit: { type: 'string', default: '50' } } });
  const letters = await withStore((store) => store.listDeadLetters({ limit: Number(values.limit) }));
  for (const { id, envelope, reason, error, attempts, createdAt } of letters) {
    console.log(`${id}  ${new Date(createdAt).toISOString()}  ${reason}  ${envelope.to}  ${envelope.body.type}  attempts=${attempts}  ${error}`);
  }
  console.log(`${letters.length} dead letters`);
  return 0;
}
