// env.config: what the instance is configured with over what its module declares. Checked before create(env), so
// that a mistyped number is one clear sentence and not a NaN in a price.
import type { Json } from '../../runtime/message.ts';
import { type Diagnostic, ModuleRejected } from './diagnostics.ts';
import type { ConfigField, ModuleMetadata } from './metadata.ts';

export type Config = { readonly [name: string]: Json };

const DECIMAL = /^-?\d+(\.\d+)?$/;
const isWhole = (value: Json) => Number.isSafeInteger(value) || (typeof value === 'string' && /^-?\d+$/.test(value));
const isAmount = (value: Json) =>
  (typeof value === 'number' && Number.isFinite(value)) || (typeof value === 'string' && DECIMAL.test(value));
const isObject = (value: Json) => typeof value === 'object' && value !== null && !Array.isArray(value);

type Kind = { readonly allowed: string; readonly takes: (value: Json) => boolean };
const KINDS = {
  string: { allowed: 'a string', takes: (value: Json) => typeof value === 'string' },
  bool: { allowed: 'true or false', takes: (value: Json) => typeof value === 'boolean' },
  int: { allowed: 'a whole number', takes: isWhole },
  float: { allowed: 'a number, or decimal text', takes: isAmount },
  duration: {
    allowed: 'milliseconds, or text like "5s"',
    takes: (value: Json) => isAmount(value) || isDuration(value),
  },
  array: { allowed: 'a list', takes: (value: Json) => Array.isArray(value) },
  object: { allowed: 'an object', takes: isObject },
} satisfies { [name: string]: Kind };

/** Types as modules spell them. A type that is not here is the module's own word and takes anything. */
const SPELLED: ReadonlyMap<string, Kind> = new Map<string, Kind>([
  ...(['string', 'text'] as const).map((name) => [name, KINDS.string] as const),
  ...(['bool', 'boolean'] as const).map((name) => [name, KINDS.bool] as const),
  ...(['int', 'integer'] as const).map((name) => [name, KINDS.int] as const),
  ...(['float', 'number', 'double', 'decimal'] as const).map((name) => [name, KINDS.float] as const),
  ['duration', KINDS.duration],
  ...(['array', 'list'] as const).map((name) => [name, KINDS.array] as const),
  ...(['object', 'map'] as const).map((name) => [name, KINDS.object] as const),
]);

/** Defaults under the given values. Keys the module does not declare are passed on. Throws ModuleRejected. */
export function effectiveConfig(metadata: ModuleMetadata, given: Config): Config {
  const effective: { [name: string]: Json } = {};
  const problems: Diagnostic[] = [];
  for (const field of metadata.config) {
    const value = Object.hasOwn(given, field.name) ? given[field.name] : field.default;
    const problem = check(field, value ?? null);
    if (problem) problems.push({ stage: 'validation', message: problem, hint: `config.${field.name}` });
    else if (value !== undefined) effective[field.name] = value;
  }
  if (problems.length > 0)
    throw new ModuleRejected(`configuration of ${metadata.name} refused`, { diagnostics: problems });
  return { ...given, ...effective };
}

function check(field: ConfigField, value: Json): string | null {
  if (value === null) return field.required ? `is required (${field.type})` : null;
  const kind = SPELLED.get(field.type.toLowerCase());
  if (kind === undefined || kind.takes(value)) return null;
  return `${JSON.stringify(value).slice(0, 64)} is no ${field.type}, allowed: ${kind.allowed}`;
}

/** Go's notation, as upstream's modules use it: 100ms, 5s, 1m30s. */
function isDuration(value: Json): boolean {
  return typeof value === 'string' && /^(\d+(\.\d+)?(ms|s|m|h))+$/.test(value);
}
