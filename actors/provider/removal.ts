// The end of a provider. Its rows stay for the orders that refer to them and are marked as deleted; the actor stays,
// too, since a name is never given to another account.
import type { ProviderRow } from '../market/records.ts';
import { record, reply } from '../runtime/effect.ts';
import {
  auditRow,
  type Heard,
  type Outcome,
  type ProviderContext,
  type ProviderEffect,
  providerRow,
} from './context.ts';

const SHOWN_MAX = 5;

/** Who would miss it. */
export function needs({ watchers, live, waiting }: ProviderContext): string[] {
  const orders = [...Object.keys(live), ...waiting.map(({ clientOrderId }) => clientOrderId)];
  return [...Object.keys(watchers), ...orders.map((id) => `order/${id}`)];
}

export function noteRemoval({ name }: ProviderContext, { by }: Heard<'Remove'>): Outcome {
  const row = auditRow(by, 'PROVIDER_REMOVED', { provider: name });
  return { changes: { reason: `removed by ${by}` }, effects: [record(row)] };
}

export function removedRow(context: ProviderContext): ProviderRow {
  return { ...providerRow(context, 'stopped'), removed: true };
}

export function refusal(context: ProviderContext, state: string): ProviderEffect {
  if (state === 'running') return reply({ accepted: false, detail: 'the provider is not stopped: stop it first' });
  const all = needs(context);
  const more = all.length > SHOWN_MAX ? ` and ${all.length - SHOWN_MAX} more` : '';
  return reply({ accepted: false, detail: `in use by ${all.slice(0, SHOWN_MAX).join(', ')}${more}` });
}
