// The venue's durable ledger: one append-only file, one line per command, fsynced before anyone is told.
//
// Guarantees: when durable(n) resolves, line n and all before it survive kill -9 and power loss. Lines that come
// while an fsync is under way share the next one, so throughput is not bound by fsyncs per second.
// Crash during a write: the file ends in part of a line. No one was told of that line; opening cuts it off and warns.
// Crash after the write, before the answer: the line is there. The client has to ask, as with any venue.
// A damaged line with good lines after it is no torn end: opening refuses, for cutting there would lose what was
// acknowledged. A failed write or fsync is fatal for the process: memory is ahead of the file and cannot go back.
// Beginning anew: a snapshot is written to a file of its own, made durable, and renamed over the ledger. A crash before
// the rename leaves the old ledger and a file that the next start removes; a crash after it leaves the new one. Lines
// that come meanwhile wait for it and go into the new one.
// Not guaranteed: that two processes do not write at once; lock.ts keeps them apart.
import { type FileHandle, open, rename, rm } from 'node:fs/promises';
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

interface Piece {
  readonly number: number;
  readonly text: string;
  /** A snapshot: it goes into a new file. */
  readonly begins: boolean;
}

export class Ledger {
  readonly file: string;
  /** Bytes including what is on its way to the disk. */
  bytes: number;
  private handle: FileHandle;
  private number: number;
  private written: number;
  private queue: Piece[] = [];
  private waiters: {
    readonly number: number;
    readonly resolve: () => void;
    readonly reject: (error: Error) => void;
  }[] = [];
  private flushing: Promise<void> | null = null;
  private failure: Error | null = null;

  static async open(options: LedgerOptions): Promise<Ledger> {
    const { file, onEntry, warn } = options;
    await rm(nextOf(file), { force: true });
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
    const text = this.line(facts, at);
    this.bytes += Buffer.byteLength(text);
    this.enqueue(text, false);
    return this.number;
  }

  /** A snapshot takes the place of all lines so far. The numbers go on. */
  beginAnew(snapshot: readonly (readonly Fact[])[], at: number): void {
    if (this.failure) throw this.failure;
    const text = snapshot.map((facts) => this.line(facts, at)).join('');
    this.bytes = Buffer.byteLength(text);
    this.enqueue(text, true);
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
        const due = this.takeDue();
        if (due[0]?.begins) await this.replace(due[0].text);
        else {
          await this.handle.appendFile(due.map(({ text }) => text).join(''));
          await this.handle.datasync();
        }
        this.written = due.at(-1)?.number ?? this.written;
        this.settle();
      }
    } catch (error) {
      this.fail(error);
    } finally {
      this.flushing = null;
    }
  }

  private line(facts: readonly Fact[], at: number): string {
    this.number += 1;
    return encode({ number: this.number, at, facts });
  }

  private enqueue(text: string, begins: boolean): void {
    this.queue.push({ number: this.number, text, begins });
    this.flushing ??= this.flush();
  }

  /** Lines up to the next snapshot, or one snapshot. */
  private takeDue(): Piece[] {
    if (this.queue[0]?.begins) return this.queue.splice(0, 1);
    const next = this.queue.findIndex(({ begins }) => begins);
    return this.queue.splice(0, next < 0 ? this.queue.length : next);
  }

  private async replace(text: string): Promise<void> {
    const next = nextOf(this.file);
    const handle = await open(next, 'ax+', 0o600);
    try {
      await handle.appendFile(text);
      await handle.sync();
      await rename(next, this.file);
      await syncFolder(path.dirname(this.file));
    } catch (error) {
      await handle.close();
      throw error;
    }
    await this.handle.close();
    this.handle = handle;
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

function nextOf(file: string): string {
  return `${file}.next`;
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
