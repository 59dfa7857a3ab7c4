// Random messages for a machine: a walk that a seed reproduces.
import fc from 'fast-check';
import type { Message } from '../../actors/runtime/message.ts';
import type { Scene } from './given.ts';

/** A step of a walk: a message, or one of the armed timers. */
export type Step<Body extends Message> = { readonly hears: Body } | { readonly fires: number };

export function walks<Body extends Message>(messages: fc.Arbitrary<Body>, length: number): fc.Arbitrary<Step<Body>[]> {
  const hears = messages.map((message): Step<Body> => ({ hears: message }));
  const fires = fc.nat({ max: 9 }).map((timer): Step<Body> => ({ fires: timer }));
  return fc.array(fc.oneof({ weight: 6, arbitrary: hears }, { weight: 1, arbitrary: fires }), { maxLength: length });
}

/** Takes the walk; a timer that is not armed is no step. */
export function walk<Body extends Message, Context extends object>(
  start: Scene<Body, Context>,
  steps: readonly Step<Body>[],
  look: (scene: Scene<Body, Context>, step: Step<Body>) => void,
): Scene<Body, Context> {
  let scene = start;
  for (const step of steps) {
    if ('hears' in step) scene = scene.hears(step.hears);
    else {
      const armed = Object.keys(scene.timers).filter((name) => name !== 'feedsRetry' && !name.startsWith('resume '));
      const timer = armed[step.fires % Math.max(1, armed.length)];
      if (timer === undefined) continue;
      scene = scene.waits(timer);
    }
    look(scene, step);
  }
  return scene;
}
