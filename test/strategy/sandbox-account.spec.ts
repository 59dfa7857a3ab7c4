// What an instance knows of its orders: reports come late, twice, and in the wrong order.
import test from 'ava';
import fc from 'fast-check';
import { AccountView } from '../../actors/strategy/sandbox/account.ts';
import type { Decision } from '../../actors/strategy/sandbox/index.ts';
import { report } from './sandbox-support.ts';

const NOTHING = { orders: [], positions: [] };
const PLACE: Decision = {
  type: 'PlaceOrder',
  ref: '1',
  provider: 'paper',
  symbol: 'BTC-USDT',
  side: 'Sell',
  orderType: 'Limit',
  quantity: '1',
  price: '60000',
  timeInForce: 'GTC',
  postOnly: false,
};
const held = (view: AccountView) => view.view().positions.map(({ quantity }) => quantity);

test('a report takes over the order its ref names', (t) => {
  const view = new AccountView(NOTHING);
  view.decided(PLACE);
  view.decided({ type: 'CancelOrder', clientOrderId: null, ref: '1' });
  view.reported(report({ state: 'ACK', ref: '1', side: 'Sell' }));
  const [order, ...others] = view.view().orders;
  t.like(order, { ref: '1', clientOrderId: 'c1', state: 'ACK', cancelling: true });
  t.deepEqual(others, []);
});

test('an order that is over does not come back with a late report, but its late fill counts', (t) => {
  const view = new AccountView(NOTHING);
  view.reported(report({ state: 'ACK' }));
  view.reported(report({ state: 'CANCELLED', filledQuantity: '0.25' }));
  view.reported(report({ state: 'ACK' }));
  t.deepEqual([view.view().orders, held(view)], [[], ['0.25']]);
  view.reported(report({ state: 'PARTIAL', filledQuantity: '0.5' }));
  t.deepEqual([view.view().orders, held(view)], [[], ['0.5']]);
});

test('a reject of an order that was never acknowledged removes it', (t) => {
  const view = new AccountView(NOTHING);
  view.decided(PLACE);
  view.reported(report({ state: 'REJECTED', ref: '1', side: 'Sell' }));
  t.deepEqual(view.view(), NOTHING);
});

test('selling makes the position smaller, exactly', (t) => {
  const view = new AccountView({ orders: [], positions: [{ provider: 'paper', symbol: 'BTC-USDT', quantity: '0.3' }] });
  view.reported(report({ state: 'FILLED', side: 'Sell', filledQuantity: '0.1' }));
  view.reported(report({ state: 'FILLED', side: 'Sell', filledQuantity: '0.2', clientOrderId: 'c2' }));
  view.reported(report({ state: 'FILLED', side: 'Sell', filledQuantity: '0.000000000000000001', clientOrderId: 'c3' }));
  t.deepEqual(held(view), ['-0.000000000000000001']);
});

test('repeated and reordered reports never count a fill twice', (t) => {
  const cumulative = fc.array(fc.integer({ min: 0, max: 10 }), { minLength: 1, maxLength: 30 });
  fc.assert(
    fc.property(cumulative, (fills) => {
      const view = new AccountView(NOTHING);
      for (const filled of fills) {
        view.reported(report({ state: filled === 10 ? 'FILLED' : 'PARTIAL', filledQuantity: String(filled) }));
      }
      const most = Math.max(...fills);
      t.deepEqual(held(view), most === 0 ? [] : [String(most)]);
      t.is(view.view().orders.length, fills.includes(10) ? 0 : 1);
    }),
  );
});
