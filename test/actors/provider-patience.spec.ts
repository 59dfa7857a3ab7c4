// A read that fails once does not cost the round.
import test from 'ava';
import { ExchangeFault } from '../../actors/exchanges/exchange.ts';
import { patient, type Reads } from '../../actors/provider/patience.ts';
import { CAPABILITIES } from '../support/fake-exchange.ts';

const SIGNAL = new AbortController().signal;

function failing(times: number, retryable = true): { readonly reads: Reads; readonly asked: () => number } {
  let asked = 0;
  const unasked = async (): Promise<never> => {
    throw new Error('nobody asks this');
  };
  const names = { venue: 'PAPER', account: 'main', capabilities: CAPABILITIES };
  const others = { ...names, clockSkewMs: unasked, trades: unasked, balances: unasked, query: unasked };
  const openOrders = async () => {
    asked += 1;
    if (asked <= times) throw new ExchangeFault('no answer', { retryable });
    return [];
  };
  return { reads: patient({ ...others, openOrders }), asked: () => asked };
}

test('a read that can succeed is tried three times in all', async (t) => {
  const twice = failing(2);
  t.deepEqual(await twice.reads.openOrders(SIGNAL), []);
  t.is(twice.asked(), 3);
  const always = failing(9);
  await t.throwsAsync(always.reads.openOrders(SIGNAL), { message: 'no answer' });
  t.is(always.asked(), 3);
});

test('a read that trying again cannot help, or that nobody waits for, is tried once', async (t) => {
  const refused = failing(9, false);
  await t.throwsAsync(refused.reads.openOrders(SIGNAL));
  t.is(refused.asked(), 1);
  const dropped = failing(9);
  await t.throwsAsync(dropped.reads.openOrders(AbortSignal.abort()));
  t.is(dropped.asked(), 1);
});
