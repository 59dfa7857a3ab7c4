// The connection to Postgres is cut around a commit. Before it arrives the group is not there and must be sent again;
// between the commit and its answer it is there and must not be. To the gateway both look the same.
import { setTimeout as pause } from 'node:timers/promises';
import test from 'ava';
import { testDatabase } from '../support/db.ts';
import { type Direction, type TcpProxy, tcpProxy } from '../support/tcp-proxy.ts';
import { finish } from './finish.ts';
import type { GatewayProcess } from './gateway-process.ts';
import { Load } from './load.ts';
import { createWorld, FAULTS, type World } from './world.ts';

const CUTS = 12;
/** More than a renewal of the lease or a read: a group. */
const GROUP_BYTES = 2_000;
/** For acknowledgements that were under way when the stall began. */
const QUIET_MS = 150;
/** A stall that has not grown enough by then never will. Shorter than the lease. */
const STUCK_MS = 1_500;

interface Row {
  readonly message_id: string;
  readonly key: string;
  readonly number: string;
  readonly at: Date;
}

test.serial('a commit is applied once, whether it was lost on its way or its answer was', async (t) => {
  t.timeout(600_000);
  const database = await testDatabase();
  const { hostname, port } = new URL(database);
  await using proxy = await tcpProxy({ host: hostname, port: Number(port) });
  const world = await createWorld({ database, idBlock: 5_000 });
  t.teardown(() => world[Symbol.asyncDispose]());
  await world.faults(FAULTS);
  const load = new Load(world, { seed: 23, paceMs: 10, openMax: 40 });
  const gateway = world.start({ database: proxy.urlOf(database) });
  load.drive(gateway);
  await gateway.ready;
  for (let cut = 1; cut <= CUTS; cut += 1) {
    await load.more(gateway, 20);
    // 1. On its way: what was given is not in the journal when the line is cut, and is there once afterwards.
    const lost = await cutBefore(world, gateway, proxy, load);
    t.is(lost.commitAfter, lost.commitBefore, `cut ${cut}: nothing of the group arrived`);
    t.not(lost.ids.length, 0);
    await gateway.until('what was lost is acknowledged', () => missingOf(load, lost.ids));
    // 2. Answered into the void: it is in the journal when the line is cut, and is not written again.
    await load.more(gateway, 20);
    const kept = await cutAfter(world, gateway, proxy, load);
    t.not(kept.length, 0, `cut ${cut}: a group was committed that nobody was told of`);
    const ids = kept.map(({ message_id }) => message_id);
    await gateway.until('what was kept is acknowledged', () => missingOf(load, ids));
    t.deepEqual(await journalOf(world, ids), kept);
    // 3. At any moment, several in a row.
    for (let again = 0; again < 3; again += 1) {
      await pause(20 + ((cut * 37 + again * 53) % 130));
      proxy.cut();
    }
  }
  t.true(gateway.alive, gateway.failure ?? '');
  const repeated = [...load.acked.values()].filter(({ outcome }) => outcome !== 'applied');
  t.deepEqual(repeated, [], 'the gateway found out by itself: nobody gave it a command twice');
  const [node] = await world.query<{ epoch: string }>('select epoch from nodes where shard = 0');
  t.is(node?.epoch, '1');
  const ended = await finish(world, load, gateway);
  t.deepEqual(ended.findings, []);
  t.log(`${CUTS} cuts before, ${CUTS} after, ${CUTS * 3} at any moment`, ended.counts);
});

/** Holds a group on its way to the server, and cuts. */
async function cutBefore(world: World, gateway: GatewayProcess, proxy: TcpProxy, load: Load) {
  await heldMore(gateway, proxy, 'toServer', GROUP_BYTES);
  await pause(QUIET_MS);
  const ids = [...load.open.keys()];
  const commitBefore = await commitNumber(world);
  proxy.refuse(true);
  proxy.cut();
  await pause(QUIET_MS);
  const commitAfter = await commitNumber(world);
  const arrived = await journalOf(world, ids);
  proxy.refuse(false);
  return { commitBefore, commitAfter, ids: ids.filter((id) => !arrived.some(({ message_id }) => message_id === id)) };
}

/** Lets a group be committed, holds the answer, and cuts. Answers what of the load it wrote. */
async function cutAfter(world: World, gateway: GatewayProcess, proxy: TcpProxy, load: Load): Promise<Row[]> {
  for (;;) {
    await heldMore(gateway, proxy, 'toClient', 0);
    await pause(QUIET_MS);
    const rows = await journalOf(world, [...load.open.keys()]);
    // What is held may be the answer to a renewal, or a group without commands: then it goes on, and again.
    if (rows.length > 0) {
      proxy.refuse(true);
      proxy.cut();
      await pause(QUIET_MS);
      proxy.refuse(false);
      return rows;
    }
    proxy.resume();
    await load.more(gateway, 3);
  }
}

/**
 * Stalls again at every look: the gateway may just be coming back from the cut before, by a new connection. One that
 * caught the small question before a group, or a small group, holds back what would make it more: then it goes on.
 */
function heldMore(gateway: GatewayProcess, proxy: TcpProxy, direction: Direction, bytes: number): Promise<void> {
  let since = performance.now();
  const missing = (): string | null => {
    proxy.stall(direction);
    const held = proxy.held(direction);
    if (held > bytes) return null;
    if (performance.now() - since > STUCK_MS) {
      proxy.resume();
      since = performance.now();
    }
    return `${held} bytes are`;
  };
  return gateway.until(`more than ${bytes} bytes are held`, missing);
}

function missingOf(load: Load, ids: readonly string[]): string | null {
  const missing = ids.filter((id) => !load.acked.has(id));
  return missing.length === 0 ? null : `${missing.join(', ')} are not`;
}

function journalOf(world: World, ids: readonly string[]): Promise<Row[]> {
  return world.query<Row>(
    `select t.message_id, a.key, t.number, t.at from transitions t join actors a on a.id = t.actor_id
      where t.message_id = any($1) order by t.message_id`,
    [ids],
  );
}

async function commitNumber(world: World): Promise<string | undefined> {
  const [node] = await world.query<{ commit_number: string }>('select commit_number from nodes where shard = 0');
  return node?.commit_number;
}
