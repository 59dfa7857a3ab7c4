// What a module says about itself (`module.exports.metadata`), by upstream's rules.
import { z } from 'zod';
import type { Json } from '../../runtime/message.ts';
import { type Diagnostic, ModuleRejected } from './diagnostics.ts';

export const EVENT_TYPES = [
  ...(['Trade', 'Ticker', 'BookSnapshot', 'KlineSummary', 'InstrumentUpdate'] as const),
  ...(['ExecReport', 'BalanceUpdate', 'RiskControl', 'Extension'] as const),
];
export type EventType = (typeof EVENT_TYPES)[number];

export interface ModuleMetadata {
  /** Lower case: the first segment of every selector. */
  readonly name: string;
  readonly tag: string | null;
  readonly displayName: string;
  readonly description: string;
  /** With `dry_run`, which every module has. */
  readonly config: readonly ConfigField[];
  readonly events: readonly EventType[];
}

export interface ConfigField {
  readonly name: string;
  readonly type: string;
  readonly description: string;
  readonly default?: Json;
  readonly required: boolean;
}

export const DRY_RUN: ConfigField = {
  name: 'dry_run',
  type: 'bool',
  description: 'When true, orders are logged and not placed',
  default: true,
  required: false,
};

/** Names and tags become segments of paths and of selectors (`name:tag`, `name@hash`). */
const segment = z
  .string()
  .trim()
  .min(1, 'is empty')
  .max(100, 'is longer than 100 characters')
  .refine((text) => text !== '.' && !/[/\\:@]|\.\.|\p{Cc}/u.test(text), 'must not contain / \\ : @ or ..');

const metadataShape = z.object({
  name: segment.transform((name) => name.toLowerCase()),
  tag: segment.nullish().transform((tag) => tag ?? null),
  displayName: z.string().trim().min(1, 'is empty').max(80, 'is longer than 80 characters'),
  description: z
    .string()
    .nullish()
    .transform((text) => text ?? ''),
  config: z
    .array(
      z.object({
        name: z.string().trim().min(1, 'is empty'),
        type: z.string().trim().min(1, 'is empty'),
        description: z
          .string()
          .nullish()
          .transform((text) => text ?? ''),
        default: z.json().optional(),
        required: z
          .boolean()
          .nullish()
          .transform((required) => required ?? false),
      }),
    )
    .nullish()
    .transform((fields) => fields ?? []),
  events: z.array(z.enum(EVENT_TYPES)).min(1, 'names no event'),
});

const exportsShape = z.object({ metadata: z.unknown(), creates: z.boolean() });

/** Reads what the prelude found in `module.exports`. Throws ModuleRejected. */
export function readMetadata(found: unknown): ModuleMetadata {
  const exported = exportsShape.safeParse(found);
  const given = exported.success ? exported.data.metadata : null;
  if (given === null || given === undefined) {
    throw rejected('metadata export missing', [invalid('module.exports.metadata is missing', 'metadata')]);
  }
  if (typeof given !== 'object' || Array.isArray(given)) {
    throw rejected('metadata export invalid', [invalid('module.exports.metadata is no object', 'metadata')]);
  }
  const read = metadataShape.safeParse(given);
  const problems = read.success ? duplicates(read.data.config) : read.error.issues.map(fromIssue);
  if (!exported.data?.creates) problems.push(invalid('module.exports.create is not a function', 'create'));
  if (!read.success || problems.length > 0) throw rejected('metadata validation failed', problems);
  return { ...read.data, config: withDryRun(read.data.config) };
}

function withDryRun(fields: readonly z.output<typeof metadataShape>['config'][number][]): ConfigField[] {
  const kept = fields.map(({ default: value, ...field }) =>
    value === undefined ? field : { ...field, default: value },
  );
  return kept.some(({ name }) => name === DRY_RUN.name) ? kept : [...kept, DRY_RUN];
}

function duplicates(fields: readonly { readonly name: string }[]): Diagnostic[] {
  const seen = new Set<string>();
  return fields.flatMap(({ name }, index) => {
    if (!seen.has(name)) return seen.add(name) && [];
    return [invalid(`"${name}" is there twice`, `metadata.config[${index}].name`)];
  });
}

function fromIssue(issue: z.core.$ZodIssue): Diagnostic {
  const path = issue.path.map((key) => (typeof key === 'number' ? `[${key}]` : `.${String(key)}`)).join('');
  return invalid(issue.message, `metadata${path}`);
}

function rejected(message: string, diagnostics: readonly Diagnostic[]): ModuleRejected {
  return new ModuleRejected(message, { diagnostics });
}

function invalid(message: string, hint: string): Diagnostic {
  return { stage: 'validation', message, hint };
}
