// How the cases are run against one adapter.
import test, { type ExecutionContext } from 'ava';
import type { Capabilities } from '../../actors/exchanges/exchange.ts';
import type { World } from './case.ts';
import { GROUPS } from './groups.ts';

async function capabilitiesOf(world: World): Promise<Capabilities> {
  const { session } = await world.open();
  await session.close();
  return session.capabilities;
}

/** One after another: each has a venue of its own, and the machine few cores. */
export function conform(adapter: string, worldOf: (t: ExecutionContext, isLive: boolean) => Promise<World>): void {
  for (const [group, cases] of GROUPS) {
    for (const one of cases) {
      test.serial(`${one.number} ${adapter}: ${one.title}`, async (t) => {
        t.timeout(120_000);
        await using world = await worldOf(t, group === 'Market data');
        const { unless } = one;
        const isLacking = unless?.isLacking(await capabilitiesOf(world), world) ?? false;
        const { run } = isLacking && unless ? unless : one;
        await run(t, world);
      });
    }
  }
}
