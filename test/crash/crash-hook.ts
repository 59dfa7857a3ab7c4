// Where a gateway process dies. The runtime names its points; those of an effect are named here by its actor kind
// and name, so that a test can kill exactly between the venue's answer to a submit and the commit that keeps it.
import process from 'node:process';
import { actors } from '../../actors/index.ts';
import type { ActorDefinition } from '../../actors/runtime/actor.ts';
import type { CrashPlan } from './protocol.ts';

export type Hook = (point: string) => void;

export function crashHook(plan: CrashPlan | null): Hook {
  let visits = 0;
  return (point) => {
    if (point !== plan?.point) return;
    visits += 1;
    if (visits !== plan.visit) return;
    if (plan.late) setImmediate(die);
    else die();
  };
}

/** Returns never: the signal is delivered before the call is over. */
function die(): void {
  process.kill(process.pid, 'SIGKILL');
}

/** The production actors, with the points of their effects, and where wanted with the mistake the oracle must see. */
export function actorsOf(crash: Hook, resends: boolean): readonly ActorDefinition[] {
  const known = resends ? actors.map(resending) : actors;
  return known.map((definition) => watched(definition, crash));
}

/** "Send it again on restart": the mistake of taking a client order id for an idempotency key. */
function resending(definition: ActorDefinition): ActorDefinition {
  const { submitOrder, ...others } = definition.effects;
  if (definition.kind !== 'order' || submitOrder === undefined) return definition;
  return { ...definition, effects: { ...others, submitOrder: { ...submitOrder, afterCrash: 'repeat' } } };
}

function watched(definition: ActorDefinition, crash: Hook): ActorDefinition {
  const effects = Object.entries(definition.effects).map(([name, effect]) => {
    const perform: typeof effect.perform = async (args, context) => {
      crash(`beforeEffect ${definition.kind}.${name}`);
      const answer = await effect.perform(args, context);
      crash(`afterEffect ${definition.kind}.${name}`);
      return answer;
    };
    return [name, { ...effect, perform }] as const;
  });
  return { ...definition, effects: Object.fromEntries(effects) };
}
