// Instances that older versions stored.
import fs from 'node:fs';
import test from 'ava';
import type { StoredSnapshot } from '../../actors/runtime/actor.ts';
import { createStepper, encode } from '../../actors/runtime/step.ts';
import type { StrategyContext } from '../../actors/strategy/context.ts';
import { strategyActor } from '../../actors/strategy/index.ts';
import type { StrategyMessage } from '../../actors/strategy/messages.ts';
import { amend, place, STRATEGY_AT, strategyIn } from '../support/strategies.ts';

const { machine, upgrade } = strategyActor;
/** As version 1 stored them in a real run, one a line. */
const STORED = fs
  .readFileSync(new URL('../fixtures/strategy-v1-snapshots.jsonl', import.meta.url), 'utf8')
  .trimEnd()
  .split('\n')
  .map((line) => JSON.parse(line) as StoredSnapshot);

function upgraded(stored: StoredSnapshot): StoredSnapshot {
  const up = upgrade[1];
  if (up === undefined) throw new Error('no upgrade from version 1 is defined');
  return up(stored);
}

/** As version 1 stored it: without what version 2 knows of links and orders. */
function asVersion1(context: StrategyContext): StoredSnapshot {
  const links = Object.entries(context.links).map(([name, { amends: _, orderTypes: __, ...link }]) => [name, link]);
  const open = Object.entries(context.open).map(
    ([id, { stopPrice: _, linked: __, replacement: ___, ...order }]) => [id, order] as const,
  );
  return {
    v: 'running',
    c: JSON.parse(JSON.stringify({ ...context, links: Object.fromEntries(links), open: Object.fromEntries(open) })),
  };
}

test('every instance that version 1 stored is restored by this version', (t) => {
  t.true(STORED.length > 0);
  for (const stored of STORED) {
    const stepper = createStepper(machine);
    const after = upgraded(stored);
    t.is(encode(stepper.restore(after)), JSON.stringify(after));
  }
});

test('an upgraded instance places and amends plain orders; stop orders wait for the word of its provider', (t) => {
  const { context } = strategyIn('running').hears(place());
  const stepper = createStepper(machine);
  const head = stepper.restore(upgraded(asVersion1(context)));
  const restored = head.context as StrategyContext;
  t.deepEqual(restored.open, context.open);
  const { paper } = context.links;
  t.deepEqual(restored.links['paper'], paper && { ...paper, amends: 'none', orderTypes: ['Limit', 'Market'] });
  const effectsOf = (message: StrategyMessage): string => {
    const event = { ...message, at: STRATEGY_AT, messageId: 'm' };
    return JSON.stringify(stepper.step(head, event).actions);
  };
  t.regex(effectsOf(place({ ref: '2' })), /"type":"spawn","key":"order\/mm100000002"/);
  t.regex(effectsOf(amend({ price: '99' })), /"type":"AmendOrder"/);
  const stop = { orderType: 'Stop', price: null, stopPrice: '90', postOnly: false } as const;
  t.regex(effectsOf(place({ ...stop, ref: '3' })), /ORDER_TYPE_UNSUPPORTED: orderType=Stop/);
});
