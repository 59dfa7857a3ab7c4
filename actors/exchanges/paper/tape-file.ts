// A recorded tape: aggregate trades as Binance streams them, one JSON object a line, oldest first, of any symbols.
//   {"e":"aggTrade","s":"BTCUSDT","p":"60000.00","q":"0.5","T":1700000000000,"m":true}
// What else an object has is not looked at, so that a captured stream can be used as it is.
import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { z } from 'zod';
import { parse } from '../../market/decimal.ts';
import type { Print } from './core/market.ts';

const amount = z
  .string()
  .regex(/^\d{1,16}(\.\d{1,8})?$/)
  .transform((text) => parse(text))
  .refine((value) => value > 0n);
const line = z.object({ s: z.string(), p: amount, q: amount, T: z.int(), m: z.boolean() });

/** Prints kept of a file: some hundred megabytes of them would only fill the memory. */
const PRINTS_MAX = 2_000_000;

/** Each symbol's prints, timed from its first one. Throws TAPE_UNREADABLE, or TAPE_INVALID with the line's number. */
export async function readTape(file: string): Promise<ReadonlyMap<string, readonly Print[]>> {
  const tapes = new Map<string, Print[]>();
  const starts = new Map<string, number>();
  let number = 0;
  for await (const text of linesOf(file)) {
    number += 1;
    if (text.trim() === '') continue;
    const invalid = (what: string): Error => new Error(`TAPE_INVALID: ${what}: file=${file}, line=${number}`);
    if (number > PRINTS_MAX) throw invalid(`a tape has ${PRINTS_MAX} lines at most`);
    const read = line.safeParse(parseJson(text));
    if (!read.success)
      throw invalid(read.error.issues.map(({ path, message }) => `${path.join('.')} ${message}`).join('; '));
    const { s: symbol, p: price, q: quantity, T: at, m: buyerIsMaker } = read.data;
    const prints = tapes.get(symbol) ?? [];
    const start = starts.get(symbol) ?? at;
    const afterMs = at - start;
    if (afterMs < (prints.at(-1)?.afterMs ?? 0)) throw invalid('times do not run back');
    prints.push({ afterMs, price, quantity, side: buyerIsMaker ? 'SELL' : 'BUY' });
    tapes.set(symbol, prints);
    starts.set(symbol, start);
  }
  if (tapes.size === 0) throw new Error(`TAPE_INVALID: it has no trade: file=${file}`);
  return tapes;
}

async function* linesOf(file: string): AsyncGenerator<string> {
  try {
    yield* createInterface({ input: createReadStream(file, 'utf8') });
  } catch (error) {
    throw new Error(`TAPE_UNREADABLE: file=${file}, ${String(error)}`, { cause: error });
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
