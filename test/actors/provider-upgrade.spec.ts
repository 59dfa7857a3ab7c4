// Providers of earlier machine versions in this one.
import test from 'ava';
import { providerActor } from '../../actors/provider/index.ts';
import { providerMachine } from '../../actors/provider/machine.ts';
import type { ProviderMessage } from '../../actors/provider/messages.ts';
import type { StoredSnapshot } from '../../actors/runtime/actor.ts';
import { createStepper } from '../../actors/runtime/step.ts';
import { connected, INPUT, reconciled } from '../support/providers.ts';

/** As version 1 stored it, with an order at the venue and two assets. */
const VERSION_1: StoredSnapshot = {
  v: { running: { ready: 'settled' } },
  c: {
    ...{ ...INPUT, wanted: true, ready: true, session: 3, failures: 0, reason: null, halts: { main: 'loss' } },
    link: { venue: 'PAPER', account: 'main', fenceMarginMs: 16_000, recvWindowMs: 5_000, skewMs: 3 },
    instruments: {},
    watchers: { 'strategy/mm': { routes: [{ type: 'Ticker', symbol: 'BTC-USDT' }], told: true } },
    feeds: { wanted: 2, held: 2, failures: 0 },
    rounds: { round: 7, askedAt: 900, doneAt: 900, failures: 0, rest: 0 },
    assets: ['BTC', 'USDT'],
    external: { count: 1, recent: ['BTC-USDT 77'] },
    live: { a1: { symbol: 'BTC-USDT', since: 800, filled: '0', askedAt: 0 } },
    waiting: [],
  },
};

interface Row {
  readonly table: string;
  readonly asset?: string;
  readonly available?: string;
}

function upgraded() {
  const upgrade = providerActor.upgrade[1];
  if (upgrade === undefined) throw new Error('there is no upgrade from version 1');
  const stepper = createStepper(providerMachine);
  return { stepper, head: stepper.restore(upgrade(VERSION_1)) };
}

test('what a provider of version 1 knew stays: its orders, its watchers, its kill switches', (t) => {
  const { head } = upgraded();
  t.is(head.shape.state, 'running.ready.settled');
  t.like(head.context, { wanted: true, session: 3, halts: { main: 'loss' }, live: { a1: { since: 800 } } });
});

test('it connects anew, looks, and opens its books when what it finds holds still', (t) => {
  const { stepper, head } = upgraded();
  let now = head;
  let messages = 0;
  const records: string[] = [];
  const held: string[] = [];
  const hears = (body: ProviderMessage): void => {
    messages += 1;
    const event = { ...body, at: 10_000 * messages, messageId: `m${messages}` };
    const step = stepper.step(now, event);
    t.true(step.handled, body.type);
    now = step.head;
    for (const { params } of step.actions) {
      const effect = (params as { readonly event?: { readonly type: string; readonly row?: Row } }).event;
      if (effect?.type !== 'record' || effect.row === undefined) continue;
      records.push(effect.row.table);
      if (effect.row.table === 'balances') held.push(`${effect.row.asset} ${effect.row.available}`);
    }
  };
  const found = {
    balances: [{ asset: 'BTC', available: '2', locked: '0', observedAt: 1_000 }],
    differences: [{ asset: 'BTC', amount: '2', isBusy: false }],
    openOrders: [{ clientOrderId: 'a1', filledQuantity: '0', traded: '0' }],
  };
  hears({ type: 'NodeStarted' });
  for (let round = 8; round < 11; round += 1) {
    hears(round === 8 ? connected(4) : { type: 'Reconnected', session: 4 });
    hears(reconciled(4, round, found));
    const booked = records.filter((table) => table === 'ledger_entries').length;
    t.is(booked, round === 10 ? 2 : 0, `after round ${round}`);
  }
  t.is(now.shape.state, 'running.ready.settled');
  // What it held then and holds no more.
  t.deepEqual(held, ['BTC 2', 'USDT 0']);
});
