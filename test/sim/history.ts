// One history: processes that trade through a storm, are killed, paused and taken over, and then the calm after it, in
// which everything must come to its end.
import { createHash } from 'node:crypto';
import { CRASH_POINTS } from '../../actors/runtime/crash-points.ts';
import { isWorking, lastOf } from './book.ts';
import { type Counts, countsOf } from './counts.ts';
import { Gateway } from './gateway.ts';
import { judge, judgeNoticed } from './judge.ts';
import { explainable, isLookedOver, lacking } from './judge-money.ts';
import type { Random } from './random.ts';
import { hasEnded, Script } from './script.ts';
import { type Flaws, World } from './world.ts';

export interface History {
  readonly seed: number;
  /** Empty when all is well; the first is what broke. */
  readonly findings: readonly string[];
  readonly calm: boolean;
  readonly counts: Counts;
  /** Of the journals and the venue's books. */
  readonly hash: () => string;
}

const STORM_MS = 45_000;
/** From the end of the storm: fences, back-offs, trades shown last and the rounds after them are well within it. */
const ENDING_MS = 540_000;
/** What comes late after the end is still heard. */
const ECHO_MS = 12_000;
/** In clear weather a provider is back within the first, and has gone through two rounds within the second. */
const RESUME_MS = 30_000;
const ROUNDS_MS = 75_000;
const CANCEL_MS = 2_500;

export async function runHistory(seed: number, flaws: Flaws = {}): Promise<History> {
  const world = new World(seed, flaws);
  const fleet = new Fleet(world);
  const script = new Script(world, () => fleet.serving());
  await pass(world, STORM_MS);
  fleet.clear();
  if (world.forecast.patient) await notice(world, script);
  await end(world, script);
  await pass(world, ECHO_MS);
  if (world.audit.findings.length === 0) judge(world);
  const { audit, forecast } = world;
  const counts = { ...countsOf(world), crashes: fleet.crashes };
  return { seed, findings: audit.findings, calm: forecast.calm, counts, hash: () => hashOf(world) };
}

/** Lets time pass, up to the first finding. */
async function pass({ timeline, audit }: World, ms: number): Promise<void> {
  let isOver = false;
  timeline.after(ms, () => {
    isOver = true;
  });
  while (!isOver && audit.findings.length === 0 && (await timeline.step()));
}

/** Nobody asks for anything: what happened at the venue unheard is found all the same. */
async function notice(world: World, script: Script): Promise<void> {
  const { timeline, audit } = world;
  const until = timeline.now + RESUME_MS;
  while (timeline.now < until && audit.findings.length === 0) {
    script.resume();
    await pass(world, CANCEL_MS);
  }
  const since = timeline.now;
  await pass(world, ROUNDS_MS);
  if (audit.findings.length === 0) judgeNoticed(world, since);
}

/** Until nothing works any more and our books are the venue's. */
async function end(world: World, script: Script): Promise<void> {
  const { timeline, audit } = world;
  const until = timeline.now + ENDING_MS;
  for (;;) {
    if (audit.findings.length > 0) return;
    const missing = unfinished(world, script);
    if (missing.length === 0) return;
    if (timeline.now > until) audit.find('NO_END', `${ENDING_MS} ms after the last fault: ${missing.join(', ')}`);
    if (!script.isDone || isAlive(world) || !isLookedOver(world)) script.resume();
    if (isAlive(world)) script.cancelAll();
    script.explain(explainable(world));
    if (!world.forecast.deadline) script.declare();
    await pass(world, CANCEL_MS);
  }
}

function isAlive({ database, venue }: World): boolean {
  const works = venue.orders.some((order) => isWorking(lastOf(order)));
  return works || [...database.orders.values()].some((order) => !hasEnded(order));
}

function unfinished(world: World, script: Script): string[] {
  const { database, venue } = world;
  const alive = [...database.orders.values()].filter((order) => !hasEnded(order));
  const rows = [...database.outbox.values()].filter(({ deliveredAt }) => deliveredAt === null);
  const list = [
    ...alive.map(({ clientOrderId, life }) => `${clientOrderId} is ${life}`),
    ...rows.map(({ lane, key, target }) => `${lane} ${key} to ${target}`),
  ];
  for (const order of venue.orders)
    if (isWorking(lastOf(order))) list.push(`order ${order.venueOrderId} works at the venue`);
  if (!script.isDone) list.push('decisions are not taken');
  if (venue.pending > 0) list.push(`${venue.pending} trades are still to be shown or taken back`);
  if (list.length > 0) return list;
  return isLookedOver(world) ? lacking(world) : ['nobody has looked the account over'];
}

/** The processes of a history: as many as there should be, whatever becomes of them. */
class Fleet {
  crashes = 0;
  readonly #world: World;
  readonly #random: Random;
  #gateways: Gateway[] = [];
  #started = 0;

  constructor(world: World) {
    this.#world = world;
    this.#random = world.random.fork('fleet');
    const { standby, kills, pauses } = world.forecast;
    this.#start();
    if (standby) this.#start();
    for (let kill = 0; kill < kills; kill += 1) this.#later(() => this.#kill());
    if (world.forecast.clockSet) this.#later(() => this.#setClock());
    for (let pause = 0; pause < pauses; pause += 1) this.#later(() => this.#pause());
  }

  serving(): Gateway | null {
    return this.#gateways.find(({ isUp }) => isUp) ?? null;
  }

  /** The storm is over. */
  clear(): void {
    this.#world.clear();
    for (const { life } of this.#gateways) life.resume();
  }

  #later(work: () => void): void {
    const { timeline } = this.#world;
    timeline.after(this.#random.between(200, STORM_MS - 1), work);
  }

  #start(): void {
    this.#started += 1;
    const gateway = new Gateway(this.#world, `node-${this.#started}`, (ended) => this.#ended(ended));
    this.#gateways.push(gateway);
    void gateway.run();
  }

  #ended(gateway: Gateway): void {
    this.crashes += 1;
    this.#gateways = this.#gateways.filter((one) => one !== gateway);
    this.#world.timeline.after(this.#random.between(50, 2_500), () => this.#start());
  }

  #holder(): Gateway | null {
    return this.#gateways.find(({ isHolder }) => isHolder) ?? this.#gateways[0] ?? null;
  }

  /** At once, or in the middle of what it does next. */
  #kill(): void {
    const gateway = this.#holder();
    if (gateway === null) return;
    const random = this.#random;
    if (random.chance(0.4)) gateway.end();
    else gateway.doom(random.pick(CRASH_POINTS), random.between(1, 6));
  }

  #setClock(): void {
    const { skewMs } = this.#world.forecast;
    this.#holder()?.life.set(this.#random.between(-skewMs, skewMs));
  }

  #pause(): void {
    const life = this.#holder()?.life;
    if (life === undefined || life.paused) return;
    life.pause();
    this.#world.timeline.after(this.#random.between(200, 20_000), () => life.resume());
  }
}

function hashOf({ database, venue }: World): string {
  const hash = createHash('sha256');
  for (const [id, journal] of database.journals)
    for (const { number, messageId, type, body, toState, at } of journal)
      hash.update([id, number, messageId, type, body, toState, at].join(' '));
  for (const { request, versions } of venue.orders) {
    const states = versions.map(({ at, status, filled, trades }) => `${at} ${status} ${filled} ${trades.length}`);
    hash.update(JSON.stringify({ request, states }));
  }
  return hash.digest('hex');
}
