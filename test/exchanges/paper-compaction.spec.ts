// A ledger that begins anew with a snapshot, and every moment at which that can be cut short.
import { cp, open, readdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { type Host, systemHost } from '../../actors/exchanges/paper/host.ts';
import { Ledger } from '../../actors/exchanges/paper/ledger/file.ts';
import { type LedgerView, readLedger } from '../../actors/exchanges/paper/ledger/read.ts';
import { ALICE, BOB, Client, ManualHost, openVenue, scratch, type TestVenue } from '../support/paper.ts';

const SYMBOL = { symbol: 'BTCUSDT' };
const LEDGER = 'ledger.jsonl';

function clients(venue: TestVenue, host: Host): readonly [Client, Client] {
  return [new Client(venue.port, ALICE, host), new Client(venue.port, BOB, host)];
}

/** Orders in every state, trades, a waiting stop, an amended order, money that came in. */
async function busy(venue: TestVenue, host: Host = systemHost): Promise<void> {
  const [alice, bob] = clients(venue, host);
  await bob.limit('SELL', '60000', '0.5', { newClientOrderId: 'ask' });
  await alice.limit('BUY', '60000', '0.2', { newClientOrderId: 'bid' });
  await alice.limit('BUY', '50000', '0.1', { newClientOrderId: 'one' });
  await bob.limit('BUY', '50000', '0.1', { newClientOrderId: 'two' });
  await alice.limit('BUY', '50000', '0.2', { newClientOrderId: 'three' });
  const amend = { ...SYMBOL, origClientOrderId: 'three', newQty: '0.1', newClientOrderId: 'less' };
  await alice.signed('PUT', 'order/amend/keepPriority', amend);
  await alice.signed('POST', 'order', {
    ...SYMBOL,
    side: 'SELL',
    type: 'STOP_LOSS',
    stopPrice: '50000',
    quantity: '0.1',
  });
  for (let count = 0; count < 30; count += 1) {
    await alice.limit('BUY', '40000', '0.01', { newClientOrderId: `gone-${count}` });
    await alice.signed('DELETE', 'openOrders', { symbol: 'ETHUSDT' });
    await alice.signed('DELETE', 'order', { ...SYMBOL, origClientOrderId: `gone-${count}` });
  }
  await alice.admin('POST', '/venue/transfer', { account: 'alice', asset: 'USDT', amount: '7' });
}

/** What a client can see of an account. */
async function seen(venue: TestVenue, host: Host = systemHost): Promise<string> {
  const answers = [];
  for (const client of clients(venue, host)) {
    for (const route of ['allOrders', 'openOrders', 'myTrades'])
      answers.push((await client.signed('GET', route, SYMBOL)).list);
    answers.push((await client.signed('GET', 'account')).body['balances']);
  }
  return JSON.stringify(answers);
}

function small(t: ExecutionContext, dataDir: string, host: ManualHost): Promise<TestVenue> {
  return openVenue(t, { dataDir, host, ledgerBytesMax: 5_000, ordersKept: 1_000 });
}

/** Refusals are not kept, and the sides of a trade come in another order. */
function comparable(view: LedgerView): object {
  const trades = view.trades.toSorted((one, other) => one.orderId - other.orderId);
  return { ...view, trades, entries: 0, refusals: [] };
}

test('a ledger that is too long begins anew and says the same, to clients and to who reads it', async (t) => {
  const venue = await openVenue(t, { ledgerBytesMax: 5_000 });
  await busy(venue);
  const [before, entries] = [await seen(venue), venue.venue.entries];
  const view = await readLedger(venue.ledgerFile);
  const bytes = (await readFile(venue.ledgerFile)).length;
  t.true(bytes > 5_000);
  venue.venue.compactIfDue();
  await venue.venue.settled();
  t.is(await seen(venue), before);
  const after = await readLedger(venue.ledgerFile);
  t.deepEqual(comparable(after), comparable(view));
  t.true(after.entries > entries, 'lines are numbered on, so that no report has the id of another');
  const alice = new Client(venue.port);
  const amend = { ...SYMBOL, origClientOrderId: 'less', newQty: '0.05', newClientOrderId: 'less' };
  const { executionId } = (await alice.signed('PUT', 'order/amend/keepPriority', amend)).body;
  const amends = (await alice.signed('GET', 'order/amendments', { ...SYMBOL, orderId: 5 })).list;
  t.is(amends.length, 2);
  t.is(amends[1]?.['executionId'], executionId);
  await alice.limit('BUY', '50000', '0.1', { newClientOrderId: 'later' });
  const last = await seen(venue);
  await venue.close();
  const again = await openVenue(t, { dataDir: venue.dataDir });
  t.is(await seen(again), last);
  t.deepEqual(again.warnings, []);
  await new Client(again.port, BOB).limit('SELL', '50000', '0.25');
  const fills = (await readLedger(again.ledgerFile)).trades.slice(-8);
  t.deepEqual(
    fills.filter(({ maker }) => maker).map(({ clientOrderId, quantity }) => `${clientOrderId} ${quantity}`),
    ['one 0.1', 'two 0.1', 'three 0.05', 'later 0.1'],
    'who came first is served first',
  );
});

test('closed orders beyond what is kept are forgotten, with their trades and nothing else', async (t) => {
  const venue = await openVenue(t, { ledgerBytesMax: 5_000, ordersKept: 10 });
  await busy(venue);
  const account = (await new Client(venue.port).signed('GET', 'account')).body['balances'];
  venue.venue.compactIfDue();
  const check = async (port: number) => {
    const alice = new Client(port);
    const all = (await alice.signed('GET', 'allOrders', SYMBOL)).list.map((order) => order['clientOrderId']);
    t.deepEqual(all.slice(0, 2), ['one', 'less'], 'those that are open stay');
    t.deepEqual(
      all.slice(3),
      Array.from({ length: 10 }, (_, index) => `gone-${index + 20}`),
    );
    t.deepEqual((await alice.signed('GET', 'myTrades', SYMBOL)).list, []);
    t.like((await alice.signed('GET', 'order', { ...SYMBOL, origClientOrderId: 'bid' })).body, { code: -2013 });
    t.deepEqual((await alice.signed('GET', 'account')).body['balances'], account);
    t.is((await new Client(port, BOB).signed('GET', 'myTrades', SYMBOL)).list.length, 1, 'of an order that is open');
  };
  await check(venue.port);
  await venue.close();
  await check((await openVenue(t, { dataDir: venue.dataDir })).port);
});

test('the ledger of a venue that runs on and on stays as long as it may be', async (t) => {
  const host = new ManualHost(1_700_000_000_000);
  const { port, ledgerFile, venue, warnings } = await openVenue(t, { host, ledgerBytesMax: 20_000, ordersKept: 5 });
  const alice = new Client(port, ALICE, host);
  let longest = 0;
  for (let round = 0; round < 20; round += 1) {
    for (let count = 0; count < 10; count += 1) {
      await alice.limit('BUY', '50000', '0.01');
      await alice.signed('DELETE', 'openOrders', SYMBOL);
    }
    host.advance(10_000);
    await venue.settled();
    longest = Math.max(longest, (await readFile(ledgerFile)).length);
  }
  t.true(longest < 40_000, String(longest));
  t.deepEqual(warnings, []);
});

/** Copies of the data folder as it is on the disk whenever something has just been made durable. */
async function takeCopies(t: ExecutionContext, folder: string): Promise<() => Promise<string[]>> {
  const probe = await open(path.join(await scratch(t), 'probe'), 'w');
  const prototype: { sync: () => Promise<void> } = Object.getPrototypeOf(probe);
  await probe.close();
  const real = prototype.sync;
  const copies: string[] = [];
  prototype.sync = async function sync(this: unknown) {
    const before = await scratch(t);
    await cp(folder, before, { recursive: true });
    copies.push(before);
    await real.call(this);
  };
  return async () => {
    prototype.sync = real;
    return copies;
  };
}

test.serial('a crash between any two steps leaves one of the two ledgers whole', async (t) => {
  const host = new ManualHost(1_700_000_000_000);
  const dataDir = await scratch(t);
  const venue = await small(t, dataDir, host);
  await busy(venue, host);
  const before = await seen(venue, host);
  const copies = await takeCopies(t, dataDir);
  venue.venue.compactIfDue();
  await venue.venue.settled();
  const [unnamed = '', renamed = '', ...more] = await copies();
  t.deepEqual(more, []);
  t.true((await readdir(unnamed)).includes(`${LEDGER}.next`));
  t.false((await readdir(renamed)).includes(`${LEDGER}.next`));
  t.notDeepEqual(await readFile(path.join(unnamed, LEDGER)), await readFile(path.join(renamed, LEDGER)));
  // While it is being written the new file is any beginning of itself.
  const whole = await readFile(path.join(unnamed, `${LEDGER}.next`));
  for (const part of [0, 1, whole.length >> 1, whole.length - 1]) {
    const folder = await scratch(t);
    await cp(unnamed, folder, { recursive: true });
    await writeFile(path.join(folder, `${LEDGER}.next`), whole.subarray(0, part));
    await same(t, folder, host, before);
  }
  await same(t, unnamed, host, before);
  await same(t, renamed, host, before);
});

async function same(t: ExecutionContext, folder: string, host: ManualHost, before: string): Promise<void> {
  const venue = await small(t, folder, host);
  t.is(await seen(venue, host), before);
  t.false((await readdir(folder)).includes(`${LEDGER}.next`));
  await venue.close();
}

test('a snapshot that is not whole is damaged, and is not taken for a torn end', async (t) => {
  const file = path.join(await scratch(t), LEDGER);
  const refused = { type: 'OrderRefused', account: 'alice', symbol: 'BTCUSDT', code: -2010, msg: 'No.' } as const;
  const ledger = await Ledger.open({ file, onEntry: () => {}, warn: () => {} });
  for (let count = 0; count < 5; count += 1) ledger.append([{ ...refused, clientOrderId: `${count}` }], 1);
  const begun = { type: 'SnapshotBegun', lines: 3, nextOrderId: 1, nextListId: 1 } as const;
  const stands = { type: 'AccountStands', account: 'alice', balances: [] } as const;
  ledger.beginAnew([[begun], [stands], [stands]], 2);
  ledger.append([{ ...refused, clientOrderId: 'after' }], 3);
  await ledger.durable(ledger.last);
  await ledger.close();
  const whole = await readLedger(file);
  t.deepEqual([whole.entries, whole.refusals.map(({ clientOrderId }) => clientOrderId)], [9, ['after']]);
  const text = await readFile(file, 'utf8');
  const ends = [...text.matchAll(/\n/g)].map(({ index }) => index + 1);
  for (const at of [ends[1], ends[0], (ends[2] ?? 0) - 5, (ends[0] ?? 0) - 5]) {
    await writeFile(file, text.slice(0, at));
    await t.throwsAsync(readLedger(file), { message: /^LEDGER_DAMAGED/ }, `cut at ${at}`);
  }
  await writeFile(file, text.slice(0, (ends[3] ?? 0) - 5));
  const torn = await readLedger(file);
  t.deepEqual([torn.entries, torn.tornBytes > 0], [8, true], 'what follows the snapshot may be torn');
});
