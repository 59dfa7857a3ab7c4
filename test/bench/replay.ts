// Replay of everything a database holds: read in pages, folded through the production machines, compared byte for byte.
import type { ActorDefinition } from '../../actors/runtime/actor.ts';
import { replayAll } from '../../bin/replay.ts';
import { createStore } from '../../persistence/index.ts';

/** Transitions per second, reading included. Throws when a difference is found: a wrong fold has no speed. */
export async function measureReplay(
  url: string,
  actors: readonly ActorDefinition[],
): Promise<{ readonly perSecond: number; readonly transitions: number }> {
  const store = createStore({ url });
  try {
    const startedAt = performance.now();
    const { transitions, differences } = await replayAll(store, actors);
    const seconds = (performance.now() - startedAt) / 1_000;
    const [first] = differences;
    if (first !== undefined) throw new Error(`${first.key}: ${first.difference}`);
    return { perSecond: transitions / seconds, transitions };
  } finally {
    await store.close();
  }
}
