// The runtime's Store port over the database of a history, as one process reaches it: late, not at all, or with the
// answer lost. After a commit whose answer is lost its session is ended first, as persistence does; only then does
// `committed` tell what became of it.
import { type Store, StoreFault } from '../../actors/runtime/ports.ts';
import type { Database } from './database.ts';
import { call, type Life, LOST } from './life.ts';
import type { Random } from './random.ts';
import type { Timeline } from './timeline.ts';
import { databaseWire, type Weather } from './weather.ts';
import type { Flaws } from './world.ts';

export interface StoreOptions {
  readonly timeline: Timeline;
  readonly database: Database;
  readonly life: Life;
  readonly random: Random;
  readonly weather: () => Weather;
  readonly flaws: Pick<Flaws, 'load' | 'credulous'>;
}

/** Commits this close together spare the question at the start of the second. */
const FRESH_MS = 250;

export function createSimStore(options: StoreOptions): Store {
  const { database, life, timeline, flaws } = options;
  const { node } = database;
  const ask = <Result>(what: string, work: () => Result): Promise<Result> => reach(options, what, work);
  const writer = createWriter(options);
  return {
    acquire: ({ shard, node: _name, ttlMs }) =>
      ask('acquire', () => {
        const isFree = node.holder === null || node.holder.dead || node.leaseUntil <= timeline.now;
        if (!isFree) return { granted: false, holder: 'another', expiresInMs: node.leaseUntil - timeline.now };
        Object.assign(node, { holder: life, epoch: node.epoch + 1n, leaseUntil: timeline.now + ttlMs, ttlMs });
        return { granted: true, grant: { shard, epoch: node.epoch, commitNumber: node.number, ttlMs } };
      }),
    renew: ({ epoch, ttlMs }) =>
      ask('renew', () => {
        if (node.epoch !== epoch) return false;
        node.leaseUntil = timeline.now + ttlMs;
        return true;
      }),
    unlock: ({ epoch }) =>
      ask('unlock', () => {
        if (node.epoch === epoch) Object.assign(node, { holder: null, leaseUntil: timeline.now });
      }),
    load: () => ask('load', () => flaws.load?.(database.load()) ?? database.load()),
    findActor: (key) => ask(`find ${key}`, () => database.find(key)),
    reserveIds: (sequence, count) => ask('reserve', () => database.reserve(sequence, count)),
    commit: writer.commit,
    committed: writer.committed,
    history: unasked,
    listHistories: unasked,
    listTransitions: unasked,
    listKeys: unasked,
    listDeadLetters: unasked,
    getDeadLetter: unasked,
  };
}

async function unasked(): Promise<never> {
  throw new Error('no process of a simulation asks this of its database');
}

function lost(what: string): StoreFault {
  return new StoreFault('unknown', `${what}: the connection was lost`, null);
}

async function reach<Result>(options: StoreOptions, what: string, work: () => Result): Promise<Result> {
  const { timeline, life, random, weather } = options;
  const answer = await call(timeline, life, databaseWire(weather(), random), work);
  if (answer === LOST) throw lost(what);
  return answer;
}

/** The one session that writes. */
function createWriter(options: StoreOptions): Pick<Store, 'commit' | 'committed'> {
  const { timeline, database, life, random, weather, flaws } = options;
  let last: { readonly number: bigint; readonly epoch: bigint; readonly at: number } | null = null;
  /** Ends a commit that is still on its way. */
  let endSession = (): void => {};
  return {
    async commit(set) {
      const owned = last?.number === set.number - 1n && last.epoch === set.epoch && set.at - last.at < FRESH_MS;
      last = null;
      const { database: storm } = weather();
      const wire = databaseWire(weather(), random);
      if (random.chance(storm.transient)) {
        await call(timeline, life, wire, () => {});
        throw new StoreFault('transient', 'commit: the transaction gave way to another', '40001');
      }
      if (life.dead) return new Promise(() => {});
      let ended = false;
      endSession = () => {
        ended = true;
      };
      const arrive = (): void => {
        if (!ended) database.commit(set, owned, timeline.now);
      };
      // It is lost to us, not to the server: it may arrive when nobody waits for it any more.
      if (wire.fate === 'lostBefore' && random.chance(0.5))
        timeline.after(random.between(0, storm.lateMs), () => quietly(arrive));
      const answer = await call(timeline, life, wire, arrive);
      if (answer === LOST && flaws.credulous !== true) throw lost('commit');
      last = { number: set.number, epoch: set.epoch, at: set.at };
    },
    async committed() {
      endSession();
      return reach(options, 'committed', () => ({ number: database.node.number, epoch: database.node.epoch }));
    },
  };
}

/** Nobody hears what becomes of it. */
function quietly(work: () => void): void {
  try {
    work();
  } catch (error) {
    if (!(error instanceof StoreFault)) throw error;
  }
}
