// What the network does in a case, and what must be seen of it in its own time: afterwards nobody could say which case
// a finding came from.
import { setTimeout as pause } from 'node:timers/promises';
import type { ExecutionContext } from 'ava';
import { readLedger } from '../../actors/exchanges/paper/ledger/read.ts';
import type { Direction, TcpProxy } from '../support/tcp-proxy.ts';
import type { GatewayProcess } from './gateway-process.ts';
import type { Load } from './load.ts';
import { sentTwice } from './oracle.ts';
import { TOKEN } from './protocol.ts';
import { ACCOUNT_NAME, type World } from './world.ts';

export interface Scene {
  readonly t: ExecutionContext;
  readonly world: World;
  readonly load: Load;
  readonly gateway: GatewayProcess;
  readonly proxy: TcpProxy;
}

export interface Case {
  readonly name: string;
  /** What is done to the link while the load goes on, and what is seen meanwhile. */
  readonly weather: (scene: Scene) => Promise<void>;
  /** The gateway after it, where that may be another one. */
  readonly next?: (scene: Scene) => Promise<GatewayProcess>;
  /** Whether the provider must find the link lost, or must not take it for lost. */
  readonly isLost: boolean;
}

/** A link that is lost is found within it, whatever the system believes of the connection. */
const FOUND_WITHIN_MS = 5_000;
/** From the end of the weather to the next commands that are taken, and to the next order at the venue. */
const BACK_WITHIN_MS = 20_000;
/** Absence is proved some 15 s after the deadline, and a question may be 10 s away. */
const DECIDED_WITHIN_MS = 60_000;

interface Moment {
  readonly at: number;
  readonly epoch: string;
  readonly commits: number;
  readonly orders: number;
  readonly deadLetters: number;
  readonly doubts: number;
}

/** One case under load, judged when it is over. Answers with the gateway that runs then. */
export async function suffer(scene: Scene, { name, weather, next, isLost }: Case): Promise<GatewayProcess> {
  const { t, world, load, proxy } = scene;
  const of = (what: string): string => `${name}: ${what}`;
  await load.more(scene.gateway, 30);
  await ready(scene.gateway);
  const before = await momentOf(world);
  await weather(scene);
  const gateway = (await next?.(scene)) ?? scene.gateway;
  proxy.resume();
  const over = await momentOf(world);
  // 1. Work goes on: commands are committed, orders reach the venue, what was under way is decided.
  const taken = await within(gateway, of('30 commands are taken'), BACK_WITHIN_MS, acked(load, 30));
  const placed = await within(gateway, of('an order reaches the venue'), BACK_WITHIN_MS, async () =>
    (await ordersAtVenue(world)) > over.orders ? null : 'none has',
  );
  const decided = await within(gateway, of('what was under way is decided'), DECIDED_WITHIN_MS, () =>
    undecided(world, over.at),
  );
  await ready(gateway);
  // 2. It is known for what it was.
  const lostAt = await lostSince(world, before.at);
  t.is(lostAt !== null, isLost, of(isLost ? 'the provider finds its link lost' : 'the link is not taken for lost'));
  const found = lostAt === null ? null : lostAt - before.at;
  if (found !== null) t.true(found < FOUND_WITHIN_MS, of(`found after ${found} ms`));
  // 3. Nobody else took the shard, nothing was given up, and nothing is at the venue twice.
  const after = await momentOf(world);
  t.true(gateway.alive, of(gateway.failure ?? 'the gateway goes on'));
  const owners = gateway === scene.gateway ? 0 : 1;
  t.is(Number(after.epoch), Number(before.epoch) + owners, of('nobody else has taken the shard'));
  t.true(after.commits > over.commits, of('commits go on'));
  t.is(after.deadLetters, before.deadLetters, of('no message is given up'));
  t.deepEqual(await gaps(world), [], of('no journal has a gap'));
  t.deepEqual(sentTwice(await readLedger(world.ledgerFile)), [], of('nothing was sent twice'));
  const doubts = `${after.doubts - before.doubts} orders in doubt, decided after ${decided} ms`;
  const detected = found === null ? 'not taken for lost' : `found lost after ${found} ms`;
  t.log(of(`${detected}; commands again after ${taken} ms, orders after ${placed} ms; ${doubts}`));
  return gateway;
}

async function within(
  gateway: GatewayProcess,
  what: string,
  ms: number,
  missing: () => Promise<string | null> | string | null,
): Promise<number> {
  const startedAt = performance.now();
  await gateway.until(what, missing, ms);
  return Math.round(performance.now() - startedAt);
}

function acked({ acked: all }: Load, count: number): () => string | null {
  const wanted = all.size + count;
  return () => (all.size >= wanted ? null : `${wanted - all.size} are missing`);
}

async function momentOf(world: World): Promise<Moment> {
  const [row] = await world.query<{ epoch: string; commits: string; letters: string; doubts: string }>(
    `select epoch, commit_number as commits, (select count(*) from dead_letters) as letters,
            (select count(distinct actor_id) from transitions where to_state like 'life.doubt%') as doubts
       from nodes where shard = 0`,
  );
  const counted = { commits: Number(row?.commits), deadLetters: Number(row?.letters), doubts: Number(row?.doubts) };
  return { at: Date.now(), epoch: row?.epoch ?? '', orders: await ordersAtVenue(world), ...counted };
}

export async function ordersAtVenue({ ledgerFile }: World): Promise<number> {
  const { orders } = await readLedger(ledgerFile);
  return orders.filter(({ account }) => account === ACCOUNT_NAME).length;
}

export async function commitsOf(world: World): Promise<number> {
  return (await momentOf(world)).commits;
}

/** Orders that were given before then and of which nobody knows yet what became of them. */
async function undecided(world: World, before: number): Promise<string | null> {
  const rows = await world.query<{ client_order_id: string; life: string }>(
    `select client_order_id, life from orders
      where life in ('intent', 'queued', 'sending', 'doubt', 'closing') and placed_at < $1 limit 5`,
    [new Date(before)],
  );
  return rows.length === 0 ? null : rows.map(({ client_order_id, life }) => `${client_order_id} is ${life}`).join(', ');
}

async function lostSince(world: World, since: number): Promise<number | null> {
  const [row] = await world.query<{ at: Date }>(
    `select t.at from transitions t join actors a on a.id = t.actor_id
      where a.key = 'provider/paper' and t.type = 'Disconnected' and t.at >= $1 order by t.number limit 1`,
    [new Date(since)],
  );
  return row?.at.getTime() ?? null;
}

async function gaps(world: World): Promise<string[]> {
  const rows = await world.query<{ key: string }>(
    `select a.key from actors a join transitions t on t.actor_id = a.id
      group by a.id, a.key having count(*) <> max(t.number) or min(t.number) <> 1`,
  );
  return rows.map(({ key }) => key);
}

interface Seen {
  readonly state: string;
  readonly snapshot: { readonly c: { readonly feeds: { readonly wanted: number; readonly held: number | null } } };
}

/** With its feeds held: a stream that is just being opened anew cannot be found lost. */
async function ready(gateway: GatewayProcess): Promise<void> {
  const { url } = await gateway.recovered;
  const headers = { authorization: `Bearer ${TOKEN}` };
  await gateway.until('the provider is ready', async () => {
    const answer = await fetch(`${url}/debug/actors/provider/paper`, { headers });
    const { state, snapshot } = (await answer.json()) as Seen;
    const { wanted, held } = snapshot.c.feeds;
    if (!state.startsWith('running.ready')) return `it is ${state}`;
    return wanted === held ? null : `it wants feeds ${wanted}, and holds ${held ?? 'none'}`;
  });
}

/** Nothing comes through, by any connection. */
export async function stalled({ proxy }: Scene, direction: Direction, ms: number): Promise<void> {
  proxy.stallAll(direction);
  await pause(ms);
}

/** The connections of this moment say nothing more, and stay open until that is found out. */
export async function silent({ world, gateway, proxy }: Scene): Promise<void> {
  const since = Date.now();
  proxy.stall('toClient');
  await gateway.until('the silence is noticed', async () =>
    (await lostSince(world, since)) === null ? 'it is not' : null,
  );
}

export async function slow({ proxy }: Scene, ms: number, lastingMs: number): Promise<void> {
  proxy.delay(ms);
  await pause(lastingMs);
  proxy.delay(0);
}

/** Every piece comes twice. */
export async function repeated({ t, proxy }: Scene, direction: Direction, ms: number, least = 20): Promise<void> {
  const before = proxy.repeated;
  proxy.repeat(direction);
  await pause(ms);
  proxy.repeat(direction, false);
  t.true(proxy.repeated - before >= least, `${proxy.repeated - before} pieces came twice`);
}
