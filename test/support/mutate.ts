// What a venue, a proxy or a broken line may send instead of a captured payload: the same text with a few things
// wrong in it. Mutations are texts, because much of what can go wrong has no form as a value: 1e400, a name given
// twice, a frame cut in two.
import { Buffer } from 'node:buffer';
import fc from 'fast-check';

export interface Mutated {
  readonly text: string;
  /** What was done, for the report of a failure. */
  readonly how: string;
}

type Json = null | boolean | number | string | Json[] | { [name: string]: Json };
type Path = readonly (string | number)[];

/** Texts that stand for what JSON.stringify cannot write; `spell` puts them in. */
const RAW = '@raw:';
const raw = (text: string): string => `${RAW}${text}@`;

/** A run of zeros before a last digit: what a careless pattern reads in quadratic time. */
export const LONG_ZEROS = `0.${'0'.repeat(60_000)}1`;
const LONG = 'x'.repeat(40_000);

const HOSTILE: readonly Json[] = [
  ...[null, true, false, 0, 1, -1, 1.5, 2 ** 53, 1e21, '', ' ', '0', '-0', '-1', '-0.00000001', '0.5', '7', '00.10'],
  ...['NaN', 'Infinity', '-Infinity', '1e400', '1e-400', '1e3', '0x10', '+1', '1,5', '1_000', '٣', '１', '.5', '5.'],
  ...['99999999999999999999', '123456789012345678901234567890', '0.1234567890123456789', `${'9'.repeat(5_000)}`],
  ...['HALF_OPEN', 'FILLED', 'CANCELED', 'TRADE', 'constructor', '__proto__', 'toString', 'executionReport'],
  ...['币安人生', '\u0000', '\ud800', '‮evil', '😀'.repeat(50), 'a b', 'a:b=c@d~e', '../x', "'; drop table orders; --"],
  ...[[], {}, [[]], [null], { toString: 1 }, { length: 3 }, ['7', '7'], 'other-order', 4_242, 253_402_300_800_000],
  ...[raw('1e400'), raw('-1e400'), raw('9'.repeat(30)), raw('0.1e-320'), raw('-0')],
  ...[
    LONG,
    LONG_ZEROS,
    raw(`${'['.repeat(3_000)}${']'.repeat(3_000)}`),
    raw(`${'{"a":'.repeat(3_000)}1${'}'.repeat(3_000)}`),
  ],
];

/** Whole answers that are nothing of the kind. */
const STRANGERS: readonly string[] = [
  ...['', ' ', 'null', 'true', '0', '""', '[]', '{}', '[[]]', '[null]', 'NaN', 'undefined', '{', '[', '"', '\u0000'],
  ...['<html><body>502 Bad Gateway</body></html>', '{"code":-1121,"msg":"Invalid symbol."}', '{"e":"somethingNew"}'],
  ...['{"code":0,"msg":""}', '{"code":"0","msg":"","data":[]}', `${'['.repeat(100_000)}`, `"${LONG}"`],
];

/** One to three things wrong in one of the payloads; `others` lend their values. */
export function mutations(payloads: readonly unknown[]): fc.Arbitrary<Mutated> {
  const all = payloads.map(plain);
  const edits = fc.array(edit(all), { minLength: 1, maxLength: 3 });
  const edited = fc.tuple(fc.constantFrom(...all), edits).map(([payload, changes]) => applied(payload, changes));
  const cut = fc
    .tuple(fc.constantFrom(...all), fc.double({ min: 0, max: 1, noNaN: true }))
    .map(([payload, part]): Mutated => {
      const text = spell(payload);
      return { text: text.slice(0, Math.floor(text.length * part)), how: `cut at ${part}` };
    });
  const doubled = fc.constantFrom(...all).map((payload) => ({ text: spell(payload) + spell(payload), how: 'twice' }));
  const strange = fc.constantFrom(...STRANGERS).map((text) => ({ text, how: 'something else' }));
  return fc.oneof(
    { weight: 12, arbitrary: edited },
    { weight: 1, arbitrary: cut },
    { weight: 1, arbitrary: fc.oneof(doubled, strange) },
  );
}

interface Edit {
  readonly kind: string;
  readonly where: number;
  readonly value: Json;
}

const KINDS = [
  'set',
  'set',
  'set',
  'set',
  'drop',
  'drop',
  'retype',
  'negate',
  'wrap',
  'twice',
  'reorder',
  'borrow',
] as const;

function edit(all: readonly Json[]): fc.Arbitrary<Edit> {
  const lent = all.flatMap((payload) => pathsOf(payload).map((path) => at(payload, path)));
  return fc.record({
    kind: fc.constantFrom(...KINDS),
    where: fc.nat({ max: 10_000 }),
    value: fc.oneof({ weight: 4, arbitrary: fc.constantFrom(...HOSTILE) }, fc.constantFrom(...lent)),
  });
}

function applied(payload: Json, edits: readonly Edit[]): Mutated {
  const changed = structuredClone(payload);
  const how: string[] = [];
  for (const { kind, where, value } of edits) {
    const paths = pathsOf(changed);
    const path = paths[where % Math.max(1, paths.length)];
    if (path === undefined) continue;
    how.push(`${kind} ${path.join('.')} ${JSON.stringify(value).slice(0, 60)}`);
    change(changed, path, kind, value);
  }
  return { text: spell(changed), how: how.join(', ') };
}

function change(root: Json, path: Path, kind: string, value: Json): void {
  const key = path.at(-1);
  const holder = at(root, path.slice(0, -1));
  if (key === undefined || typeof holder !== 'object' || holder === null) return;
  const was = Reflect.get(holder, key) as Json;
  if (kind === 'drop') {
    if (Array.isArray(holder)) holder.splice(Number(key), 1);
    else Reflect.deleteProperty(holder, key);
  } else if (kind === 'twice' && !Array.isArray(holder)) Reflect.set(holder, `@dup:${key}`, structuredClone(value));
  else if (kind === 'reorder' && !Array.isArray(holder)) {
    Reflect.deleteProperty(holder, key);
    Reflect.set(holder, key, was);
  } else Reflect.set(holder, key, instead(was, kind, value));
}

function instead(was: Json, kind: string, value: Json): Json {
  if (kind === 'wrap') return [was];
  if (kind === 'negate')
    return typeof was === 'number' ? -was : `-${typeof was === 'string' ? was : JSON.stringify(was)}`;
  // A copy: what is put in may be changed in its turn.
  if (kind !== 'retype') return structuredClone(value);
  if (typeof was === 'string') return Number.isFinite(Number(was)) && was !== '' ? Number(was) : [was];
  return typeof was === 'object' ? JSON.stringify(was) : String(was);
}

/** Of everything inside, the inner ones too. */
function pathsOf(value: Json): Path[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) => [[key], ...pathsOf(inner).map((path) => [key, ...path])]);
}

function at(value: Json, path: Path): Json {
  let inner: Json = value;
  for (const key of path)
    inner = (typeof inner === 'object' && inner !== null ? Reflect.get(inner, key) : null) as Json;
  return inner;
}

function spell(value: Json): string {
  return (JSON.stringify(value) ?? '')
    .replace(/"@raw:((?:[^"\\]|\\.)*?)@"/g, (_, inner: string) => inner.replaceAll('\\"', '"'))
    .replaceAll('"@dup:', '"');
}

function plain(payload: unknown): Json {
  return JSON.parse(JSON.stringify(payload)) as Json;
}

/** As a server would have it read: bytes that are no UTF-8 become what a decoder makes of them. */
export function asRead(text: string): unknown {
  try {
    return JSON.parse(Buffer.from(text).toString('utf8'));
  } catch {
    return undefined;
  }
}
