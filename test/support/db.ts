// Databases for test files. Each call gives a new one on the server of this run, dropped when the file ends.
import { registerSharedWorker } from 'ava/plugin';
import type { Answer, DatabaseKind } from './postgres.worker.ts';

const worker = registerSharedWorker<DatabaseKind | Answer>({
  filename: new URL('./postgres.worker.ts', import.meta.url),
  supportedProtocols: ['ava-4'],
});

/** The URL of a database with every migration applied. */
export function testDatabase(): Promise<string> {
  return request('migrated');
}

/** The URL of a database with nothing in it. */
export function emptyDatabase(): Promise<string> {
  return request('empty');
}

async function request(kind: DatabaseKind): Promise<string> {
  await worker.available;
  for await (const { data } of worker.publish(kind).replies()) {
    if (typeof data === 'object' && 'url' in data) return data.url;
    throw new Error(`no test database: ${typeof data === 'object' ? data.error : data}`);
  }
  throw new Error('no test database: the shared worker ended without an answer');
}
