// Nothing is told before it is on the disk. The disk is held up here: fsync waits until the test lets it go.
import { open } from 'node:fs/promises';
import path from 'node:path';
import test from 'ava';
import { ALICE, BOB, Client, Listener, openVenue, scratch, signedParams } from '../support/paper.ts';

interface Disk {
  /** From now on fsync waits. */
  stall(): void;
  go(): void;
  fail(error: Error): void;
}

/** Of this process only, and AVA gives every test file a process of its own. */
async function takeDisk(folder: string): Promise<Disk> {
  const handle = await open(path.join(folder, 'probe'), 'w');
  const prototype: { datasync: () => Promise<void> } = Object.getPrototypeOf(handle);
  await handle.close();
  const real = prototype.datasync;
  let gate = Promise.resolve();
  let settle = { resolve: (): void => {}, reject: (_: Error): void => {} };
  prototype.datasync = async function datasync(this: unknown) {
    await gate;
    return real.call(this);
  };
  return {
    stall: () => {
      const waiting = Promise.withResolvers<void>();
      gate = waiting.promise;
      settle = waiting;
    },
    go: () => settle.resolve(),
    fail: (error) => settle.reject(error),
  };
}

/** Enough for anything that does not wait for the disk to have come. */
async function otherWork(client: Client): Promise<void> {
  for (let count = 0; count < 20; count += 1) await client.admin('GET', '/faults');
}

test.serial('neither answer nor event nor stream nor query tells of an order before it is durable', async (t) => {
  const disk = await takeDisk(await scratch(t));
  const { port } = await openVenue(t);
  const [alice, bob] = [new Client(port), new Client(port, BOB)];
  const user = await Listener.open(t, port, '/ws-api/v3');
  await user.ask({ id: 1, method: 'userDataStream.subscribe.signature', params: signedParams(ALICE) });
  const market = await Listener.open(t, port, '/ws/btcusdt@trade/btcusdt@bookTicker/btcusdt@depth@100ms');
  await bob.limit('SELL', '50000', '0.2');
  // All that this order makes has come: its best price, and its difference a tenth of a second later.
  await market.find(({ B }) => B !== undefined);
  await market.find(({ e }) => e === 'depthUpdate');
  const quiet = market.received.length;

  disk.stall();
  t.teardown(() => disk.go());
  let told = 0;
  const tell = (): void => {
    told += 1;
  };
  const placing = alice.limit('BUY', '50000', '0.1', { newClientOrderId: 'mine' }).finally(tell);
  await otherWork(alice);
  const asking = alice.signed('GET', 'order', { symbol: 'BTCUSDT', origClientOrderId: 'mine' }).finally(tell);
  const reading = alice.send('GET', '/api/v3/trades?symbol=BTCUSDT').finally(tell);
  await otherWork(alice);
  t.deepEqual([told, user.received.length, market.received.length], [0, 1, quiet]);

  disk.go();
  const [placed, asked, read] = await Promise.all([placing, asking, reading]);
  t.deepEqual([placed.body['status'], asked.body['status'], read.list.length], ['FILLED', 'FILLED', 1]);
  t.truthy(await user.find(({ event }) => JSON.stringify(event ?? null).includes('"X":"FILLED"')));
  t.truthy(await market.find(({ e }) => e === 'trade'));
});

test.serial('when the disk fails the order is not acknowledged and the venue gives up', async (t) => {
  const disk = await takeDisk(await scratch(t));
  const { port, fatal, warnings } = await openVenue(t);
  const alice = new Client(port);
  disk.stall();
  const placing = alice.limit('BUY', '50000', '0.1', { newClientOrderId: 'mine' });
  await otherWork(alice);
  disk.fail(new Error('EIO'));
  t.deepEqual(await placing.then(({ status, body }) => [status, body['code']]), [500, -1000]);
  t.regex(fatal[0]?.message ?? '', /^LEDGER_WRITE/);
  t.true(warnings.length > 0);
  t.is((await alice.signed('GET', 'order', { symbol: 'BTCUSDT', origClientOrderId: 'mine' })).status, 500);
});
