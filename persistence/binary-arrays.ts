// One-dimensional arrays in Postgres' binary format, so that a whole column of a group is one parameter.
// Layout (array_recv): dimensions, has-nulls flag, element type, length, lower bound, then each element as
// its length and bytes; length -1 is null. About 25 times cheaper to build than array text.

export type ElementType = 'int8' | 'int4' | 'bool' | 'text' | 'json' | 'timestamptz';

/** bigint or integral number for int8; milliseconds since 1970 for timestamptz. */
export type Element = bigint | number | string | boolean | null;

/** Type oids are the same in every Postgres (pg_type.dat). */
const OID: Readonly<Record<ElementType, number>> = {
  bool: 16,
  int8: 20,
  int4: 23,
  text: 25,
  json: 114,
  timestamptz: 1184,
};
const HEADER_BYTES = 20;
const NULL_LENGTH = -1;
/** Postgres counts microseconds from 2000-01-01. */
const EPOCH_2000_MS = 946_684_800_000;
const TWO_POW_32 = 4_294_967_296;

export function encodeArray(type: ElementType, values: readonly Element[]): Buffer {
  switch (type) {
    case 'text':
    case 'json':
      return encodeStrings(type, values);
    case 'int8':
      return encodeFixed(type, values, 8, writeInt8);
    case 'timestamptz':
      return encodeFixed(type, values, 8, writeInstant);
    case 'int4':
      return encodeFixed(type, values, 4, writeInt4);
    case 'bool':
      return encodeFixed(type, values, 1, writeBool);
  }
}

type WriteElement = (buffer: Buffer, value: Element, offset: number) => void;

function encodeFixed(type: ElementType, values: readonly Element[], width: number, write: WriteElement): Buffer {
  const buffer = Buffer.allocUnsafe(HEADER_BYTES + values.length * (4 + width));
  let offset = HEADER_BYTES;
  let nulls = 0;
  for (const value of values) {
    if (value === null) {
      offset = buffer.writeInt32BE(NULL_LENGTH, offset);
      nulls += 1;
      continue;
    }
    offset = buffer.writeInt32BE(width, offset);
    write(buffer, value, offset);
    offset += width;
  }
  return finish(buffer, offset, type, values.length, nulls);
}

function encodeStrings(type: ElementType, values: readonly Element[]): Buffer {
  let bytes = HEADER_BYTES;
  for (const value of values) bytes += 4 + (value === null ? 0 : Buffer.byteLength(asString(value)));
  const buffer = Buffer.allocUnsafe(bytes);
  let offset = HEADER_BYTES;
  let nulls = 0;
  for (const value of values) {
    if (value === null) {
      offset = buffer.writeInt32BE(NULL_LENGTH, offset);
      nulls += 1;
      continue;
    }
    const written = buffer.write(asString(value), offset + 4);
    buffer.writeInt32BE(written, offset);
    offset += 4 + written;
  }
  return finish(buffer, offset, type, values.length, nulls);
}

function finish(buffer: Buffer, end: number, type: ElementType, length: number, nulls: number): Buffer {
  // An empty array has no dimension: twelve bytes of header and nothing else.
  buffer.writeInt32BE(length === 0 ? 0 : 1, 0);
  buffer.writeInt32BE(nulls === 0 ? 0 : 1, 4);
  buffer.writeInt32BE(OID[type], 8);
  if (length === 0) return buffer.subarray(0, 12);
  buffer.writeInt32BE(length, 12);
  buffer.writeInt32BE(1, 16);
  return buffer.subarray(0, end);
}

function writeInt8(buffer: Buffer, value: Element, offset: number): void {
  if (typeof value === 'bigint') {
    if (BigInt.asIntN(64, value) !== value) throw new TypeError('takes integers of 64 bits');
    buffer.writeBigInt64BE(value, offset);
    return;
  }
  writeSafeInteger(buffer, asInteger(value), offset);
}

function writeInstant(buffer: Buffer, value: Element, offset: number): void {
  const sinceMs = asInteger(value) - EPOCH_2000_MS;
  // Doubles hold microseconds exactly until the year 2285.
  if (Number.isSafeInteger(sinceMs * 1_000)) writeSafeInteger(buffer, sinceMs * 1_000, offset);
  else buffer.writeBigInt64BE(BigInt(sinceMs) * 1_000n, offset);
}

function writeInt4(buffer: Buffer, value: Element, offset: number): void {
  const integer = asInteger(value);
  if (integer !== (integer | 0)) throw new TypeError('takes integers of 32 bits');
  buffer.writeInt32BE(integer, offset);
}

function writeBool(buffer: Buffer, value: Element, offset: number): void {
  if (typeof value !== 'boolean') throw new TypeError(`takes booleans, not a ${typeof value}`);
  buffer[offset] = value ? 1 : 0;
}

function writeSafeInteger(buffer: Buffer, value: number, offset: number): void {
  if (!Number.isSafeInteger(value)) throw new TypeError('takes integers up to 2^53; larger ones as bigint');
  buffer.writeInt32BE(Math.floor(value / TWO_POW_32), offset);
  buffer.writeUInt32BE(value >>> 0, offset + 4);
}

function asInteger(value: Element): number {
  if (typeof value === 'number' && Number.isInteger(value)) return value;
  throw new TypeError(`takes integers, not a ${typeof value}`);
}

function asString(value: Element): string {
  if (typeof value === 'string') return value;
  throw new TypeError(`takes strings, not a ${typeof value}`);
}
