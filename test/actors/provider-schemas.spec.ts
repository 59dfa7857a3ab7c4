// What an operator may tell a provider.
import test from 'ava';
import { schemas } from '../../actors/provider/schemas.ts';

async function isTaken(value: { readonly type: string }): Promise<boolean> {
  const schema = schemas[value.type];
  if (schema === undefined) throw new Error(`a provider takes no ${value.type} from outside`);
  return (await schema['~standard'].validate(value)).issues === undefined;
}

test('an operator who cancels everything says who, why and of which symbol', async (t) => {
  const whole = { type: 'CancelAll', by: 'ann', reason: 'panic', symbol: null };
  t.true(await isTaken(whole));
  t.true(await isTaken({ ...whole, symbol: 'BTC-USDT' } as { readonly type: string }));
  for (const change of [{ symbol: 'btcusdt' }, { symbol: undefined }, { by: '' }, { reason: '' }, { more: 1 }]) {
    t.false(await isTaken({ ...whole, ...change }), JSON.stringify(change));
  }
});

test('a difference is explained for one asset, by a person, with words', async (t) => {
  const whole = { type: 'ExplainDifference', by: 'ann', asset: 'BTC', reason: 'withdrawn' };
  t.true(await isTaken(whole));
  for (const change of [{ asset: 'btc' }, { asset: '' }, { by: undefined }, { reason: 'x'.repeat(501) }]) {
    t.false(await isTaken({ ...whole, ...change }), JSON.stringify(change));
  }
});

test('who removes a provider is named', async (t) => {
  t.true(await isTaken({ type: 'Remove', by: 'ann' } as { readonly type: string }));
  t.false(await isTaken({ type: 'Remove' }));
});
