// Random messages for a machine: a walk that a seed reproduces.
import fc from 'fast-check';
import type { Message } from '../../actors/runtime/message.ts';
import type { Scene } from './given.ts';

/** Made when its turn comes, from what the actor then keeps: so that answers can be to what it asked last. */
export type Saying<Body extends Message, Context> = (context: Context) => Body;
/** A step of a walk: a message, or one of the armed timers. */
export type Step<Body extends Message, Context> =
  | { readonly hears: Saying<Body, Context> }
  | { readonly fires: number };

export function walks<Body extends Message, Context>(
  sayings: fc.Arbitrary<Saying<Body, Context>>,
  length: { readonly minLength: number; readonly maxLength: number },
): fc.Arbitrary<Step<Body, Context>[]> {
  const hears = sayings.map((saying): Step<Body, Context> => ({ hears: saying }));
  const fires = fc.nat({ max: 9 }).map((timer): Step<Body, Context> => ({ fires: timer }));
  return fc.array(fc.oneof({ weight: 6, arbitrary: hears }, { weight: 1, arbitrary: fires }), {
    size: 'max',
    ...length,
  });
}

/** Takes the walk; a timer that is not armed is no step. `said` is what the last step was. */
export function walk<Body extends Message, Context extends object>(
  start: Scene<Body, Context>,
  steps: readonly Step<Body, Context>[],
  look: (scene: Scene<Body, Context>, said: string) => void,
): Scene<Body, Context> {
  let scene = start;
  for (const step of steps) {
    if ('hears' in step) {
      const message = step.hears(scene.context);
      scene = scene.hears(message);
      look(scene, JSON.stringify(message));
      continue;
    }
    // Delayed raises carry a message of their own, which the walk says by itself.
    const armed = Object.keys(scene.timers).filter((name) => name !== 'feedsRetry' && !name.startsWith('resume '));
    const timer = armed[step.fires % Math.max(1, armed.length)];
    if (timer === undefined) continue;
    scene = scene.waits(timer);
    look(scene, timer);
  }
  return scene;
}
