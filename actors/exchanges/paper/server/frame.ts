// A request frame: JSON with an id that is echoed as it was sent.
import { isUtf8 } from 'node:buffer';
import type { RawData } from 'ws';
import { z } from 'zod';

const id = z.union([z.int(), z.string().max(64), z.null()]).optional();
const frame = z.looseObject({ id, method: z.string(), params: z.unknown().optional() });

export type Frame = z.output<typeof frame>;

export type ReadFrame =
  | { readonly frame: Frame }
  | { readonly error: 'json' | 'request'; readonly id: string | number | null };

export function readFrame(data: RawData): ReadFrame {
  const bytes = Array.isArray(data) ? Buffer.concat(data) : Buffer.from(data as ArrayBuffer);
  let value: unknown;
  try {
    if (!isUtf8(bytes)) return { error: 'json', id: null };
    value = JSON.parse(bytes.toString('utf8'));
  } catch {
    return { error: 'json', id: null };
  }
  const read = frame.safeParse(value);
  if (read.success) return { frame: read.data };
  const known = z.object({ id }).safeParse(value);
  return { error: 'request', id: (known.success ? known.data.id : null) ?? null };
}
