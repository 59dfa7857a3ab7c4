// A small process beside a test run. It reads from its standard input what the run will leave behind, and
// removes that when the input ends: AVA tells a shared worker nothing of the end of a run, and a killed run
// tells no one.
import { type ChildProcess, spawn } from 'node:child_process';
import net from 'node:net';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { z } from 'zod';
import { ask } from './postgres.ts';

const Docker = z.union([z.object({ socketPath: z.string() }), z.object({ host: z.string(), port: z.number() })]);
const Remains = z.discriminatedUnion('type', [
  z.object({ type: z.literal('databases'), url: z.string(), prefix: z.string() }),
  z.object({ type: z.literal('container'), docker: Docker, id: z.string() }),
]);
export type Remains = z.infer<typeof Remains>;

/** Promises that `remains` are removed after this process, however it ends. */
export function reapAfterUs(remains: Remains): void {
  const child = spawn(process.execPath, [fileURLToPath(import.meta.url)], {
    stdio: ['pipe', 'ignore', 'inherit'],
    detached: true, // Ctrl-C ends the run, not its clean-up
  });
  child.stdin?.write(JSON.stringify(remains)); // not as an argument: other users see those
  letUsExit(child);
}

function letUsExit(child: ChildProcess): void {
  child.unref();
  if (child.stdin instanceof net.Socket) child.stdin.unref();
}

async function reap(remains: Remains): Promise<void> {
  if (remains.type === 'container') {
    await ask(remains.docker, 'DELETE', `/containers/${remains.id}?force=true&v=true`, 30_000);
    return;
  }
  const client = new pg.Client(remains.url);
  await client.connect();
  const found = await client.query<{ datname: string }>(
    'select datname from pg_database where starts_with(datname, $1)',
    [remains.prefix],
  );
  for (const { datname } of found.rows) await client.query(`drop database if exists ${datname} with (force)`);
  await client.end();
}

if (import.meta.main) await reap(Remains.parse(JSON.parse(await text(process.stdin))));
