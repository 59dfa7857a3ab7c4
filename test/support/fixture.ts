// Recorded payloads: test/fixtures/<exchange>/<name>.json.
import fs from 'node:fs';

export interface Fields {
  readonly [name: string]: unknown;
}

export function fixture(exchange: string, name: string): unknown {
  const file = new URL(`../fixtures/${exchange}/${name}.json`, import.meta.url);
  return JSON.parse(fs.readFileSync(file, 'utf8'));
}

/** A payload that is an object, to be spread and changed. */
export function fields(exchange: string, name: string): Fields {
  const payload = fixture(exchange, name);
  if (typeof payload !== 'object' || payload === null) throw new TypeError(`${name}.json is not an object`);
  return { ...payload };
}
