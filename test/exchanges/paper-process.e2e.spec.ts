// The venue as a process: it is killed, found again, held, let go, and kept off a ledger that another one writes.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { createInterface } from 'node:readline';
import test, { type ExecutionContext } from 'ava';
import { readLedger } from '../../actors/exchanges/paper/ledger/read.ts';
import { runVenue, startOrAdoptVenue, type VenueHandle } from '../../bin/venue.ts';
import { ALICE, type Answered, BOB, Client, openVenue, scratch } from '../support/paper.ts';

const PROGRAM = path.resolve(import.meta.dirname, '../../bin/venue.ts');
const MELTICA = path.resolve(import.meta.dirname, '../../bin/meltica.ts');

test.beforeEach((t) => t.timeout(180_000));

interface Process {
  readonly child: ChildProcess;
  readonly port: number;
  readonly line: string;
}

async function run(t: ExecutionContext, dataDir: string, ...more: string[]): Promise<Process> {
  const child = spawn(process.execPath, [PROGRAM, '--data', dataDir, ...more], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  t.teardown(() => child.kill('SIGKILL'));
  for await (const line of createInterface(child.stdout)) return { child, line, port: JSON.parse(line).port };
  throw new Error('the venue ended before it was ready');
}

async function killed({ child }: Process): Promise<void> {
  child.kill('SIGKILL');
  await once(child, 'exit');
}

/** Known accounts, so that a test can sign. */
async function prepared(t: ExecutionContext): Promise<string> {
  const dataDir = await scratch(t);
  await writeFile(path.join(dataDir, 'accounts.json'), JSON.stringify([ALICE, BOB]), { mode: 0o600 });
  return dataDir;
}

async function adopt(t: ExecutionContext, dataDir: string, more: object = {}): Promise<VenueHandle> {
  const handle = await startOrAdoptVenue({ dataDir, startTimeoutMs: 120_000, ...more });
  t.teardown(() => handle.stop());
  return handle;
}

test('it says in one line where it is, and ends cleanly when told to', async (t) => {
  const dataDir = await scratch(t);
  const venue = await run(t, dataDir, '--port', '0');
  const ready: object = JSON.parse(venue.line);
  t.like(ready, { event: 'VenueReady', port: venue.port, pid: venue.child.pid, data: dataDir });
  t.is((await new Client(venue.port).send('GET', '/api/v3/ping')).status, 200);
  venue.child.kill('SIGTERM');
  t.deepEqual(await once(venue.child, 'exit'), [0, null]);
  for (const secret of ['accounts.json', 'admin-token', 'ledger.jsonl']) {
    t.is((await stat(path.join(dataDir, secret))).mode & 0o077, 0, `${secret} is its owner's`);
  }
  const [account] = JSON.parse(await readFile(path.join(dataDir, 'accounts.json'), 'utf8'));
  t.false(venue.line.includes(account.secret) || venue.line.includes(account.apiKey));
});

test('what was acknowledged survives kill -9 in the middle of the traffic, and nothing is there twice', async (t) => {
  const dataDir = await prepared(t);
  const acknowledged = new Map<string, Answered>();
  let sent = 0;
  for (let round = 0; round < 4; round += 1) {
    const venue = await run(t, dataDir, '--speed', '20');
    const clients = [new Client(venue.port), new Client(venue.port, BOB)];
    let alive = true;
    const traffic = clients.map(async (client, index) => {
      while (alive) {
        sent += 1;
        const id = `${index}-${sent}`;
        const side = sent % 2 === 0 ? 'BUY' : 'SELL';
        const price = String(60_000 + (side === 'BUY' ? -1 : 1) * (sent % 7) * 20);
        const answer = await client.limit(side, price, '0.001', { newClientOrderId: id }).catch(() => null);
        if (answer?.status === 200) acknowledged.set(id, answer);
        if (sent % 5 === 0) await client.signed('DELETE', 'openOrders', { symbol: 'BTCUSDT' }).catch(() => null);
      }
    });
    const enough = acknowledged.size + 60;
    while (acknowledged.size < enough) await new Promise((resolve) => setImmediate(resolve));
    await killed(venue);
    alive = false;
    await Promise.all(traffic);
  }
  // A venue that starts moves its market once; what it shows after that, and what the ledger says then, must agree.
  const last = await run(t, dataDir, '--speed', '0');
  const { orders, trades, balances } = await readLedger(path.join(dataDir, 'ledger.jsonl'));
  const byClientId = Map.groupBy(orders, ({ clientOrderId }) => clientOrderId);
  for (const [id, { body }] of acknowledged) {
    t.deepEqual(
      byClientId.get(id)?.map(({ orderId }) => orderId),
      [body['orderId']],
      id,
    );
  }
  t.true(trades.length > 0);
  t.is(new Set(trades.map(({ tradeId, orderId }) => `${tradeId} ${orderId}`)).size, trades.length);
  for (const [name, client] of [
    ['alice', new Client(last.port)],
    ['bob', new Client(last.port, BOB)],
  ] as const) {
    const answer = await client.signed('GET', 'account');
    const shown = answer.body['balances'] as { asset: string; free: string; locked: string }[];
    for (const { asset, free, locked } of shown) {
      const total = (Number(free) + Number(locked)).toFixed(6);
      t.is(total, Number(balances.get(name)?.get(asset)).toFixed(6), `${name} ${asset}`);
    }
    const all = await client.signed('GET', 'allOrders', { symbol: 'BTCUSDT', orderId: 0, limit: 1000 });
    const theirs = orders.filter(({ account }) => account === name);
    t.deepEqual(
      all.list.map(({ orderId, status }) => [orderId, status].join(' ')),
      theirs.slice(0, 1000).map(({ orderId, status }) => `${orderId} ${status}`),
    );
  }
});

test('a line that kill -9 tore is cut off at the next start, and said so', async (t) => {
  const dataDir = await prepared(t);
  const first = await run(t, dataDir);
  await new Client(first.port).limit('BUY', '50000', '0.1', { newClientOrderId: 'kept' });
  await killed(first);
  const file = path.join(dataDir, 'ledger.jsonl');
  await writeFile(file, '0badc0de {"number":', { flag: 'a' });
  const handle = await adopt(t, dataDir);
  t.like(await new Client(handle.port).signed('GET', 'order', { symbol: 'BTCUSDT', origClientOrderId: 'kept' }), {
    status: 200,
  });
  t.regex(await readFile(path.join(dataDir, 'venue.log'), 'utf8'), /ended in 19 bytes of an unfinished line, cut off/);
});

test('a gateway that was killed finds the same running venue, with its orders and its port', async (t) => {
  const dataDir = await prepared(t);
  // The gateway: a process that starts the venue, holds it, and is killed.
  const script = `
    const { startOrAdoptVenue } = await import(${JSON.stringify(PROGRAM)});
    const { pid, port, adopted } = await startOrAdoptVenue({ dataDir: ${JSON.stringify(dataDir)}, lingerMs: 60_000 });
    console.log(JSON.stringify({ pid, port, adopted }));
    setInterval(() => {}, 1_000);
  `;
  const gateway = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  t.teardown(() => gateway.kill('SIGKILL'));
  const [line] = await once(createInterface(gateway.stdout), 'line');
  const first: { pid: number; port: number; adopted: boolean } = JSON.parse(String(line));
  t.false(first.adopted);
  await new Client(first.port).limit('BUY', '50000', '0.1', { newClientOrderId: 'mine' });
  gateway.kill('SIGKILL');
  await once(gateway, 'exit');
  const second = await adopt(t, dataDir);
  t.like(second, { pid: first.pid, port: first.port, adopted: true });
  const found = await new Client(second.port).signed('GET', 'order', { symbol: 'BTCUSDT', origClientOrderId: 'mine' });
  t.is(found.body['status'], 'NEW');
  t.deepEqual(second.accounts, [ALICE, BOB]);
});

test('a venue that nobody holds ends by itself, and the next one goes on from its ledger and port', async (t) => {
  const dataDir = await prepared(t);
  const first = await adopt(t, dataDir, { lingerMs: 1 });
  await new Client(first.port).limit('BUY', '50000', '0.1', { newClientOrderId: 'mine' });
  first.release();
  await gone(first.pid);
  const second = await adopt(t, dataDir);
  t.false(second.adopted);
  t.not(second.pid, first.pid);
  t.is(second.port, first.port);
  const found = await new Client(second.port).signed('GET', 'order', { symbol: 'BTCUSDT', origClientOrderId: 'mine' });
  t.is(found.body['status'], 'NEW');
});

test('a process that only stops a venue ends after it, and one that only holds it ends at once', async (t) => {
  const dataDir = await prepared(t);
  const ended = async (last: string): Promise<unknown> => {
    const script = `
      const { startOrAdoptVenue } = await import(${JSON.stringify(PROGRAM)});
      const handle = await startOrAdoptVenue({ dataDir: ${JSON.stringify(dataDir)}, lingerMs: 60_000 });
      ${last}
    `;
    const child = spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: 'inherit' });
    t.teardown(() => child.kill('SIGKILL'));
    return (await once(child, 'exit'))[0];
  };
  t.is(await ended(''), 0);
  const handle = await adopt(t, dataDir);
  t.true(handle.adopted);
  t.is(await ended('await handle.stop();'), 0);
  await handle.lost;
});

test('a venue with --stay outlives its gateway, and whoever loses it is told', async (t) => {
  const dataDir = await prepared(t);
  const first = await adopt(t, dataDir, { stay: true });
  first.release();
  const second = await adopt(t, dataDir);
  t.is(second.pid, first.pid);
  process.kill(second.pid, 'SIGKILL');
  await second.lost;
  const third = await adopt(t, dataDir);
  t.not(third.pid, second.pid);
});

test('of several that start at once on one folder one writes, and all have it', async (t) => {
  const dataDir = await prepared(t);
  const handles = await Promise.all([1, 2, 3, 4].map(() => adopt(t, dataDir)));
  t.is(new Set(handles.map(({ pid }) => pid)).size, 1);
  t.is(handles.filter(({ adopted }) => !adopted).length, 1);
});

test('a second venue on the same ledger is refused with the pid of the first', async (t) => {
  const dataDir = await prepared(t);
  const first = await run(t, dataDir);
  const second = spawn(process.execPath, [PROGRAM, '--data', dataDir], { stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  second.stderr.on('data', (chunk) => {
    said += chunk;
  });
  const [code] = await once(second, 'close');
  t.is(code, 3);
  t.true(said.includes(`a venue already writes this ledger: pid=${first.child.pid}`), said);
});

test('something else on the port it had is not taken for it', async (t) => {
  const dataDir = await prepared(t);
  const other = await openVenue(t);
  await writeFile(
    path.join(dataDir, 'venue.json'),
    JSON.stringify({ pid: process.pid, port: other.port, instance: 'gone' }),
  );
  const handle = await adopt(t, dataDir);
  t.false(handle.adopted);
  t.not(handle.port, other.port);
});

test('a venue that cannot start says why', async (t) => {
  const dataDir = await scratch(t);
  await writeFile(path.join(dataDir, 'accounts.json'), '[{"name":"x"}]');
  const error = await t.throwsAsync(startOrAdoptVenue({ dataDir }));
  t.regex(error?.message ?? '', /^VENUE_ACCOUNTS_INVALID: file=.*accounts\.json, 0\.apiKey/);
  const damaged = await prepared(t);
  const lines = await readFile(path.join(await ledgerOf(t), 'ledger.jsonl'), 'utf8');
  await writeFile(path.join(damaged, 'ledger.jsonl'), `garbage\n${lines}`);
  const refused = await t.throwsAsync(startOrAdoptVenue({ dataDir: damaged, startTimeoutMs: 120_000 }));
  t.regex(refused?.message ?? '', /^VENUE_START: .*\n.*LEDGER_DAMAGED/s);
});

test('arguments that make no sense are refused with how it is used', async (t) => {
  for (const args of [['--port', 'x'], ['--nope'], ['--speed', '-1'], ['extra']]) {
    const child = spawn(process.execPath, [PROGRAM, ...args], { stdio: ['ignore', 'ignore', 'pipe'] });
    let said = '';
    child.stderr.on('data', (chunk) => {
      said += chunk;
    });
    t.is((await once(child, 'close'))[0], 2);
    t.regex(said, /usage: meltica venue/);
  }
});

/** `meltica venue` with the data folder in its environment; what it said first, or why it ended. */
async function command(t: ExecutionContext, dataDir: string, ...more: string[]): Promise<Told> {
  const env = { ...process.env, MELTICA_DATA_DIR: dataDir };
  const args = [MELTICA, 'venue', '--speed', '0', ...more];
  const child = spawn(process.execPath, args, { env, stdio: ['ignore', 'pipe', 'pipe'] });
  t.teardown(() => child.kill('SIGKILL'));
  let complaint = '';
  child.stderr.on('data', (chunk) => {
    complaint += chunk;
  });
  const closed = once(child, 'close');
  for await (const line of createInterface(child.stdout)) return { line, complaint, code: null };
  return { line: null, complaint, code: (await closed)[0] as number };
}

interface Told {
  readonly line: string | null;
  readonly complaint: string;
  readonly code: number | null;
}

test('meltica venue plays a tape, on the data folder the other commands have', async (t) => {
  const dataDir = await scratch(t);
  const tape = path.join(dataDir, 'tape.jsonl');
  const print = (price: string, quantity: string) =>
    `{"e":"aggTrade","s":"BTCUSDT","p":"${price}","q":"${quantity}","T":1700000000000,"m":false}\n`;
  await writeFile(tape, print('41000.00', '0.2') + print('41000.00', '0.3'));
  const { line, complaint } = await command(t, dataDir, '--tape', tape);
  const ready: { port: number; data: string } = JSON.parse(line ?? complaint);
  t.is(ready.data, path.join(dataDir, 'venue'));
  const trades = (await new Client(ready.port).send('GET', '/api/v3/trades?symbol=BTCUSDT')).list;
  t.deepEqual(new Set(trades.map(({ qty }) => Number(qty))), new Set([0.2, 0.3]));
  t.true(trades.every(({ price }) => Math.abs(Number(price) - 41_000) < 500));
});

test('a tape that cannot be read or is none ends the command with what is wrong, and nothing is begun', async (t) => {
  const dataDir = await scratch(t);
  const none = path.join(dataDir, 'none.jsonl');
  const bad = path.join(dataDir, 'bad.jsonl');
  const other = path.join(dataDir, 'other.jsonl');
  const line = '{"e":"aggTrade","s":"DOGEUSDT","p":"0.1","q":"1","T":1,"m":true}\n';
  await writeFile(bad, `${line}{"e":"aggTrade","s":"DOGEUSDT"}\n`);
  await writeFile(other, line);
  for (const [file, wrong] of [
    [none, /^TAPE_UNREADABLE: file=.*none\.jsonl, .*ENOENT/],
    [dataDir, /^TAPE_UNREADABLE: .*EISDIR/],
    [bad, /^TAPE_INVALID: p .*file=.*bad\.jsonl, line=2$/m],
    [other, /^TAPE_INVALID: none of its symbols is listed: .*has=DOGEUSDT, listed=BTCUSDT, ETHUSDT$/m],
  ] as const) {
    const told = await command(t, dataDir, '--tape', file);
    t.is(told.code, 1, told.line ?? '');
    t.regex(told.complaint, wrong);
  }
  await t.throwsAsync(stat(path.join(dataDir, 'venue', 'ledger.jsonl')), { code: 'ENOENT' });
});

test('who runs a venue in a process of their own sets its limits and how many orders it keeps', async (t) => {
  const bounds = { limits: { weightPerMinute: 1_234 }, ordersKept: 3, ledgerBytesMax: 1 };
  const running = await runVenue({ dataDir: await scratch(t), speed: 0, accounts: [ALICE], ...bounds });
  t.teardown(() => running.stop());
  const { venue } = running.served;
  const alice = new Client(running.port);
  const { body } = await alice.send('GET', '/api/v3/exchangeInfo');
  const [weight] = body['rateLimits'] as [{ readonly limit: number }];
  t.is(weight.limit, 1_234);
  for (let number = 1; number <= 5; number += 1)
    await alice.limit('BUY', '50000', '0.001', { newClientOrderId: `n${number}` });
  await alice.signed('DELETE', 'openOrders', { symbol: 'BTCUSDT' });
  venue.compactIfDue();
  const { list } = await alice.signed('GET', 'allOrders', { symbol: 'BTCUSDT' });
  t.deepEqual(
    list.map(({ clientOrderId }) => clientOrderId),
    ['n3', 'n4', 'n5'],
  );
});

/** A folder with a ledger of a few good lines. */
async function ledgerOf(t: ExecutionContext): Promise<string> {
  const venue = await openVenue(t);
  await new Client(venue.port).limit('BUY', '50000', '0.1');
  await venue.close();
  return venue.dataDir;
}

async function gone(pid: number): Promise<void> {
  for (;;) {
    try {
      process.kill(pid, 0);
    } catch {
      return;
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
