// Start a gateway under load, kill it, start the next on what is left: again and again, then let everything come to
// its end without faults and ask the oracle.
import { type Random, seeded } from '../../actors/exchanges/paper/core/random.ts';
import { type Ended, finish } from './finish.ts';
import type { Exit, GatewayProcess } from './gateway-process.ts';
import { Load } from './load.ts';
import { Outsider } from './outsider.ts';
import type { CrashPlan } from './protocol.ts';
import { FAULTS, type World } from './world.ts';

/** How a gateway dies: at a visit of a point, or by a kill from outside at a random time. */
interface Manner {
  readonly point: string;
  /** Greatest visit; small ones are as likely as all others together. */
  readonly visits: number;
  readonly late?: boolean;
}

export const RANDOM = 'random, after ready';
export const BOOTING = 'random, booting';
const STOPPING = 'stopping';

/** In an order in which also a short run sees the ones that matter most. */
const MANNERS: readonly Manner[] = [
  { point: 'afterEffect order.submitOrder', visits: 12 },
  { point: 'committed', visits: 150 },
  { point: RANDOM, visits: 1 },
  { point: 'committing', visits: 150, late: true },
  { point: 'beforeEffect order.submitOrder', visits: 12 },
  { point: 'afterEffect order.queryOrder', visits: 3 },
  { point: 'loaded', visits: 1 },
  { point: 'decided', visits: 150 },
  { point: 'afterEffect order.cancelOrder', visits: 5 },
  { point: STOPPING, visits: 1 },
  { point: BOOTING, visits: 1 },
  { point: 'committing', visits: 60 },
  { point: 'leaseTaken', visits: 1 },
  { point: RANDOM, visits: 1 },
  { point: 'beforeEffect', visits: 60 },
  { point: 'afterEffect', visits: 60 },
  { point: 'beforeEffect order.cancelOrder', visits: 5 },
  { point: 'afterEffect provider.reconcile', visits: 1 },
  { point: 'committed', visits: 20 },
  { point: 'afterEffect strategy.notifySandbox', visits: 30 },
  { point: 'beforeEffect order.queryOrder', visits: 3 },
  { point: 'afterEffect order.amendOrder', visits: 2 },
  { point: 'beforeEffect order.amendOrder', visits: 2 },
  { point: 'afterEffect provider.openSession', visits: 1 },
  { point: RANDOM, visits: 1 },
  { point: 'afterEffect strategy.startSandbox', visits: 2 },
];

export interface LoopOptions {
  readonly kills: number;
  readonly seed: number;
  readonly onKill?: (kill: Killed) => void;
}
export interface Killed {
  readonly point: string;
  /** From the start of the process; null where it died before. */
  readonly recoveredMs: number | null;
  readonly readyMs: number | null;
}
export interface LoopReport extends Ended {
  readonly kills: readonly Killed[];
}

const START_WITHIN_MS = 120_000;
/** A point that is not reached within it is not on this gateway's way: it is killed where it is. */
const POINT_WITHIN_MS = 6_000;

export async function killLoop(world: World, options: LoopOptions): Promise<LoopReport> {
  const random = seeded(options.seed, 'kills');
  const load = new Load(world, { seed: options.seed, paceMs: 12, openMax: 40 });
  const outsider = new Outsider(world, { seed: options.seed, paceMs: 250 });
  await world.faults(FAULTS);
  outsider.start();
  const kills: Killed[] = [];
  while (kills.length < options.kills) {
    const manner = MANNERS[kills.length % MANNERS.length] as Manner;
    const killed = await killOnce(world, load, manner, random);
    kills.push(killed);
    options.onKill?.(killed);
  }
  return { kills, ...(await finish(world, load, undefined, outsider)) };
}

async function killOnce(world: World, load: Load, manner: Manner, random: Random): Promise<Killed> {
  const { point } = manner;
  const crash = crashOf(manner, random);
  const gateway = world.start(crash === null ? {} : { crash });
  load.drive(gateway);
  if (point === BOOTING) await either(gateway, pause(100 + random() * 2_500));
  else {
    await readyOrGone(gateway);
    // Every other one loses its user stream as well, and dies before or after it has found its way back.
    if (random() < 0.5) await world.cutStream();
    await either(gateway, pause(point === RANDOM ? 50 + random() * 750 : point === STOPPING ? 300 : POINT_WITHIN_MS));
    if (point === STOPPING) {
      gateway.tell({ type: 'stop' });
      await either(gateway, pause(POINT_WITHIN_MS));
    }
  }
  const exit = await gateway.kill();
  load.rest();
  if (exit.signal !== 'SIGKILL') throw new Error(`a gateway ended by itself: ${describe(exit, gateway)}`);
  const { recoveredMs, readyMs } = gateway;
  return { point: exit.killed && point !== BOOTING ? RANDOM : point, recoveredMs, readyMs };
}

function crashOf({ point, visits, late = false }: Manner, random: Random): CrashPlan | null {
  if (point === RANDOM || point === BOOTING) return null;
  return { point, late, visit: 1 + Math.floor(random() ** 2 * visits) };
}

async function readyOrGone(gateway: GatewayProcess): Promise<void> {
  const late = pause(START_WITHIN_MS).then(() => 'late');
  const first = await Promise.race([gateway.ready.catch(() => 'gone'), late]);
  if (first === 'late') throw new Error(`a gateway was not ready within ${START_WITHIN_MS} ms`);
}

function either(gateway: GatewayProcess, time: Promise<void>): Promise<unknown> {
  return Promise.race([gateway.exited, time]);
}

function describe({ code, signal }: Exit, { failure, plan }: GatewayProcess): string {
  return `${signal ?? `code ${code}`}, ${failure ?? 'without a word'}, planned: ${JSON.stringify(plan.crash)}`;
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms).unref());
}
