import { appendFile, open, readFile, stat, truncate, writeFile } from 'node:fs/promises';
import path from 'node:path';
import test from 'ava';
import type { Entry } from '../../actors/exchanges/paper/core/facts.ts';
import { DEFAULT_MARKET } from '../../actors/exchanges/paper/core/market.ts';
import { encode } from '../../actors/exchanges/paper/ledger/codec.ts';
import { Ledger } from '../../actors/exchanges/paper/ledger/file.ts';
import { readLedger } from '../../actors/exchanges/paper/ledger/read.ts';
import { ALICE, BOB, Client, openVenue, scratch } from '../support/paper.ts';

const REFUSED = { type: 'OrderRefused', account: 'alice', symbol: 'BTCUSDT', code: -2010, msg: 'No.' } as const;

async function openLedger(file: string): Promise<{ ledger: Ledger; entries: Entry[]; warnings: string[] }> {
  const entries: Entry[] = [];
  const warnings: string[] = [];
  const ledger = await Ledger.open({
    file,
    onEntry: (entry) => entries.push(entry),
    warn: (text) => warnings.push(text),
  });
  return { ledger, entries, warnings };
}

async function written(file: string, count: number): Promise<void> {
  const { ledger } = await openLedger(file);
  for (let index = 1; index <= count; index += 1) ledger.append([{ ...REFUSED, clientOrderId: `o-${index}` }], index);
  await ledger.durable(count);
  await ledger.close();
}

test('what was appended is read back in order', async (t) => {
  const file = path.join(await scratch(t), 'ledger.jsonl');
  await written(file, 3);
  const { ledger, entries, warnings } = await openLedger(file);
  t.deepEqual(
    entries.map(({ number, at }) => [number, at]),
    [
      [1, 1],
      [2, 2],
      [3, 3],
    ],
  );
  t.deepEqual(entries[2]?.facts, [{ ...REFUSED, clientOrderId: 'o-3' }]);
  t.deepEqual(warnings, []);
  t.is(ledger.append([], 4), 4, 'numbers go on');
  await ledger.close();
});

test('a line is durable only after it is in the file', async (t) => {
  const file = path.join(await scratch(t), 'ledger.jsonl');
  const { ledger } = await openLedger(file);
  const number = ledger.append([{ ...REFUSED, clientOrderId: 'x' }], 1);
  t.false(ledger.isDurableTo(number));
  await ledger.durable(number);
  t.true(ledger.isDurableTo(number));
  t.is((await readLedger(file)).entries, number);
  await ledger.close();
});

test('a torn last line is cut off wherever the crash cut it, with a warning', async (t) => {
  const folder = await scratch(t);
  const file = path.join(folder, 'ledger.jsonl');
  await written(file, 3);
  const whole = await readFile(file);
  const lastLine = whole.lastIndexOf('\n', whole.length - 2) + 1;
  for (let length = lastLine; length < whole.length; length += 37) {
    const torn = path.join(folder, `torn-${length}.jsonl`);
    await writeFile(torn, whole.subarray(0, length));
    const { ledger, entries, warnings } = await openLedger(torn);
    t.is(entries.length, 2);
    t.is(warnings.length, length === lastLine ? 0 : 1);
    ledger.append([{ ...REFUSED, clientOrderId: 'next' }], 9);
    await ledger.durable(3);
    await ledger.close();
    t.is((await readLedger(torn)).entries, 3, 'the next line stands where the torn one began');
  }
});

test('a crash between the line and its line feed does not lose or double the line', async (t) => {
  const file = path.join(await scratch(t), 'ledger.jsonl');
  await written(file, 2);
  await truncate(file, (await stat(file)).size - 1);
  const { ledger, entries } = await openLedger(file);
  t.is(entries.length, 1);
  await ledger.close();
});

test('garbage after the last line, as power loss leaves it, is cut off', async (t) => {
  const file = path.join(await scratch(t), 'ledger.jsonl');
  await written(file, 2);
  await appendFile(file, Buffer.concat([Buffer.alloc(4_096), Buffer.from('\n\n00000000 {"number":3}\n')]));
  const { ledger, entries, warnings } = await openLedger(file);
  t.is(entries.length, 2);
  t.regex(warnings[0] ?? '', /cut off/);
  await ledger.close();
});

test('a damaged line with good ones after it is refused: cutting there would lose what was acknowledged', async (t) => {
  const file = path.join(await scratch(t), 'ledger.jsonl');
  await written(file, 3);
  const handle = await open(file, 'r+');
  await handle.write('X', 30);
  await handle.close();
  const before = await readFile(file);
  await t.throwsAsync(openLedger(file), { message: /^LEDGER_DAMAGED: a line fails its checksum .*byte=0/ });
  t.deepEqual(await readFile(file), before, 'and left as it is');
});

test('a missing line is refused', async (t) => {
  const file = path.join(await scratch(t), 'ledger.jsonl');
  await written(file, 3);
  const lines = (await readFile(file, 'utf8')).split('\n');
  await writeFile(file, [lines[0], lines[2], ''].join('\n'));
  await t.throwsAsync(openLedger(file), { message: /LEDGER_DAMAGED: line 2 was expected, 3 was found/ });
});

test('lines longer than a read and characters on its edge come through', async (t) => {
  const file = path.join(await scratch(t), 'ledger.jsonl');
  const msg = 'ü'.repeat(700_000);
  await writeFile(
    file,
    [1, 2, 3].map((number) => encode({ number, at: 0, facts: [{ ...REFUSED, clientOrderId: 'x', msg }] })).join(''),
  );
  const { ledger, entries } = await openLedger(file);
  t.is(entries.length, 3);
  t.deepEqual(entries[2]?.facts, [{ ...REFUSED, clientOrderId: 'x', msg }]);
  await ledger.close();
});

test('when the disk fails, waiting and further lines fail too', async (t) => {
  const { ledger } = await openLedger(path.join(await scratch(t), 'ledger.jsonl'));
  await ledger.close(); // every write to it fails from here on
  const number = ledger.append([{ ...REFUSED, clientOrderId: 'x' }], 1);
  t.false(ledger.hasFailed);
  await t.throwsAsync(ledger.durable(number), { message: /^LEDGER_WRITE/ });
  t.throws(() => ledger.append([], 2), { message: /^LEDGER_WRITE/ });
  await t.throwsAsync(ledger.durable(2), { message: /^LEDGER_WRITE/ });
});

test('a venue that starts again on its ledger has the same orders, balances, trades and rising ids', async (t) => {
  const first = await openVenue(t);
  const [alice, bob] = [new Client(first.port), new Client(first.port, BOB)];
  await bob.limit('SELL', '60000', '0.3', { newClientOrderId: 'ask' });
  await alice.limit('BUY', '60000', '0.1', { newClientOrderId: 'bid' });
  await alice.limit('BUY', '59000', '0.2', { newClientOrderId: 'gone' });
  await alice.signed('DELETE', 'order', { symbol: 'BTCUSDT', origClientOrderId: 'gone' });
  const look = async (client: Client): Promise<string[]> => {
    const routes = ['account?', 'openOrders', 'allOrders', 'myTrades'].map((route) => route.replace('?', ''));
    const answers = await Promise.all(
      routes.map((route) => client.signed('GET', route, route === 'account' ? {} : { symbol: 'BTCUSDT' })),
    );
    return answers.map(({ text }) => text.replace(/"updateTime":\d+,"accountType"/, ''));
  };
  const before = [await look(alice), await look(bob)];
  await first.close();
  const second = await openVenue(t, { dataDir: first.dataDir });
  const [alice2, bob2] = [new Client(second.port), new Client(second.port, BOB)];
  t.deepEqual([await look(alice2), await look(bob2)], before);
  const taken = await alice2.limit('BUY', '60000', '0.1', { newClientOrderId: 'bid-2' });
  const orders = (await alice2.signed('GET', 'allOrders', { symbol: 'BTCUSDT' })).list.map(({ orderId }) =>
    Number(orderId),
  );
  const trades = (await alice2.signed('GET', 'myTrades', { symbol: 'BTCUSDT' })).list.map(({ id }) => Number(id));
  t.is(taken.body['status'], 'FILLED', 'the resting order survived');
  t.deepEqual(
    orders,
    [...new Set(orders)].sort((one, other) => one - other),
  );
  t.is(trades.length, 2);
  t.true((trades[1] ?? 0) > (trades[0] ?? 0));
});

test('ids that only the public saw are not given out again either', async (t) => {
  const first = await openVenue(t, { market: DEFAULT_MARKET });
  for (let count = 0; count < 40; count += 1) first.venue.tick();
  const [before] = (await new Client(first.port).send('GET', '/api/v3/trades?symbol=BTCUSDT&limit=1')).list;
  const [order, book] = [first.venue.state.nextOrderId, first.venue.state.book('BTCUSDT').updateId];
  await first.close();
  const second = await openVenue(t, { dataDir: first.dataDir, market: DEFAULT_MARKET });
  for (let count = 0; count < 40; count += 1) second.venue.tick();
  const [after] = (await new Client(second.port).send('GET', '/api/v3/trades?symbol=BTCUSDT&limit=1')).list;
  t.true(Number(after?.['id']) > Number(before?.['id']) + 100, 'the ids were reserved far ahead');
  t.true(second.venue.state.book('BTCUSDT').updateId > book + 1_000);
  const placed = await new Client(second.port).limit('BUY', '40000', '0.1');
  t.true(Number(placed.body['orderId']) > order + 1_000);
});

test('ids are reserved again before they run out', async (t) => {
  const { venue, port } = await openVenue(t);
  const floor = (): number => venue.state.mark?.orderIdFloor ?? 0;
  const before = floor();
  venue.state.nextOrderId = before - 10;
  await new Client(port).limit('BUY', '40000', '0.1');
  t.true(floor() > before && floor() > venue.state.nextOrderId + 100_000);
});

test('starting again any number of times changes nothing and gives no starting balance twice', async (t) => {
  const dataDir = await scratch(t);
  for (let start = 0; start < 3; start += 1) {
    const venue = await openVenue(t, { dataDir });
    const { body } = await new Client(venue.port).signed('GET', 'account');
    const balances = body['balances'];
    t.deepEqual(balances, [
      { asset: 'USDT', free: '100000.00000000', locked: '0.00000000' },
      { asset: 'BTC', free: '2.00000000', locked: '0.00000000' },
      { asset: 'ETH', free: '30.00000000', locked: '0.00000000' },
    ]);
    await venue.close();
  }
});

test('the ledger read from outside agrees with what the venue answers', async (t) => {
  const venue = await openVenue(t);
  const [alice, bob] = [new Client(venue.port), new Client(venue.port, BOB)];
  await bob.limit('SELL', '60000', '0.3', { newClientOrderId: 'ask' });
  await alice.limit('BUY', '60000', '0.1', { newClientOrderId: 'bid' });
  await alice.limit('BUY', '60000', '0.5', { newClientOrderId: 'ioc', timeInForce: 'IOC' });
  await alice.limit('BUY', '50000', '0.1', { newClientOrderId: 'rest' });
  await alice.limit('BUY', '50000', '0.1', { newClientOrderId: 'rest' });
  const view = await readLedger(venue.ledgerFile);
  t.deepEqual(
    view.orders.map(({ clientOrderId, account, status, executedQty }) => [clientOrderId, account, status, executedQty]),
    [
      ['ask', 'bob', 'FILLED', '0.3'],
      ['bid', 'alice', 'FILLED', '0.1'],
      ['ioc', 'alice', 'EXPIRED', '0.2'],
      ['rest', 'alice', 'NEW', '0'],
    ],
  );
  t.deepEqual(
    view.refusals.map(({ clientOrderId, code, msg }) => [clientOrderId, code, msg]),
    [['rest', -2010, 'Duplicate order sent.']],
  );
  t.deepEqual(
    view.trades.map(({ clientOrderId, quantity, fee, feeAsset, maker }) => [
      clientOrderId,
      quantity,
      fee,
      feeAsset,
      maker,
    ]),
    [
      ['bid', '0.1', '0.0001', 'BTC', false],
      ['ask', '0.1', '6', 'USDT', true],
      ['ioc', '0.2', '0.0002', 'BTC', false],
      ['ask', '0.2', '12', 'USDT', true],
    ],
  );
  t.is(view.balances.get('alice')?.get('USDT'), '82000');
  t.is(view.balances.get('alice')?.get('BTC'), '2.2997');
  t.is(view.balances.get('fees')?.get('USDT'), '18');
  t.is(view.tornBytes, 0);
});

test('neither keys nor secrets are in the ledger', async (t) => {
  const venue = await openVenue(t);
  await new Client(venue.port).limit('BUY', '50000', '0.1');
  const text = await readFile(venue.ledgerFile, 'utf8');
  for (const { apiKey, secret } of [ALICE, BOB]) t.false(text.includes(apiKey) || text.includes(secret));
});
