// A recorded tape in the place of a random walk.
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import test from 'ava';
import { DEFAULT_MARKET } from '../../actors/exchanges/paper/core/market.ts';
import { readTape } from '../../actors/exchanges/paper/tape-file.ts';
import { format } from '../../actors/market/decimal.ts';
import { Client, openVenue, scratch } from '../support/paper.ts';

const AT = 1_700_000_000_000;
const print = (p: string, q: string, after: number, m = false, s = 'BTCUSDT') =>
  JSON.stringify({ e: 'aggTrade', E: 0, s, a: 1, p, q, T: AT + after, m });

test('the price follows the tape, its takers come when they came, and at its end it begins again', async (t) => {
  const tapeFile = path.join(await scratch(t), 'tape.jsonl');
  const prints = [print('58000', '0.2', 0), print('58000', '0.3', 249, true), print('62000.01', '0.00000001', 500)];
  await writeFile(tapeFile, `${prints.join('\n')}\n\n`);
  const market = { ...DEFAULT_MARKET, levels: 2 };
  const { port } = await openVenue(t, { market, tapeFile });
  const alice = new Client(port);
  const trades = async () => (await alice.send('GET', '/api/v3/trades?symbol=BTCUSDT')).list;
  // A venue that starts has its first tick behind it.
  const shown = (await trades()).map(({ qty, isBuyerMaker }) => [Number(qty), isBuyerMaker].join(' '));
  t.deepEqual(new Set(shown), new Set(['0.2 false', '0.3 true']));
  const mid = async () => {
    const { bidPrice, askPrice } = (await alice.send('GET', '/api/v3/ticker/bookTicker?symbol=BTCUSDT')).body;
    return Math.round((Number(bidPrice) + Number(askPrice)) / 2_000);
  };
  t.is(await mid(), 58);
  const before = (await trades()).length;
  await alice.admin('POST', '/venue/tick', { ticks: 1 });
  t.is((await trades()).length, before, 'a quarter of a second without a print');
  t.is(await mid(), 58);
  await alice.admin('POST', '/venue/tick', { ticks: 1 });
  t.is(await mid(), 62);
  t.is((await trades()).at(-1)?.['qty'], '0.00001000', 'what is less than a lot is one');
  await alice.admin('POST', '/venue/tick', { ticks: 1 });
  t.is(await mid(), 58);
});

test('an order of a client is filled by a recorded taker', async (t) => {
  const tapeFile = path.join(await scratch(t), 'tape.jsonl');
  await writeFile(tapeFile, [print('60000', '0.1', 0), print('60000', '0.1', 260, true)].join('\n'));
  const { port } = await openVenue(t, { market: { ...DEFAULT_MARKET, levels: 1 }, tapeFile });
  const alice = new Client(port);
  await alice.limit('BUY', '59999', '0.3', { newClientOrderId: 'mine' });
  await alice.admin('POST', '/venue/tick', { ticks: 1 });
  const order = (await alice.signed('GET', 'order', { symbol: 'BTCUSDT', origClientOrderId: 'mine' })).body;
  t.like(order, { status: 'PARTIALLY_FILLED', executedQty: '0.10000000' });
});

test('a tape is read by symbol, and one that is none is refused with the line that is wrong', async (t) => {
  const file = path.join(await scratch(t), 'tape.jsonl');
  await writeFile(file, [print('1', '2', 5), print('3', '4', 7, true, 'ETHUSDT'), print('5', '6', 9)].join('\n'));
  const tapes = await readTape(file);
  const plain = (symbol: string) =>
    tapes.get(symbol)?.map(({ afterMs, price, quantity, side }) => [afterMs, format(price), format(quantity), side]);
  t.deepEqual(plain('BTCUSDT'), [
    [0, '1', '2', 'BUY'],
    [4, '5', '6', 'BUY'],
  ]);
  t.deepEqual(plain('ETHUSDT'), [[0, '3', '4', 'SELL']]);
  for (const wrong of [print('0', '1', 9), print('1', '1', 4), 'x', '[]', print('-1', '1', 9)]) {
    await writeFile(file, [print('1', '2', 5), wrong].join('\n'));
    await t.throwsAsync(readTape(file), { message: /^TAPE_INVALID: .*line=2$/ });
  }
});
