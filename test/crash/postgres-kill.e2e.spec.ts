// Postgres itself dies under load, by kill -9 of every one of its processes, and comes back on the same folder.
import { chmod, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { type EmbeddedPostgres, startEmbedded } from '../../persistence/embedded/index.ts';
import { migrateUp } from '../../persistence/migrate.ts';
import { finish } from './finish.ts';
import { Load } from './load.ts';
import { createWorld, FAULTS } from './world.ts';

const KILLS = 3;

test.serial('a gateway survives the death of its database, says so meanwhile, and goes on', async (t) => {
  t.timeout(900_000);
  const postgres = await durablePostgres(t);
  await migrateUp(postgres.url);
  const world = await createWorld({ database: postgres.url });
  t.teardown(() => world[Symbol.asyncDispose]());
  await world.faults(FAULTS);
  const load = new Load(world, { seed: 17, paceMs: 15, openMax: 40 });
  const gateway = world.start();
  load.drive(gateway);
  const { url } = await gateway.recovered;
  await gateway.ready;
  for (let kill = 1; kill <= KILLS; kill += 1) {
    await load.more(gateway, 80);
    t.deepEqual(await readiness(url), { ready: true, reasons: [] });
    // 1. Every process of it at once: nothing is flushed, nobody says goodbye.
    await postgres.kill();
    await gateway.until('it says that it is not ready', async () => ((await readiness(url)).ready ? 'it is' : null));
    t.deepEqual((await readiness(url)).reasons, ['the database does not answer']);
    // 2. It comes back, recovers from its log, and the same process goes on where it was.
    const startedAt = performance.now();
    await postgres.start();
    const upMs = performance.now() - startedAt;
    await load.more(gateway, 20);
    const onMs = performance.now() - startedAt;
    t.true(gateway.alive, gateway.failure ?? '');
    t.log(`kill ${kill}: accepts again after ${Math.round(upMs)} ms, commits again after ${Math.round(onMs)} ms`);
  }
  const [node] = await world.query<{ epoch: string }>('select epoch from nodes where shard = 0');
  t.is(node?.epoch, '1');
  const ended = await finish(world, load, gateway);
  t.deepEqual(ended.findings, []);
  t.log(ended.counts);
});

interface Server {
  readonly url: string;
  start(): Promise<void>;
  kill(): Promise<void>;
}

async function durablePostgres(t: ExecutionContext): Promise<Server> {
  const dataDir = await mkdtemp(path.join(os.tmpdir(), 'meltica-crash-pg-'));
  await chmod(dataDir, 0o755); // the server's account must get there
  let server: EmbeddedPostgres = await startEmbedded({ dataDir, durable: true });
  const { url, data } = server;
  t.teardown(async () => {
    await server.stop();
    await Promise.all([dataDir, path.dirname(data)].map((folder) => rm(folder, { recursive: true, force: true })));
  });
  return {
    url,
    kill: async () => {
      const postmaster = Number((await readFile(path.join(data, 'postmaster.pid'), 'utf8')).split('\n')[0]);
      for (const pid of [postmaster, ...(await childrenOf(postmaster))]) killNow(pid);
      await server.exited;
    },
    start: async () => {
      server = await startEmbedded({ dataDir, durable: true });
      if (server.url !== url) throw new Error('the port of the killed server was taken meanwhile: run the test again');
    },
  };
}

async function childrenOf(parent: number): Promise<number[]> {
  const pids = (await readdir('/proc')).map(Number).filter((pid) => pid > 0);
  const parents = await Promise.all(pids.map(parentOf));
  return pids.filter((_, index) => parents[index] === parent);
}

async function parentOf(pid: number): Promise<number | null> {
  // pid (name) state ppid …; the name may hold anything.
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1] ?? Number.NaN);
}

function killNow(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It ended between the listing and now.
  }
}

async function readiness(url: string): Promise<{ ready: boolean; reasons: readonly string[] }> {
  const answer = await fetch(`${url}/health/ready`);
  const { reasons = [] } = (await answer.json()) as { reasons?: readonly string[] };
  return { ready: answer.ok, reasons };
}
