// Bad weather between the gateway and the venue, and between the gateway and Postgres: each link is cut, stalled one
// way and the other, slowed, and made to repeat itself, under load. Each case is judged in its own time, and the
// venue's ledger is asked in the end.
import { setTimeout as pause } from 'node:timers/promises';
import test, { type ExecutionContext } from 'ava';
import { testDatabase } from '../support/db.ts';
import { tcpProxy } from '../support/tcp-proxy.ts';
import { finish } from './finish.ts';
import type { GatewayProcess } from './gateway-process.ts';
import { Load, type Wish } from './load.ts';
import { FAILED_EXIT } from './protocol.ts';
import { type Case, commitsOf, ordersAtVenue, repeated, type Scene, silent, slow, stalled, suffer } from './weather.ts';
import { createWorld, type World } from './world.ts';

/** A request that is held longer than the venue's receive window must not be taken by it when it arrives after all. */
const RECV_WINDOW_MS = 2_000;
const BEYOND_WINDOW_MS = 3_000;
/** What was on its way when a stall began has arrived by then. */
const QUIET_MS = 300;

type Link = 'restUrl' | 'wsApiUrl' | 'streamUrl' | 'database';

const REST: readonly Case[] = [
  { name: 'cut', isLost: false, weather: async ({ proxy }) => proxy.cut() },
  { name: 'stalled on the way there', isLost: false, weather: unheard },
  { name: 'stalled on the way back, and cut', isLost: false, weather: unanswered },
  { name: 'slow', isLost: false, weather: slowOrders },
  { name: 'answering twice', isLost: false, weather: (scene) => repeated(scene, 'toClient', BEYOND_WINDOW_MS) },
];
const WS_API: readonly Case[] = [
  { name: 'cut', isLost: true, weather: async ({ proxy }) => proxy.cut() },
  { name: 'stalled on the way back', isLost: true, weather: silent },
  { name: 'slow', isLost: false, weather: (scene) => slow(scene, 700, BEYOND_WINDOW_MS) },
  { name: 'repeating itself', isLost: false, weather: (scene) => repeated(scene, 'toClient', BEYOND_WINDOW_MS) },
];
const STREAM: readonly Case[] = [
  { name: 'cut', isLost: true, weather: async ({ proxy }) => proxy.cut() },
  { name: 'stalled on the way back', isLost: true, weather: silent },
  { name: 'repeating itself', isLost: false, weather: (scene) => repeated(scene, 'toClient', BEYOND_WINDOW_MS) },
];
const DATABASE: readonly Case[] = [
  { name: 'cut', isLost: false, weather: async ({ proxy }) => proxy.cut() },
  { name: 'stalled on the way there', isLost: false, weather: (scene) => uncommitted(scene, 'toServer') },
  { name: 'stalled on the way back', isLost: false, weather: (scene) => uncommitted(scene, 'toClient') },
  { name: 'slow', isLost: false, weather: slowCommits },
  { name: 'asking twice', isLost: false, weather: (scene) => garbled(scene, 'toServer'), next: goingOn },
  { name: 'answering twice', isLost: false, weather: (scene) => garbled(scene, 'toClient'), next: goingOn },
];

for (const [link, cases] of [
  ['restUrl', REST],
  ['wsApiUrl', WS_API],
  ['streamUrl', STREAM],
  ['database', DATABASE],
] as const) {
  test.serial(`${link}: ${cases.map(({ name }) => name).join(', ')}`, async (t) => {
    t.timeout(600_000);
    await through(t, await open(t, link), cases);
  });
}

/** They rest: of what is filled at once the venue, like Binance, takes the same client order id again. */
const RESTING: readonly Wish[] = [{ share: 1, orderType: 'Limit', timeInForce: 'GTC', reach: [-30, -20] }];

test.serial('restUrl: asking twice', async (t) => {
  t.timeout(600_000);
  const scene = await open(t, 'restUrl', { mix: RESTING });
  const name = 'asking twice';
  await through(t, scene, [{ name, isLost: false, weather: (each) => repeated(each, 'toServer', BEYOND_WINDOW_MS) }]);
});

/** Every case under load, and the verdict on all of them. */
async function through(t: ExecutionContext, scene: Scene, cases: readonly Case[]): Promise<void> {
  let { gateway } = scene;
  for (const each of cases) gateway = await suffer({ ...scene, gateway }, each);
  const ended = await finish(scene.world, scene.load, gateway);
  t.deepEqual(ended.findings, []);
  t.log(ended.counts);
  t.true(ended.counts.venueOrders > 30, 'orders reached the venue all the while');
}

async function open(t: ExecutionContext, link: Link, { mix }: { readonly mix?: readonly Wish[] } = {}): Promise<Scene> {
  const usual = mix === undefined;
  const world = await createWorld({
    database: await testDatabase(),
    recvWindowMs: RECV_WINDOW_MS,
    marketMaker: usual,
  });
  t.teardown(() => world[Symbol.asyncDispose]());
  const target = new URL(link === 'database' ? world.database : world.venue[link]);
  const proxy = await tcpProxy({ host: target.hostname, port: Number(target.port) });
  t.teardown(() => proxy[Symbol.asyncDispose]());
  target.hostname = '127.0.0.1';
  target.port = String(proxy.port);
  const load = new Load(world, { seed: 29, paceMs: 15, openMax: 40, ...(usual ? {} : { mix }) });
  const gateway = world.start({ [link]: link === 'restUrl' ? target.origin : target.href });
  load.drive(gateway);
  await gateway.ready;
  // A stream that is not subscribed yet cannot be lost.
  await gateway.until('the feeds are held', async () => {
    const held = await world.query(
      `select 1 from transitions where type = 'FeedsHeld' and jsonb_array_length(body::jsonb -> 'instruments') > 0`,
    );
    return held.length > 0 ? null : 'they are not';
  });
  return { t, world, load, gateway, proxy };
}

/** No request arrives: nothing new is at the venue while it lasts, and what arrives after its window is refused. */
async function unheard(scene: Scene): Promise<void> {
  const { t, world } = scene;
  await stalled(scene, 'toServer', QUIET_MS);
  const before = await ordersAtVenue(world);
  await stalled(scene, 'toServer', BEYOND_WINDOW_MS);
  t.is(await ordersAtVenue(world), before, 'nothing reached the venue');
}

/** The venue has done what it was asked, and no answer arrives: what became of it is known by its stream, or asked. */
async function unanswered(scene: Scene): Promise<void> {
  const { t, world, proxy } = scene;
  const before = await ordersAtVenue(world);
  await stalled(scene, 'toClient', 1_000);
  t.true((await ordersAtVenue(world)) > before, 'orders came to the venue, and nobody was told');
  t.true(proxy.held('toClient') > 0);
  proxy.cut();
}

/** Within the window: orders are placed all the same. */
async function slowOrders(scene: Scene): Promise<void> {
  const { t, world } = scene;
  const before = await ordersAtVenue(world);
  await slow(scene, 400, BEYOND_WINDOW_MS);
  t.true((await ordersAtVenue(world)) > before, 'orders came to the venue');
}

/** Nothing is committed, but for one group whose answer is held. */
async function uncommitted(scene: Scene, direction: 'toServer' | 'toClient'): Promise<void> {
  const { t, world } = scene;
  await stalled(scene, direction, QUIET_MS);
  const before = await commitsOf(world);
  await stalled(scene, direction, BEYOND_WINDOW_MS);
  const committed = (await commitsOf(world)) - before;
  t.is(committed, 0, `${committed} groups were committed while the line stood still`);
}

async function slowCommits(scene: Scene): Promise<void> {
  const { t, world, proxy } = scene;
  const before = await commitsOf(world);
  proxy.delay(60);
  await pause(BEYOND_WINDOW_MS);
  const committed = (await commitsOf(world)) - before;
  proxy.delay(0);
  // Each takes 120 ms, there and back.
  t.true(committed >= 5 && committed <= BEYOND_WINDOW_MS / 120, `${committed} groups were committed`);
}

/** The protocol has no place for it: a session that hears it ends, and what it was doing is found out by another. */
async function garbled(scene: Scene, direction: 'toServer' | 'toClient'): Promise<void> {
  const { t, world } = scene;
  const before = await sessionsOf(world);
  await repeated(scene, direction, 1_000, 1);
  const after = new Set(await sessionsOf(world));
  const ended = before.filter((session) => !after.has(session)).length;
  t.true(ended > 0, `${ended} of ${before.length} sessions ended`);
}

/** Where the driver itself fails on what it reads, the gateway stops rather than guess, and the next one goes on. */
async function goingOn({ t, world, load, gateway }: Scene): Promise<GatewayProcess> {
  const wanted = load.acked.size + 60;
  while (gateway.alive && load.acked.size < wanted) await pause(50);
  if (gateway.alive) return gateway;
  t.like(await gateway.exited, { code: FAILED_EXIT, signal: null }, 'it stopped by itself');
  t.log(`the gateway stopped: ${gateway.failure}`);
  // Those who asked it for something meanwhile were told the same.
  const others = load.complaints.filter((complaint) => !complaint.includes(gateway.failure ?? ''));
  load.complaints.splice(0, load.complaints.length, ...others);
  const next = world.start({ database: gateway.plan.database });
  load.drive(next);
  await next.ready;
  return next;
}

/** Of the gateway's store. */
async function sessionsOf(world: World): Promise<string[]> {
  const rows = await world.query<{ session: string }>(
    `select pid || ' since ' || backend_start as session from pg_stat_activity
      where datname = current_database() and application_name ~ '^meltica [0-9a-f]{12}$'`,
  );
  return rows.map(({ session }) => session);
}
