// What may come to a provider from outside. Its own shell's reports are typed; what people and files write is parsed.
import { z } from 'zod';
import { isAsset, isSpotSymbol } from '../market/symbol.ts';
import type { Schema } from '../runtime/actor.ts';
import { isReference } from './settings.ts';

const SETTINGS_MAX = 50;
const CREDENTIALS = /secret|passphrase|key|token|password/i;

const settings = z
  .record(z.string().regex(/^[A-Za-z][A-Za-z0-9_]{0,63}$/), z.union([z.string().max(1_000), z.number()]))
  .refine((entries) => Object.keys(entries).length <= SETTINGS_MAX, `at most ${SETTINGS_MAX} settings are allowed`)
  .refine(holdNoPassword, 'a URL must not hold a user name or password')
  .refine(areReferences, 'a credential must be a reference, env:NAME or file:PATH');

/** A provider as configuration and the control plane name it. */
export const providerInput = z.strictObject({
  name: z.string().regex(/^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$/, 'a name is 1 to 64 letters, digits, - and _'),
  adapter: z.string().regex(/^[a-z][a-z0-9-]{0,31}$/),
  settings,
});

/** A person's name, and a person's words. */
const by = z.string().min(1).max(100);
const reason = z.string().min(1).max(500);
const symbol = z.string().refine(isSpotSymbol, 'a symbol is BASE-QUOTE, upper case');
const asset = z.string().refine(isAsset, 'an asset is 2 to 10 of A-Z and 0-9');

export const schemas: { readonly [type: string]: Schema } = {
  Start: z.strictObject({ type: z.literal('Start') }),
  Stop: z.strictObject({ type: z.literal('Stop') }),
  Configure: z.strictObject({ type: z.literal('Configure'), adapter: providerInput.shape.adapter, settings }),
  CancelAll: z.strictObject({ type: z.literal('CancelAll'), by, reason, symbol: symbol.nullable() }),
  ExplainDifference: z.strictObject({ type: z.literal('ExplainDifference'), by, asset, reason }),
  Remove: z.strictObject({ type: z.literal('Remove'), by }),
};

function areReferences(entries: { readonly [key: string]: string | number }): boolean {
  return Object.entries(entries).every(([key, value]) => !CREDENTIALS.test(key) || isReference(String(value)));
}

function holdNoPassword(entries: { readonly [key: string]: string | number }): boolean {
  return Object.values(entries).every((value) => !/:\/\/[^/?#]*@/.test(String(value)));
}
