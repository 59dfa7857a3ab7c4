// The production order and risk machines on a real database: what they record is what the books of it say.
import test from 'ava';
import { emit, setup } from 'xstate';
import type { SubmitRequest } from '../../actors/exchanges/exchange.ts';
import type { Execution } from '../../actors/market/execution.ts';
import type { ProviderRow } from '../../actors/market/records.ts';
import { orderActor } from '../../actors/order/index.ts';
import type { OrderMessage } from '../../actors/order/messages.ts';
import { riskActor } from '../../actors/risk/index.ts';
import { defineActor } from '../../actors/runtime/actor.ts';
import { type Record, record, type Send, send } from '../../actors/runtime/effect.ts';
import type { Delivered } from '../../actors/runtime/message.ts';
import { createStore } from '../../persistence/index.ts';
import { testDatabase } from '../support/db.ts';
import { busted, execution, orderInput, reported, word } from '../support/orders.ts';
import { NO_LIMITS } from '../support/risks.ts';
import { differences, query, type Running, run, until } from '../support/system.ts';

const ID = 'mm1abc00000001';
const ORDER = `order/${ID}` as const;

/** Lets every order go. */
const provider = setup({
  types: {
    events: {} as Delivered<{ readonly type: 'SubmitRequested' | 'OrderClosed'; readonly clientOrderId: string }>,
    emitted: {} as Send | Record<ProviderRow>,
  },
  actions: {
    recordItself: emit(() => {
      const row = { adapter: 'fake', settings: '{}', status: 'running', reason: null } as const;
      return record<ProviderRow>({ table: 'providers', name: 'paper', ...row });
    }),
    grant: emit(({ event }) => send(`order/${event.clientOrderId}`, { type: 'SubmitGranted' })),
  },
}).createMachine({
  id: 'provider',
  version: '1',
  options: { maxIterations: 10 },
  initial: 'open',
  states: {
    open: { entry: 'recordItself', on: { SubmitRequested: { actions: 'grant' }, OrderClosed: {} } },
  },
});

const ACTORS = [orderActor, riskActor, defineActor({ kind: 'provider', version: 1, machine: provider })];

/** Accepts every order; what becomes of it the test says. */
const session = {
  submit: async ({ clientOrderId }: SubmitRequest) => {
    return { outcome: 'accepted' as const, order: word('open', '0', { clientOrderId }), executions: [] };
  },
};

async function start(url: string): Promise<Running> {
  return run({ url, actors: ACTORS, ports: { exchanges: { find: () => session } } });
}

async function working(url: string): Promise<Running> {
  const running = await start(url);
  await running.system.spawn('provider/paper', {});
  await running.system.spawn('risk/firm', { scope: 'firm', limits: NO_LIMITS });
  await running.system.spawn(ORDER, orderInput({ clientOrderId: ID, placedAt: Date.now() }));
  await until('the order works', () => running.system.snapshot(ORDER)?.state.includes('working') === true);
  return running;
}

function report(filled: string, fill: Execution): OrderMessage {
  return reported(word('open', filled), fill);
}

async function books(url: string) {
  const store = createStore({ url });
  try {
    const [position] = await store.read.listPositions({ limit: 10 });
    return {
      balances: (await store.read.listLedgerBalances('paper')).map(
        ({ account, asset, balance }) => `${account.split(':')[0]} ${asset} ${balance}`,
      ),
      position: position && `${position.quantity} ${position.costQuote} ${position.realizedQuote}`,
      fees: position?.fees,
      held: await store.books.ledger('paper'),
    };
  } finally {
    await store.close();
  }
}

const UNEQUAL = `select posting, asset from ledger_entries group by posting, asset having sum(amount) <> 0`;

test('fills, a late fee and a bust leave books that agree, also after a crash and the same word again', async (t) => {
  const url = await testDatabase();
  const first = await working(url);
  const fill = execution('t-1', '0.4', { fee: '0.0004' });
  await first.system.deliver(ORDER, report('0.4', fill), { id: 'report:1' });
  await first.crash();
  const second = await start(url);
  t.teardown(() => second.stop());
  await second.system.deliver(ORDER, report('0.4', fill), { id: 'report:1' });
  await second.system.deliver(ORDER, report('0.4', fill), { id: 'report:1-again' });
  t.deepEqual(await books(url), {
    balances: [
      'available BTC 0.3996',
      'external BTC -0.4',
      'fees BTC 0.0004',
      'available USDT -100',
      'external USDT 40.04',
      'locked USDT 60',
      'pnl USDT -0.04',
    ],
    position: '0.3996 39.96 -0.04',
    fees: { BTC: '0.0004' },
    held: [
      { asset: 'BTC', available: '0.3996', locked: '0', suspense: '0' },
      { asset: 'USDT', available: '-100', locked: '60', suspense: '0' },
    ],
  });
  await second.system.deliver(ORDER, report('0.6', execution('t-2', '0.2', { fee: null, feeAsset: null })));
  await second.system.deliver(ORDER, report('0.6', execution('t-2', '0.2', { fee: '0.02', feeAsset: 'USDT' })));
  await second.system.deliver(ORDER, busted(word('open', '0.2'), 't-1'));
  const { balances, position, fees } = await books(url);
  t.deepEqual(balances, [
    'available BTC 0.2',
    'external BTC -0.2',
    'fees BTC 0',
    'available USDT -100.02',
    'external USDT 20.013333333333333333',
    'fees USDT 0.02',
    'locked USDT 80',
    'pnl USDT -0.013333333333333333',
  ]);
  // The average of both fills is what the bust was closed at: what that made is what the rest now cost less.
  t.is(position, '0.2 19.986666666666666667 -0.013333333333333333');
  t.deepEqual(fees, { BTC: '0', USDT: '0.02' });
  t.deepEqual(await query(url, UNEQUAL), []);
  t.deepEqual(
    await query(
      url,
      'select trade_id as id, trim_scale(fee)::text as fee, busted_at is null as holds from executions order by id',
    ),
    [
      { id: 't-1', fee: '0.0004', holds: false },
      { id: 't-2', fee: '0.02', holds: true },
    ],
  );
  t.deepEqual(await differences(url, ACTORS), []);
});
