// The venue's durable ledger: one append-only file, one line per command, fsynced before anyone is told.
//
// Guarantees: when durable(n) resolves, line n and all before it survive kill -9 and power loss. Lines that come
// while an fsync is under way share the next one, so throughput is not bound by fsyncs per second.
// Crash during a write: the file ends in part of a line. No one was told of that line; opening cuts it off and warns.
// Crash after the write, before the answer: the line is there. The client has to ask, as with any venue.
// A damaged line with good lines after it is no torn end: opening refuses, for cutting there would lose what was
// acknowledged. A failed write or fsync is fatal for the process: memory is ahead of the file and cannot go back.
// Not guaranteed: that two processes do not write at once; lock.ts keeps them apart.
import { type FileHandle, open } from 'node:fs/promises';
import path from 'node:path';
import type { Entry, Fact } from '../core/facts.ts';
import { encode } from './codec.ts';
import { scan } from './scan.ts';

export interface LedgerOptions {
  readonly file: string;
  /** Called with every entry that is there, oldest first, before open() resolves. */
  readonly onEntry: (entry: Entry) => void;
  readonly warn: (text: string) => void;
}

export class Ledger {
  readonly file: string;
  /** Bytes including what is on its way to the disk. */
  bytes: number;
  private readonly handle: FileHandle;
  private number: number;
  private written: number;
  private queue: string[] = [];
  private waiters: {
    readonly number: number;
    readonly resolve: () => void;
    readonly reject: (error: Error) => void;
  }[] = [];
  private flushing: Promise<void> | null = null;
  private failure: Error | null = null;

  static async open(options: LedgerOptions): Promise<Ledger> {
    const { file, onEntry, warn } = options;
    const handle = await open(file, 'a+', 0o600);
    try {
      const found = await scan(handle, file, onEntry);
      if (found.tornBytes > 0) {
        warn(`the ledger ended in ${found.tornBytes} bytes of an unfinished line, cut off: file=${file}`);
        await handle.truncate(found.bytes);
        await handle.datasync();
      }
      if (found.bytes === 0) await syncFolder(path.dirname(file));
      return new Ledger(file, handle, found.lastNumber, found.bytes);
    } catch (error) {
      await handle.close();
      throw error;
    }
  }

  private constructor(file: string, handle: FileHandle, number: number, bytes: number) {
    this.file = file;
    this.handle = handle;
    this.number = number;
    this.written = number;
    this.bytes = bytes;
  }

  /** Number of the last line, durable or not. */
  get last(): number {
    return this.number;
  }

  isDurableTo(number: number): boolean {
    return number <= this.written;
  }

  get hasFailed(): boolean {
    return this.failure !== null;
  }

  /** Queues one line and returns its number. */
  append(facts: readonly Fact[], at: number): number {
    if (this.failure) throw this.failure;
    this.number += 1;
    const line = encode({ number: this.number, at, facts });
    this.bytes += Buffer.byteLength(line);
    this.queue.push(line);
    this.flushing ??= this.flush();
    return this.number;
  }

  /** Resolves once line `number` is on the disk; rejects when it cannot be. */
  durable(number: number): Promise<void> {
    if (this.failure) return Promise.reject(this.failure);
    if (number <= this.written) return Promise.resolve();
    return new Promise((resolve, reject) => this.waiters.push({ number, resolve, reject }));
  }

  async close(): Promise<void> {
    await this.flushing?.catch(() => {});
    await this.handle.close();
  }

  private async flush(): Promise<void> {
    // What this turn of the event loop still appends goes with the first write.
    await new Promise(setImmediate);
    try {
      while (this.queue.length > 0) {
        const lines = this.queue;
        this.queue = [];
        const upTo = this.number;
        await this.handle.appendFile(lines.join(''));
        await this.handle.datasync();
        this.written = upTo;
        this.settle();
      }
    } catch (error) {
      this.fail(error);
    } finally {
      this.flushing = null;
    }
  }

  private settle(): void {
    const open = this.waiters.findIndex(({ number }) => number > this.written);
    for (const { resolve } of this.waiters.splice(0, open < 0 ? this.waiters.length : open)) resolve();
  }

  private fail(error: unknown): void {
    this.failure = new Error(`LEDGER_WRITE: the ledger could not be written: file=${this.file}`, { cause: error });
    for (const { reject } of this.waiters.splice(0)) reject(this.failure);
  }
}

/** A new file's name is durable only with its folder. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
