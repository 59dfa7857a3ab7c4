// The oracle is only worth its colour if a wrong gateway turns it red.
import test, { type ExecutionContext } from 'ava';
import { readLedger } from '../../actors/exchanges/paper/ledger/read.ts';
import { testDatabase } from '../support/db.ts';
import { tcpProxy } from '../support/tcp-proxy.ts';
import { finish } from './finish.ts';
import { Load, type Wish } from './load.ts';
import { sentTwice } from './oracle.ts';
import { createWorld, type World } from './world.ts';

const KILLS_MAX = 6;
/** Beyond those a restart repeats before it has a session to send them by. */
const VISIT = 12;
/** Closed when its answer comes: the venue, like Binance, then takes the same client order id again. */
const AT_ONCE: readonly Wish[] = [{ share: 1, orderType: 'Limit', timeInForce: 'IOC', reach: [20, 40] }];

/** So late comes what the venue reports on its own: what a submit became is first known by its answer. */
const STREAM_DELAY_MS = 300;

interface Opened {
  readonly world: World;
  readonly load: Load;
  readonly wsApiUrl: string;
}

async function open(t: ExecutionContext, resends: boolean): Promise<Opened> {
  const world = await createWorld({ database: await testDatabase(), marketMaker: false, resends });
  t.teardown(() => world[Symbol.asyncDispose]());
  const url = new URL(world.venue.wsApiUrl);
  const proxy = await tcpProxy({ host: url.hostname, port: Number(url.port) });
  t.teardown(() => proxy[Symbol.asyncDispose]());
  proxy.delay(STREAM_DELAY_MS);
  url.port = String(proxy.port);
  return { world, load: new Load(world, { seed: 3, paceMs: 50, openMax: 4, mix: AT_ONCE }), wsApiUrl: url.href };
}

/** Dies with the venue's answer to a submit in its hands, before the commit that keeps it. */
async function dieAnswered({ world, load, wsApiUrl }: Opened): Promise<void> {
  const crash = { point: 'afterEffect order.submitOrder', visit: VISIT, late: false };
  const gateway = world.start({ crash, wsApiUrl });
  load.drive(gateway);
  await gateway.exited;
}

test.serial('a gateway that sends again after a crash turns the oracle red within a few kills', async (t) => {
  t.timeout(600_000);
  const opened = await open(t, true);
  const { world, load } = opened;
  let findings: string[] = [];
  for (let kills = 0; kills < KILLS_MAX && findings.length === 0; kills += 1) {
    await dieAnswered(opened);
    findings = sentTwice(await readLedger(world.ledgerFile));
    t.log(`${kills + 1} kills: ${findings.join('; ') || 'nothing sent twice'}`);
  }
  t.not(findings.length, 0);
  const ended = await finish(world, load);
  t.true(
    ended.findings.some((finding) => finding.startsWith('SENT_TWICE')),
    ended.findings.join('\n'),
  );
});

test.serial('the gateway as it is stays green under the same kills', async (t) => {
  t.timeout(600_000);
  const opened = await open(t, false);
  const { world, load } = opened;
  for (let kills = 0; kills < KILLS_MAX; kills += 1) await dieAnswered(opened);
  const ended = await finish(world, load);
  t.deepEqual(ended.findings, []);
  t.true(ended.counts.doubts > 0, `${ended.counts.doubts} doubts`);
});
