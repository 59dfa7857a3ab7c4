// Bad weather between the gateway and the venue, and between the gateway and Postgres: each link is cut, stalled one
// way and the other, slowed, and made to repeat itself, under load, and the venue's ledger is asked in the end.
import { setTimeout as pause } from 'node:timers/promises';
import test, { type ExecutionContext } from 'ava';
import { testDatabase } from '../support/db.ts';
import { type TcpProxy, tcpProxy } from '../support/tcp-proxy.ts';
import { finish } from './finish.ts';
import type { GatewayProcess } from './gateway-process.ts';
import { Load } from './load.ts';
import { TOKEN } from './protocol.ts';
import { createWorld, type World } from './world.ts';

/** A request that is held longer than the venue's receive window must not be taken by it when it arrives after all. */
const RECV_WINDOW_MS = 2_000;
const BEYOND_WINDOW_MS = 3_000;
/** A socket that went silent is found within it, whatever the system believes of the connection. */
const FOUND_WITHIN_MS = 5_000;

interface Scene {
  readonly t: ExecutionContext;
  readonly world: World;
  readonly load: Load;
  readonly gateway: GatewayProcess;
  readonly proxy: TcpProxy;
}

type Link = 'restUrl' | 'wsApiUrl' | 'streamUrl' | 'database';

/** A case: what is done to the link while the load goes on, and what must be seen. */
type Case = readonly [name: string, weather: (scene: Scene) => Promise<void>];

for (const [link, cases] of [
  [
    'restUrl',
    [
      ['cut', async ({ proxy }) => proxy.cut()],
      ['stalled on the way there', ({ proxy }) => stalled(proxy, 'toServer', BEYOND_WINDOW_MS)],
      ['stalled on the way back, and cut', (scene) => lost(scene)],
      ['slow', ({ proxy }) => slow(proxy, 400)],
    ],
  ],
  [
    'wsApiUrl',
    [
      ['cut', (scene) => noticed(scene, () => scene.proxy.cut())],
      ['stalled on the way back', (scene) => noticed(scene, () => scene.proxy.stall('toClient'))],
      ['slow', ({ proxy }) => slow(proxy, 700)],
      ['repeating itself', (scene) => repeating(scene)],
    ],
  ],
  [
    'streamUrl',
    [
      ['cut', async ({ proxy }) => proxy.cut()],
      ['stalled on the way back', (scene) => noticed(scene, () => scene.proxy.stall('toClient'))],
    ],
  ],
  [
    'database',
    [
      ['cut', async ({ proxy }) => proxy.cut()],
      ['stalled on the way there', ({ proxy }) => stalled(proxy, 'toServer', BEYOND_WINDOW_MS)],
      ['stalled on the way back', ({ proxy }) => stalled(proxy, 'toClient', BEYOND_WINDOW_MS)],
      ['slow', ({ proxy }) => slow(proxy, 60)],
    ],
  ],
] as const satisfies readonly (readonly [Link, readonly Case[]])[]) {
  test.serial(`${link}: ${cases.map(([name]) => name).join(', ')}`, async (t) => {
    t.timeout(600_000);
    const scene = await open(t, link);
    const { world, load, gateway } = scene;
    for (const [name, weather] of cases) {
      await load.more(gateway, 30);
      const startedAt = performance.now();
      await weather(scene);
      scene.proxy.resume();
      await load.more(gateway, 30);
      await gateway.until('the provider is ready', async () => ((await isReady(gateway)) ? null : 'it is not'));
      t.log(`${name}: all well again after ${Math.round(performance.now() - startedAt)} ms`);
      t.true(gateway.alive, gateway.failure ?? '');
    }
    const ended = await finish(world, load, gateway);
    t.deepEqual(ended.findings, []);
    t.log(ended.counts);
    t.true(ended.counts.executions > 30, 'orders reached the venue all the while');
  });
}

async function open(t: ExecutionContext, link: Link): Promise<Scene> {
  const world = await createWorld({ database: await testDatabase(), recvWindowMs: RECV_WINDOW_MS });
  t.teardown(() => world[Symbol.asyncDispose]());
  const target = new URL(link === 'database' ? world.database : world.venue[link]);
  const proxy = await tcpProxy({ host: target.hostname, port: Number(target.port) });
  t.teardown(() => proxy[Symbol.asyncDispose]());
  target.hostname = '127.0.0.1';
  target.port = String(proxy.port);
  const load = new Load(world, { seed: 29, paceMs: 15, openMax: 40 });
  const gateway = world.start({ [link]: link === 'restUrl' ? target.origin : target.href });
  load.drive(gateway);
  await gateway.ready;
  return { t, world, load, gateway, proxy };
}

async function stalled(proxy: TcpProxy, direction: 'toServer' | 'toClient', ms: number): Promise<void> {
  // Again and again: connections opened meanwhile have the same weather.
  for (const end = performance.now() + ms; performance.now() < end; await pause(20)) proxy.stall(direction);
}

/** The venue has done what it was asked, and no answer arrives: what became of it is known by its stream, or asked. */
async function lost({ proxy }: Scene): Promise<void> {
  await stalled(proxy, 'toClient', 1_000);
  proxy.cut();
}

async function slow(proxy: TcpProxy, ms: number): Promise<void> {
  proxy.delay(ms);
  await pause(BEYOND_WINDOW_MS);
  proxy.delay(0);
}

async function repeating({ t, proxy }: Scene): Promise<void> {
  proxy.repeat('toClient');
  await pause(BEYOND_WINDOW_MS);
  t.true(proxy.repeated > 20, `${proxy.repeated} pieces came twice`);
}

/** The provider knows that its session is not whole: from then on nothing new is submitted until it is reconciled. */
async function noticed({ t, gateway }: Scene, weather: () => void): Promise<void> {
  const before = await versionOf(gateway);
  const startedAt = performance.now();
  weather();
  const moved = async (): Promise<string | null> =>
    (await transitionsSince(gateway, before)).includes('Disconnected') ? null : 'it has not';
  await gateway.until('the provider has noticed', moved);
  const foundMs = performance.now() - startedAt;
  t.true(foundMs < FOUND_WITHIN_MS, `found after ${Math.round(foundMs)} ms`);
  t.log(`found after ${Math.round(foundMs)} ms`);
}

interface Seen {
  readonly state: string;
  readonly version: number;
  readonly transitions: readonly { readonly number: number; readonly type: string }[];
}

async function provider(gateway: GatewayProcess): Promise<Seen> {
  const { url } = await gateway.recovered;
  const headers = { authorization: `Bearer ${TOKEN}` };
  return (await (await fetch(`${url}/debug/actors/provider/paper?transitions=50`, { headers })).json()) as Seen;
}

async function isReady(gateway: GatewayProcess): Promise<boolean> {
  return (await provider(gateway)).state.startsWith('running.ready');
}

async function versionOf(gateway: GatewayProcess): Promise<number> {
  return (await provider(gateway)).version;
}

async function transitionsSince(gateway: GatewayProcess, version: number): Promise<string[]> {
  const { transitions } = await provider(gateway);
  return transitions.filter(({ number }) => number > version).map(({ type }) => type);
}
