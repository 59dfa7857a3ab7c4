// Orders that are not plain: amended, replaced, parked, good till a time, paired, and placed by somebody else.
import { providerKey } from '../../actors/provider/messages.ts';
import { until } from '../support/system.ts';
import {
  admin,
  best,
  cancel,
  ended,
  faults,
  HANDS,
  inState,
  order,
  place,
  restingOrders,
  running,
  type Stage,
  sandboxOf,
  say,
  stateOf,
  working,
} from './stage.ts';

type Ending = Promise<'stop' | 'kill'>;
const PAPER = providerKey('paper');

/** In place, by another order, refused by the venue, and with the answer lost. */
export async function changedTerms({ system, venue }: Stage): Ending {
  await running(system, HANDS);
  const { bid } = await best(venue);
  const amend = async (id: string, quantity: string, price: string | null = null): Promise<void> => {
    const wish = { sandbox: sandboxOf(system), clientOrderId: id, ref: null, quantity, price };
    await say(system, HANDS, { type: 'AmendOrder', ...wish });
  };
  const settled = (id: string): Promise<void> => inState(system, id, /amend.none/);
  const one = await working(system, bid);
  await amend(one, '0.001');
  await settled(one);
  await faults(venue, { operation: 'cancel', action: 'dropAfter', times: 1 });
  await amend(one, '0.0008');
  await settled(one);
  await amend(one, '0.002', (bid * 0.985).toFixed(2));
  await ended(system, one);
  await say(system, HANDS, { type: 'CancelOrders', sandbox: sandboxOf(system), provider: null, symbol: null });
  await restingOrders(system);
  return 'kill';
}

/** Parked and triggered, parked and canceled, timed, and a pair of which one fills. */
export async function tiedOrders({ system, venue }: Stage): Ending {
  await running(system, HANDS);
  const { bid, ask } = await best(venue);
  const above = { orderType: 'StopLimit', stopPrice: (ask * 1.002).toFixed(2), price: ask * 1.003 } as const;
  const parked = await place(system, { side: 'Buy', ...above });
  await inState(system, parked, /life.parked/);
  await cancel(system, parked);
  await ended(system, parked);
  const timed = await place(system, {
    side: 'Buy',
    price: bid * 0.99,
    timeInForce: 'GTD',
    goodTillAt: Date.now() + 700,
  });
  await ended(system, timed);
  const { type: _type, sandbox, linkedTo: _link, ...limit } = order({ side: 'Sell', price: ask * 1.01 });
  const stop = { ...limit, ref: 'stop', orderType: 'Stop', price: null, stopPrice: (bid * 0.998).toFixed(2) } as const;
  await say(system, HANDS, { type: 'PlacePair', orders: [limit, stop], sandbox: sandboxOf(system) + sandbox });
  // It goes through the book down to the stop.
  await ended(system, await place(system, { side: 'Sell', price: bid * 0.99, timeInForce: 'IOC', quantity: '40' }));
  await say(system, HANDS, { type: 'CancelOrders', sandbox: sandboxOf(system), provider: null, symbol: null });
  await restingOrders(system);
  return 'stop';
}

/** The venue ends an order of ours, takes a trade back and corrects another. */
export async function strangers({ system, venue }: Stage): Ending {
  await running(system, HANDS);
  const { bid, ask } = await best(venue);
  const gone = await working(system, bid);
  await admin(venue, 'POST', '/venue/cancel', { clientOrderId: gone });
  await ended(system, gone);
  const filled = await place(system, { side: 'Buy', price: ask * 1.002, timeInForce: 'IOC' });
  await ended(system, filled);
  const { context } = system.snapshot(`order/${filled}`) ?? {};
  const [first = ''] = (context as { readonly executions: readonly string[] }).executions;
  const tradeId = Number(first.split(':')[0]);
  await admin(venue, 'POST', '/venue/bust', { account: 'paper', symbol: 'BTCUSDT', tradeId });
  await until('the bust is booked', () => !JSON.stringify(system.snapshot(`order/${filled}`)).includes(`"${first}"`));
  await say(system, PAPER, { type: 'CancelAll', by: 'anna', reason: 'a drill', symbol: null });
  await until('the provider is ready', () => /ready/.test(stateOf(system, PAPER)), 60_000);
  await restingOrders(system);
  return 'stop';
}
