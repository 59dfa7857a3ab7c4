// Ledgers of before amends, stops and self-trade prevention: their lines say nothing of them and are read as ever.
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import test from 'ava';
import { VenueState } from '../../actors/exchanges/paper/core/state.ts';
import { decode, encode } from '../../actors/exchanges/paper/ledger/codec.ts';
import { readLedger } from '../../actors/exchanges/paper/ledger/read.ts';
import { format } from '../../actors/market/decimal.ts';
import { BOB, Client, openVenue, scratch } from '../support/paper.ts';
import { SYMBOLS } from '../support/paper-core.ts';

const FILE = path.join(import.meta.dirname, '../fixtures/paper-ledger-before-amends.jsonl');
const SYMBOL = { symbol: 'BTCUSDT' };

async function lines(): Promise<string[]> {
  return (await readFile(FILE, 'utf8')).trimEnd().split('\n');
}

test('an old line is read, and written again it is the same line', async (t) => {
  for (const line of await lines()) {
    const entry = decode(line);
    t.truthy(entry);
    if (entry) t.is(encode(entry).trimEnd(), line);
  }
});

test('an old ledger gives orders that work, prevent nothing and go by the id they were placed under', async (t) => {
  const state = new VenueState(SYMBOLS);
  for (const line of await lines()) {
    const entry = decode(line);
    if (entry) state.replay(entry);
  }
  t.deepEqual(
    [...state.orders.values()].map(({ clientOrderId, status, quantity, workingAt, prevented, ...order }) => ({
      of: `${clientOrderId} ${status} ${format(quantity)}`,
      working: workingAt === order.placedAt,
      prevented,
      stop: order.stopPrice,
    })),
    [
      { of: 'ask PARTIALLY_FILLED 0.3', working: true, prevented: null, stop: undefined },
      { of: 'bid FILLED 0.1', working: true, prevented: null, stop: undefined },
      { of: 'gone CANCELED 0.2', working: true, prevented: null, stop: undefined },
      { of: 'rest NEW 0.2', working: true, prevented: null, stop: undefined },
    ],
  );
});

test('a venue goes on upon an old ledger with all it can do, and both read the same from outside', async (t) => {
  const dataDir = await scratch(t);
  const ledgerFile = path.join(dataDir, 'ledger.jsonl');
  await writeFile(ledgerFile, `${(await lines()).join('\n')}\n`);
  t.like((await readLedger(ledgerFile)).orders[0], {
    clientOrderId: 'ask',
    amendedClientOrderId: null,
    stopPrice: null,
    triggeredAt: null,
    selfTradePrevention: 'NONE',
  });
  const { port } = await openVenue(t, { dataDir });
  const [alice, bob] = [new Client(port), new Client(port, BOB)];
  const amend = { ...SYMBOL, origClientOrderId: 'ask', newQty: '0.2', newClientOrderId: 'ask' };
  t.is((await bob.signed('PUT', 'order/amend/keepPriority', amend)).status, 200);
  const stop = { ...SYMBOL, side: 'SELL', type: 'STOP_LOSS', stopPrice: '58500', quantity: '0.1' };
  t.is((await alice.signed('POST', 'order', stop)).status, 200);
  t.like((await alice.limit('BUY', '60000', '0.1')).body, { status: 'FILLED' });
  const view = await readLedger(ledgerFile);
  t.is(view.balances.get('alice')?.get('BTC'), '2.1998');
  t.deepEqual(
    view.orders.map(({ status }) => status),
    ['FILLED', 'FILLED', 'CANCELED', 'NEW', 'NEW', 'FILLED'],
  );
});
