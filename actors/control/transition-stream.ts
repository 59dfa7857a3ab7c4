// Transitions as server-sent events, to readers that may be slower than the system.
//
// Events: `opened` once, `transition` for each committed one, `heartbeat` with our time, `dropped` with how many
// transitions a reader did not get. While a reader's connection is full, only the newest transition of each actor
// is kept for it, at most `backlogMax` of them; everything else is dropped and counted, never queued. So a reader
// costs a bounded amount of memory, the runtime never waits for one, and one that takes nothing for `stallMs` is
// cut off. There is no history: a reader that comes back reads the list again (Last-Event-ID is not looked at).
//
// The runtime is listened to only while somebody reads. The listener never throws: it runs inside a commit's release.
import type { ServerResponse } from 'node:http';
import type { Inspector, TransitionView } from '../runtime/inspect.ts';
import type { Clock, Log } from '../runtime/ports.ts';
import { hidingSecrets } from '../telemetry/redact.ts';
import type { ControlLimits } from './limits.ts';

export interface StreamFilter {
  readonly kind?: string;
  readonly key?: string;
}

export interface StreamHub {
  /** Writes the events a filter lets through until either side ends it. The headers are sent already. */
  add(out: ServerResponse, filter: StreamFilter): void;
  close(): void;
  readonly size: number;
  /** Transitions not shown to slow readers, since the start. */
  readonly dropped: number;
}

export interface StreamOptions {
  readonly inspector: Inspector;
  readonly clock: Clock;
  readonly log: Log;
  readonly limits: ControlLimits;
}

export function createStreamHub(options: StreamOptions): StreamHub {
  const { inspector, clock, log, limits } = options;
  const readers = new Set<Reader>();
  let droppedByGone = 0;
  let stopListening: (() => void) | null = null;
  let stopHeartbeat: (() => void) | null = null;

  function onTransition(view: TransitionView): void {
    try {
      let frame: string | null = null;
      for (const reader of readers) {
        if (!reader.wants(view)) continue;
        frame ??= frameOf('transition', view);
        reader.offer(view, frame);
      }
    } catch (error) {
      log.error({ err: error, key: view.key, number: view.number }, 'a transition could not be streamed');
    }
  }

  function beat(): void {
    const now = clock.now();
    for (const reader of readers) {
      if (reader.stalledFor(now) < limits.stallMs) reader.beat(now);
      else {
        log.warn({ stallMs: limits.stallMs }, 'a reader of /debug/stream took nothing for too long and was cut off');
        reader.cut();
      }
    }
    stopHeartbeat = clock.after(limits.heartbeatMs, beat);
  }

  function remove(reader: Reader): void {
    if (!readers.delete(reader)) return;
    droppedByGone += reader.dropped;
    if (readers.size > 0) return;
    stopListening?.();
    stopHeartbeat?.();
  }

  return {
    add(out, filter) {
      const reader = new Reader(out, filter, clock, limits);
      if (readers.size === 0) {
        stopListening = inspector.onTransition(onTransition);
        stopHeartbeat = clock.after(limits.heartbeatMs, beat);
      }
      readers.add(reader);
      out.on('close', () => remove(reader));
      const { phase, epoch } = inspector.health();
      reader.open(frameOf('opened', { at: clock.now(), phase, epoch }));
    },
    close() {
      for (const reader of readers) reader.end();
    },
    get size() {
      return readers.size;
    },
    get dropped() {
      return [...readers].reduce((sum, reader) => sum + reader.dropped, droppedByGone);
    },
  };
}

class Reader {
  /** Transitions not shown to it, in all. */
  dropped = 0;
  /** What waits for the connection: by transition while it takes, by actor while it does not; oldest first. */
  readonly #waiting = new Map<string, string>();
  #waitingChars = 0;
  #droppedUntold = 0;
  #flushing = false;
  #blockedAt: number | null = null;
  readonly #out: ServerResponse;
  readonly #filter: StreamFilter;
  readonly #clock: Clock;
  readonly #limits: ControlLimits;

  constructor(out: ServerResponse, filter: StreamFilter, clock: Clock, limits: ControlLimits) {
    this.#out = out;
    this.#filter = filter;
    this.#clock = clock;
    this.#limits = limits;
    out.on('drain', () => {
      this.#blockedAt = null;
      this.#flush();
    });
  }

  open(frame: string): void {
    this.#write(`retry: 2000\n${frame}`);
  }

  wants(view: TransitionView): boolean {
    const { kind, key } = this.#filter;
    return (key === undefined || view.key === key) && (kind === undefined || view.key.startsWith(`${kind}/`));
  }

  offer(view: TransitionView, frame: string): void {
    const slot = this.#blockedAt === null ? `${view.key}#${view.number}` : view.key;
    this.#drop(slot);
    this.#waiting.set(slot, frame);
    this.#waitingChars += frame.length;
    while (this.#waiting.size > this.#limits.backlogMax || this.#waitingChars > this.#limits.backlogCharsMax) {
      const oldest = this.#waiting.keys().next();
      if (oldest.done) break;
      this.#drop(oldest.value);
    }
    if (this.#blockedAt !== null || this.#flushing) return;
    // A group releases many transitions in one go: they become one write.
    this.#flushing = true;
    queueMicrotask(() => {
      this.#flushing = false;
      this.#flush();
    });
  }

  beat(now: number): void {
    if (this.#blockedAt === null) this.#write(frameOf('heartbeat', { at: now }));
  }

  stalledFor(now: number): number {
    return this.#blockedAt === null ? 0 : now - this.#blockedAt;
  }

  /** A full connection would keep the end waiting too. */
  end(): void {
    if (this.#blockedAt === null) this.#out.end();
    else this.cut();
  }

  cut(): void {
    this.#out.destroy();
  }

  #drop(slot: string): void {
    const frame = this.#waiting.get(slot);
    if (frame === undefined) return;
    this.#waiting.delete(slot);
    this.#waitingChars -= frame.length;
    this.#droppedUntold += 1;
    this.dropped += 1;
  }

  #flush(): void {
    if (this.#blockedAt !== null || (this.#waiting.size === 0 && this.#droppedUntold === 0)) return;
    const told = this.#droppedUntold > 0 ? frameOf('dropped', { count: this.#droppedUntold }) : '';
    const text = told + [...this.#waiting.values()].join('');
    this.#waiting.clear();
    this.#waitingChars = 0;
    this.#droppedUntold = 0;
    this.#write(text);
  }

  #write(text: string): void {
    if (this.#out.writableEnded || this.#out.destroyed) return;
    if (!this.#out.write(text)) this.#blockedAt = this.#clock.now();
  }
}

/** JSON has no line breaks of its own, so one data line is enough. */
function frameOf(event: string, data: object): string {
  return `event: ${event}\ndata: ${JSON.stringify(data, hidingSecrets)}\n\n`;
}
