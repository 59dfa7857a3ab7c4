// Reads a ledger from the front: whole lines in order, and where the good part ends.
import type { FileHandle } from 'node:fs/promises';
import type { Entry } from '../core/facts.ts';
import { decode } from './codec.ts';

export interface Scan {
  /** Length of the good part. */
  readonly bytes: number;
  readonly lastNumber: number;
  /** What follows it: part of the line that was being written when the venue died. */
  readonly tornBytes: number;
}

const CHUNK_BYTES = 1 << 20;
const NEWLINE = 0x0a;
const SNAPSHOT = '"type":"SnapshotBegun"';

/**
 * Throws LEDGER_DAMAGED where a bad line is followed by a good one, a number is missing, or a snapshot is not whole: it
 * became the ledger whole, so no crash cuts it.
 */
export async function scan(handle: FileHandle, file: string, onEntry: (entry: Entry) => void): Promise<Scan> {
  let bytes = 0;
  let lastNumber = 0;
  let snapshotTo = 0;
  let badAt: number | null = null;
  let offset = 0;
  for await (const line of lines(handle)) {
    const entry = line.whole ? decode(line.text) : null;
    if (!entry && line.text.includes(SNAPSHOT)) throw damaged(file, offset, 'the snapshot it begins with is not whole');
    if (!entry) badAt ??= offset;
    offset += line.bytes;
    if (!entry) continue;
    if (badAt !== null) throw damaged(file, badAt, 'a line fails its checksum and good lines follow it');
    const [first] = entry.facts;
    if (lastNumber === 0 && first?.type === 'SnapshotBegun') {
      lastNumber = entry.number - 1;
      snapshotTo = lastNumber + first.lines;
    }
    if (entry.number !== lastNumber + 1) {
      throw damaged(file, bytes, `line ${lastNumber + 1} was expected, ${entry.number} was found`);
    }
    onEntry(entry);
    lastNumber = entry.number;
    bytes = offset;
  }
  if (lastNumber < snapshotTo) throw damaged(file, bytes, `the snapshot it begins with goes on to line ${snapshotTo}`);
  return { bytes, lastNumber, tornBytes: offset - bytes };
}

async function* lines(handle: FileHandle): AsyncGenerator<{ text: string; bytes: number; whole: boolean }> {
  const chunk = Buffer.allocUnsafe(CHUNK_BYTES);
  let rest: Buffer = Buffer.alloc(0);
  let position = 0;
  for (;;) {
    const { bytesRead } = await handle.read(chunk, 0, CHUNK_BYTES, position);
    if (bytesRead === 0) break;
    position += bytesRead;
    const data = Buffer.concat([rest, chunk.subarray(0, bytesRead)]);
    let start = 0;
    for (let end = data.indexOf(NEWLINE); end >= 0; end = data.indexOf(NEWLINE, start)) {
      yield { text: data.toString('utf8', start, end), bytes: end + 1 - start, whole: true };
      start = end + 1;
    }
    rest = data.subarray(start);
  }
  if (rest.length > 0) yield { text: rest.toString('utf8'), bytes: rest.length, whole: false };
}

function damaged(file: string, at: number, what: string): Error {
  return new Error(
    `LEDGER_DAMAGED: ${what}: file=${file}, byte=${at}; restore a copy, or move the file away to begin anew`,
  );
}
