// How admin paths read and answer: a body that fits its form or 400, and JSON back.
import type { ServerResponse } from 'node:http';
import { z } from 'zod';
import { type Decimal, parse as parseDecimal } from '../../../market/decimal.ts';

export type Handler = (body: string, response: ServerResponse) => void;
export type Routes = readonly (readonly [route: string, handler: Handler])[];

export const amountForm = z
  .string()
  .regex(/^\d{1,16}(\.\d{1,8})?$/)
  .transform((text): Decimal => parseDecimal(text))
  .refine((amount) => amount > 0n, 'must be above zero');

/** `run` gets a body that fits. */
export function reading<Form extends z.ZodType>(
  form: Form,
  run: (read: z.output<Form>, response: ServerResponse) => void,
): Handler {
  return (body, response) => {
    const read = form.safeParse(parseJson(body));
    if (read.success) run(read.data, response);
    else refuse(response, read.error.issues);
  };
}

export function reply(response: ServerResponse, status: number, value: object): void {
  const body = JSON.stringify(value);
  response
    .writeHead(status, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) })
    .end(body);
}

export function refuse(response: ServerResponse, error: unknown, status = 400): void {
  reply(response, status, { error });
}

/** An absent body is an empty form. */
function parseJson(body: string): unknown {
  try {
    return body === '' ? {} : JSON.parse(body);
  } catch {
    return null;
  }
}
