// What actors know, read from their stored snapshots.
import type { ActorRow } from '../../actors/runtime/ports.ts';

export function contextOf<Context>({ snapshot }: Pick<ActorRow, 'snapshot'>): Context {
  return (JSON.parse(snapshot) as { readonly c: Context }).c;
}
