// A venue that is killed while its ledger begins anew, at moments nobody chose.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { createInterface } from 'node:readline';
import test, { type ExecutionContext } from 'ava';
import { readLedger } from '../../actors/exchanges/paper/ledger/read.ts';
import { Client, openVenue, scratch } from '../support/paper.ts';

const PROGRAM = path.resolve(import.meta.dirname, '../support/compacting-venue.ts');
const ROUNDS = 8;

async function run(t: ExecutionContext, dataDir: string): Promise<{ child: ChildProcess; port: number }> {
  const child = spawn(process.execPath, [PROGRAM, dataDir], { stdio: ['ignore', 'pipe', 'inherit'] });
  t.teardown(() => child.kill('SIGKILL'));
  for await (const line of createInterface(child.stdout)) return { child, port: JSON.parse(line).port };
  throw new Error('the venue ended before it was ready');
}

test('whenever it is killed, what was acknowledged is there once, and no money is lost', async (t) => {
  t.timeout(180_000);
  const dataDir = await scratch(t);
  const kept: string[] = [];
  let numbers = 0;
  for (let round = 0; round < ROUNDS; round += 1) {
    const { child, port } = await run(t, dataDir);
    const alice = new Client(port);
    const id = `kept-${round}`;
    t.is((await alice.limit('BUY', '50000', '0.01', { newClientOrderId: id })).status, 200);
    kept.push(id);
    const key = (index: number) => ({ symbol: 'BTCUSDT', origClientOrderId: `gone-${round}-${index}` });
    const traffic = async (): Promise<void> => {
      for (let index = 0; ; index += 1) {
        await alice.limit('BUY', '40000', '0.01', { newClientOrderId: key(index).origClientOrderId });
        await alice.signed('DELETE', 'order', key(index));
      }
    };
    const ended = traffic().catch(() => {}); // the venue is gone
    // By then it has begun anew some times, and goes on to.
    while ((await readLedger(path.join(dataDir, 'ledger.jsonl'))).entries < numbers + 150 + round * 7);
    child.kill('SIGKILL');
    await Promise.all([once(child, 'exit'), ended]);
    numbers = (await readLedger(path.join(dataDir, 'ledger.jsonl'))).entries;
  }
  const venue = await openVenue(t, { dataDir });
  const alice = new Client(venue.port);
  const open = (await alice.signed('GET', 'openOrders', { symbol: 'BTCUSDT' })).list;
  const ids = open.map(({ clientOrderId }) => String(clientOrderId)).filter((id) => id.startsWith('kept-'));
  t.deepEqual(ids, kept);
  t.true(open.length <= 2 * ROUNDS, 'beside them at most one of each round that was not canceled any more');
  const view = await readLedger(venue.ledgerFile);
  t.is(view.balances.get('alice')?.get('USDT'), '100000');
  t.true(view.orders.length < 60, `the rest is forgotten: ${view.orders.length}`);
});
