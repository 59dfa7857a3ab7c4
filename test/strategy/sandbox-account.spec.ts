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
  stopPrice: null,
  goodTillAt: null,
  linkedTo: null,
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

test('an execution that is taken back leaves the position, and its order may work again', (t) => {
  const view = new AccountView(NOTHING);
  view.decided(PLACE);
  const sale = { ref: '1', side: 'Sell' } as const;
  view.reported(report({ ...sale, state: 'PARTIAL', filledQuantity: '0.4', lastQuantity: '0.4' }));
  view.reported(report({ ...sale, state: 'FILLED', filledQuantity: '1', lastQuantity: '0.6' }));
  t.deepEqual([view.view().orders, held(view)], [[], ['-1']]);
  const bust = report({ side: 'Sell', state: 'PARTIAL', filledQuantity: '0.4', lastQuantity: '-0.6' });
  view.reported(bust);
  t.deepEqual(held(view), ['-0.4']);
  t.like(view.view().orders, [{ clientOrderId: 'c1', state: 'PARTIAL', filledQuantity: '0.4' }]);
  view.reported(bust);
  t.deepEqual(held(view), ['-0.4']);
  view.reported(report({ side: 'Sell', state: 'FILLED', filledQuantity: '1', lastQuantity: '0.6' }));
  t.deepEqual([view.view().orders, held(view)], [[], ['-1']]);
});

test('an execution that is taken back after the end of its order does not open it', (t) => {
  const view = new AccountView(NOTHING);
  view.reported(report({ state: 'CANCELLED', filledQuantity: '0.4' }));
  view.reported(report({ state: 'CANCELLED', filledQuantity: '0', lastQuantity: '-0.4' }));
  t.deepEqual([view.view().orders, held(view)], [[], ['0']]);
});

test('all orders of a place are asked to cancel at once, and no others', (t) => {
  const cancelling = (decision: Decision) => {
    const view = new AccountView(NOTHING);
    view.decided(PLACE);
    view.decided({ ...PLACE, ref: '2', symbol: 'ETH-USDT' });
    view.decided({ ...PLACE, ref: '3', provider: 'other' });
    view.decided(decision);
    return view.view().orders.filter((order) => order.cancelling);
  };
  const refs = (provider: string | null, symbol: string | null) =>
    cancelling({ type: 'CancelOrders', provider, symbol }).map(({ ref }) => ref);
  t.deepEqual(refs(null, null), ['1', '2', '3']);
  t.deepEqual(refs('paper', null), ['1', '2']);
  t.deepEqual(refs(null, 'BTC-USDT'), ['1', '3']);
  t.deepEqual(refs('paper', 'ETH-USDT'), ['2']);
});

test('what replaces an order is there from the end of the old one, under its ref and with the terms asked for', (t) => {
  const view = new AccountView(NOTHING);
  view.decided(PLACE);
  view.decided({ type: 'AmendOrder', clientOrderId: null, ref: '1', quantity: '3', price: '61000' });
  view.reported(report({ state: 'ACK', ref: '1', side: 'Sell' }));
  view.reported(report({ state: 'PARTIAL', ref: '1', side: 'Sell', filledQuantity: '0.4' }));
  view.reported(report({ state: 'CANCELLED', ref: '1', side: 'Sell', filledQuantity: '0.4', replacedBy: 'c2' }));
  const { type: _type, timeInForce: _tif, postOnly: _post, goodTillAt: _till, linkedTo: _link, ...terms } = PLACE;
  const life = { filledQuantity: '0', state: 'PENDING', cancelling: false } as const;
  const next = { ...terms, ...life, clientOrderId: 'c2', quantity: '2.6', price: '61000' };
  t.deepEqual(view.view().orders, [next]);
  view.reported(report({ state: 'ACK', ref: '1', clientOrderId: 'c2', side: 'Sell', quantity: '2.6', price: '61000' }));
  t.deepEqual(view.view().orders, [{ ...next, state: 'ACK' }]);
  t.deepEqual(held(view), ['-0.4']);
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
