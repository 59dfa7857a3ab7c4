// What a venue sends is read by a schema; what does not fit is named, and never believed in part.
import type { z } from 'zod';

/** What came is not what the venue says it sends. Says where, without the value. */
export class Unreadable extends Error {}

export function readAs<S extends z.ZodType>(schema: S, json: unknown, what: string): z.output<S> {
  const result = schema.safeParse(json);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  const where = issue && issue.path.length > 0 ? ` at ${issue.path.join('.')}` : '';
  throw new Unreadable(`${what}${where}: ${issue?.message ?? 'unknown'}`);
}

/** Undefined for what is not JSON: no JSON text stands for that. */
export function readJson(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}
