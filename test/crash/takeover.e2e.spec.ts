// Two gateways, one shard: one that was only stopped for a while must not write a word after the other took over.
import test from 'ava';
import { strategyKey } from '../../actors/strategy/messages.ts';
import { testDatabase } from '../support/db.ts';
import { finish } from './finish.ts';
import type { GatewayProcess } from './gateway-process.ts';
import { Load } from './load.ts';
import { FAILED_EXIT, LOAD } from './protocol.ts';
import { createWorld } from './world.ts';

const ROUNDS = 3;
const LEASE_MS = 1_500;
/** Long enough for the venue to take what a paused gateway still sends when it goes on. */
const RECV_WINDOW_MS = 15_000;

test.serial('a paused gateway is taken over after its lease, cannot commit when it goes on, and ends', async (t) => {
  t.timeout(600_000);
  const options = { database: await testDatabase(), leaseMs: LEASE_MS, recvWindowMs: RECV_WINDOW_MS };
  const world = await createWorld(options);
  t.teardown(() => world[Symbol.asyncDispose]());
  await world.faults([{ operation: 'submit', action: 'delay', probability: 1, delayMs: 400 }]);
  const load = new Load(world, { seed: 11, paceMs: 8, openMax: 80 });
  let owner = world.start();
  load.drive(owner);
  await owner.ready;
  for (let round = 1; round <= ROUNDS; round += 1) {
    // 1. Stopped in the middle of its work: commits, submits and answers are on their way.
    await load.more(owner, 60);
    owner.pause();
    const pausedAt = performance.now();
    const zombie = owner;
    // 2. The next one waits for the lease, and goes on with everything.
    owner = world.start();
    load.drive(owner);
    await owner.recovered;
    const takenMs = performance.now() - pausedAt;
    t.true(takenMs >= LEASE_MS * 0.7, `taken after ${Math.round(takenMs)} ms: a paused gateway keeps its lease`);
    // 3. The first one goes on, with commands of its own to commit. None may be acknowledged.
    const heard = await wake(zombie, round);
    t.deepEqual(heard, []);
    const exit = await zombie.exited;
    t.is(exit.code, FAILED_EXIT);
    t.regex(zombie.failure ?? '', /^LEASE_LOST/);
    t.log(`round ${round}: taken over after ${Math.round(takenMs)} ms; ${zombie.failure}`);
    await owner.ready;
  }
  await load.more(owner, 60);
  const [node] = await world.query<{ epoch: string }>('select epoch from nodes where shard = 0');
  t.is(node?.epoch, String(ROUNDS + 1));
  const ended = await finish(world, load, owner);
  t.deepEqual(ended.findings, []);
  const late = await world.query(`select 1 from transitions where message_id like 'zombie-%'`);
  t.is(late.length, 0);
  t.log(ended.counts);
});

/** Answers which of the commands given to it after the pause it acknowledged. */
async function wake(zombie: GatewayProcess, round: number): Promise<string[]> {
  const ids = Array.from({ length: 20 }, (_, n) => `zombie-${round}-${n}`);
  const acknowledged: string[] = [];
  const before = zombie.onMessage;
  zombie.onMessage = (message) => {
    if (message.type === 'acked' && ids.includes(message.id)) acknowledged.push(message.id);
    else if (message.type === 'acked') before(message); // committed before the pause, and read only now
  };
  const terms = { provider: 'paper', symbol: 'BTC-USDT', side: 'Buy', orderType: 'Market', price: null } as const;
  const order = { type: 'PlaceOrder', ...terms, quantity: '0.001', timeInForce: 'GTC', postOnly: false };
  for (const id of ids) {
    zombie.tell({
      type: 'command',
      command: { id, to: strategyKey(LOAD), message: Object.assign({ ref: id }, order) },
    });
  }
  zombie.resume();
  await zombie.exited;
  return acknowledged;
}
