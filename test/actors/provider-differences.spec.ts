// Differences between an account and its books that do not hold still: what of them counts, where rounds see only a
// part, and how far back the next look reaches.
import test from 'ava';
import { BUSY_LOOKS, PARTIAL_ROUNDS, PARTIAL_WINDOW_MS, TRAIL_MS } from '../../actors/provider/bounds.ts';
import type { AssetDifference, Reconcile, Reconciled } from '../../actors/provider/messages.ts';
import type { Effect } from '../../actors/runtime/effect.ts';
import { foreign, type ProviderScene, providerIn, reconciled, STARTED_AT } from '../support/providers.ts';

const HELD = { asset: 'USDT', available: '5', locked: '0', observedAt: 7 };
const ROUND_MS = 30_000;

/** The books of USDT and BTC are open. */
function opened(): ProviderScene {
  const balances = [HELD, { ...HELD, asset: 'BTC' }];
  return providerIn('running.reconciling.asking').hears(reconciled(1, 1, { balances }));
}
function round(provider: ProviderScene, found: Partial<Reconciled>): ProviderScene {
  const asking = provider.waits('nextRound');
  const balances = [HELD, { ...HELD, asset: 'BTC' }];
  return asking.hears(reconciled(1, asking.context.rounds.round, { balances, ...found }));
}
function differing(provider: ProviderScene, ...all: readonly Partial<AssetDifference>[]): ProviderScene {
  return round(provider, { differences: all.map((one) => ({ asset: 'USDT', amount: '0', isBusy: true, ...one })) });
}
function audits(effects: readonly Effect[]): readonly { readonly action: string; readonly detail: object }[] {
  return effects.flatMap((effect) => {
    if (effect.type !== 'record' || !('action' in effect.row && 'detail' in effect.row)) return [];
    const { action, detail } = effect.row;
    return [{ action: String(action), detail: JSON.parse(String(detail)) }];
  });
}
function asked(provider: ProviderScene): Reconcile | undefined {
  const { effects } = provider.waits('nextRound');
  return effects.flatMap((effect) =>
    effect.type === 'command' && effect.name === 'reconcile' ? [effect.args as Reconcile] : [],
  )[0];
}

test('a loss is found although the asset is traded all the time: what all looks have in common is gone', (t) => {
  let provider = opened();
  const amounts = Array.from({ length: BUSY_LOOKS }, (_, look) => `-1000.${(look * 3) % 7}`);
  for (const amount of amounts.slice(1)) {
    provider = differing(provider, { amount });
    t.deepEqual(audits(provider.effects), []);
  }
  provider = differing(provider, { amount: '-1000.2' });
  const lost = { provider: 'paper', asset: 'USDT', amount: '-1000', unexplained: '-1000' };
  t.deepEqual(audits(provider.effects), [{ action: 'BALANCE_UNEXPLAINED', detail: lost }]);
  t.true(provider.effects.some((effect) => effect.type === 'send' && effect.message.type === 'RestrictTrading'));
  t.deepEqual(provider.context.unexplained, { USDT: '-1000' });
  // What is left is no constant part of anything.
  for (const amount of ['-0.5', '0.2', '-0.4']) provider = differing(provider, { amount });
  t.deepEqual(audits(provider.effects), []);
});

test('what trades on their way account for is not lost, however long that goes on', (t) => {
  let provider = opened();
  for (let look = 0; look < 4 * BUSY_LOOKS; look += 1) {
    const amount = `-1${look % 9}`;
    provider = differing(provider, { amount, least: '-25', most: look % 3 === 0 ? '0' : '1' });
    t.deepEqual(audits(provider.effects), []);
  }
  t.is(provider.context.assets['USDT']?.sure, undefined);
});

test('a look that says nothing neither counts nor takes back, one that cannot be so begins anew', (t) => {
  const sure = (provider: ProviderScene) => provider.context.assets['USDT']?.sure;
  let provider = opened();
  const at = STARTED_AT + ROUND_MS;
  provider = differing(provider, { amount: '8', least: '5', most: '9' });
  t.deepEqual(sure(provider), { amount: '5', looks: 1, at });
  provider = differing(provider, { amount: '7', least: '6', most: '9' });
  t.deepEqual(sure(provider), { amount: '5', looks: 2, at });
  provider = differing(provider, { amount: '3', least: '-2', most: '6' });
  t.deepEqual(sure(provider), { amount: '5', looks: 2, at });
  const refuted = differing(provider, { amount: '2', least: '-2', most: '4' });
  t.is(sure(refuted), undefined);
  const other = differing(provider, { amount: '-8', least: '-9', most: '-3' });
  t.like(sure(other), { amount: '-3', looks: 1 });
  t.is(sure(round(provider, {})), undefined);
});

test('before the books of an asset are open there is no part of what it holds', (t) => {
  let provider = providerIn('running.reconciling.asking').hears(reconciled(1, 1, { balances: [HELD] }));
  for (let look = 0; look < 2 * BUSY_LOOKS; look += 1) {
    const differences = [{ asset: 'SOL', amount: `${10 + (look % 2)}`, isBusy: true }];
    provider = round(provider, { balances: [HELD, { ...HELD, asset: 'SOL' }], differences });
  }
  t.false(provider.context.assets['SOL']?.isOpened);
  t.deepEqual(provider.context.unexplained, {});
});

test('rounds that cannot see everything are told of once, and other assets are judged all the same', (t) => {
  const differences = [
    { asset: 'BTC', amount: '-1', isBusy: false },
    { asset: 'USDT', amount: '-7', isBusy: false },
  ];
  let provider = opened();
  const told: string[] = [];
  for (let look = 1; look < 3 * PARTIAL_ROUNDS; look += 1) {
    provider = round(provider, { unresolved: 1, unclear: ['BTC', 'ETH'], differences: look < 4 ? differences : [] });
    told.push(...audits(provider.effects).map(({ action }) => `${look} ${action}`));
    if (look === 3) t.deepEqual(provider.context.unexplained, { USDT: '-7' });
  }
  // Ten rounds, and five minutes since the first of them.
  t.deepEqual(told, ['3 BALANCE_UNEXPLAINED', '11 RECONCILIATION_PARTIAL']);
  t.is(provider.context.rounds.doneAt, STARTED_AT);
  const whole = round(provider, {});
  t.is(whole.context.rounds.partial, undefined);
  t.true((whole.context.rounds.doneAt ?? 0) > STARTED_AT);
});

test('a backlog that a few quick rounds work off is nothing to tell of', (t) => {
  let provider = opened();
  for (let look = 0; look < 2 * PARTIAL_ROUNDS; look += 1) {
    provider = round(provider, { left: 5 });
    t.deepEqual(audits(provider.effects), []);
  }
});

test('what is not told of for a day is not looked for any more', (t) => {
  let provider = round(opened(), { unresolved: 1 });
  const since = provider.context.rounds.partial?.since ?? 0;
  provider = round(provider.at(since + PARTIAL_WINDOW_MS - ROUND_MS), { unresolved: 1 });
  t.is(provider.context.rounds.doneAt, STARTED_AT);
  for (let look = 0; look < 3; look += 1) provider = round(provider, { unresolved: 1 });
  const { askedAt, doneAt } = provider.context.rounds;
  t.is(doneAt, askedAt - PARTIAL_WINDOW_MS);
});

test('while account and books differ, the next look reaches back to the last round before that', (t) => {
  const quiet = round(opened(), {});
  t.like(asked(quiet), { sinceAt: STARTED_AT + ROUND_MS });
  t.false('offSinceAt' in (asked(quiet) ?? {}));
  const first = differing(quiet, { amount: '-1' });
  t.like(asked(first), { sinceAt: STARTED_AT + 2 * ROUND_MS, offSinceAt: STARTED_AT + ROUND_MS });
  let provider = differing(first, { amount: '-2' });
  t.like(asked(provider), { sinceAt: STARTED_AT + 3 * ROUND_MS, offSinceAt: STARTED_AT + ROUND_MS });
  t.false('offSinceAt' in (asked(round(provider, {})) ?? {}), 'they agree');
  for (let at = 0, amount = 3; at < TRAIL_MS; at += ROUND_MS, amount += 1)
    provider = differing(provider, { amount: amount % 2 === 0 ? '-1' : '1' });
  t.false('offSinceAt' in (asked(provider) ?? {}), 'it went on for too long');
});

test('an order that is here and brings nothing does not keep its assets from being judged', (t) => {
  const idle = { id: 'a9', order: foreign('a9', '9'), executions: [] };
  const differences = [{ asset: 'BTC', amount: '-1', isBusy: false }];
  const openOrders = [{ clientOrderId: 'a9', filledQuantity: '0', traded: '0' }];
  let provider = opened();
  for (let look = 0; look < 3; look += 1) provider = round(provider, { found: [idle], openOrders, differences });
  t.deepEqual(provider.context.unexplained, { BTC: '-1' });
});
