// What may come to providers, strategies and the supervisor from outside.
import test from 'ava';
import { schemas as provider, providerInput } from '../../actors/provider/schemas.ts';
import type { Schema } from '../../actors/runtime/actor.ts';
import { schemas as strategy, strategyInput } from '../../actors/strategy/schemas.ts';
import { schemas as supervisor } from '../../actors/supervisor/schemas.ts';
import { INPUT, SETTINGS } from '../support/providers.ts';
import { amend, place, placePair, STRATEGY } from '../support/strategies.ts';

/** The issues, one a line; empty when it is taken. */
async function refusal(schema: Schema | undefined, value: unknown): Promise<string> {
  if (schema === undefined) return 'no schema';
  const result = await schema['~standard'].validate(value);
  return result.issues === undefined ? '' : result.issues.map(({ message }) => message).join('\n');
}

test('a provider is configured with references, never with credentials', async (t) => {
  const configure = (change: object): unknown => ({
    type: 'Configure',
    adapter: 'binance',
    settings: { ...SETTINGS, ...change },
  });
  t.is(await refusal(provider['Configure'], configure({})), '');
  t.is(await refusal(provider['Configure'], configure({ apiSecret: 'file:/run/secrets/paper' })), '');
  const credential = 'a credential must be a reference, env:NAME or file:PATH';
  t.is(await refusal(provider['Configure'], configure({ apiSecret: 'hunter2' })), credential);
  t.is(await refusal(provider['Configure'], configure({ pass_phrase: 'x', passphrase: 'hunter2' })), credential);
  const url = 'a URL must not hold a user name or password';
  t.is(await refusal(provider['Configure'], configure({ restUrl: 'https://me:hunter2@venue.example' })), url);
});

test('names of providers and instances fit actor keys and topics', async (t) => {
  t.is(await refusal(providerInput, INPUT), '');
  t.not(await refusal(providerInput, { ...INPUT, name: 'a/b' }), '');
  t.not(await refusal(providerInput, { ...INPUT, name: '' }), '');
  t.is(await refusal(strategyInput, STRATEGY), '');
  t.not(await refusal(strategyInput, { ...STRATEGY, instanceId: 'mm 1' }), '');
  t.not(await refusal(strategyInput, { ...STRATEGY, orderPrefix: 'mm-1' }), '');
});

test('an instance has a scope, of canonical symbols, within its bound', async (t) => {
  const scoped = (scope: object): unknown => ({ ...STRATEGY, scope });
  t.is(await refusal(strategyInput, scoped({})), 'at least one provider is needed');
  t.is(await refusal(strategyInput, scoped({ paper: { symbols: ['btcusdt'] } })), 'a symbol is BASE-QUOTE, upper case');
  const symbols = Array.from({ length: 60 }, (_, n) => `X${n}-USDT`);
  const both = { paper: { symbols }, other: { symbols } };
  t.is(await refusal(strategyInput, scoped(both)), 'at most 100 symbols in all are allowed');
});

test('a decision is a whole decision and nothing more', async (t) => {
  t.is(await refusal(strategy['PlaceOrder'], place()), '');
  t.not(await refusal(strategy['PlaceOrder'], { ...place(), quantity: 1 }), '');
  t.not(await refusal(strategy['PlaceOrder'], { ...place(), quantity: '-1' }), '');
  t.not(await refusal(strategy['PlaceOrder'], { ...place(), at: 1 }), '');
  t.not(await refusal(strategy['PlaceOrder'], { ...place(), orderType: 'Iceberg' }), '');
  t.not(await refusal(strategy['PlaceOrder'], { ...place(), goodTillAt: 1.5 }), '');
  t.is(await refusal(strategy['PlacePair'], placePair()), '');
  t.not(await refusal(strategy['PlacePair'], { ...placePair(), orders: placePair().orders.slice(1) }), '');
  t.is(await refusal(strategy['AmendOrder'], amend()), '');
  t.not(await refusal(strategy['AmendOrder'], { ...amend(), price: '1e5' }), '');
  t.is(await refusal(strategy['CancelOrders'], { type: 'CancelOrders', sandbox: 1, provider: null, symbol: null }), '');
  t.not(await refusal(strategy['CancelOrders'], { type: 'CancelOrders', sandbox: 1, provider: '*', symbol: null }), '');
  t.not(await refusal(strategy['CancelOrder'], { type: 'CancelOrder', ref: '1' }), '');
  t.is(await refusal(strategy['SaveState'], { type: 'SaveState', sandbox: 1, state: { deep: [1, null] } }), '');
});

test('the supervisor is asked about actors by their keys', async (t) => {
  t.is(await refusal(supervisor['ResumeActor'], { type: 'ResumeActor', key: 'order/mm100000001' }), '');
  t.is(await refusal(supervisor['ResumeActor'], { type: 'ResumeActor', key: 'order' }), 'an actor key is kind/id');
});
