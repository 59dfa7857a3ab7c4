// Keeps a channel open: waits for its end, comes back with growing pauses, and says each change once.
import type { Bounds } from './bounds.ts';
import { backOff, type Clock, pause } from './clock.ts';

export interface Held {
  /** Resolves with the reason when the connection is lost. */
  readonly closed: Promise<string>;
}

export interface Channel {
  readonly name: string;
  /** Resolves when the channel holds: connected, and every subscription confirmed. */
  open(signal: AbortSignal): Promise<Held>;
}

export interface KeepOptions {
  readonly clock: Clock;
  readonly bounds: Bounds;
  readonly channel: Channel;
  readonly first: Held;
  readonly signal: AbortSignal;
  /** After a loss: whether it may be mended without a word. It is told where that fails. */
  readonly isQuiet?: () => boolean;
  readonly onUp: () => void;
  readonly onDown: (reason: string) => void;
}

export async function keepOpen(options: KeepOptions): Promise<void> {
  const { clock, bounds, signal } = options;
  let held: Held | null = options.first;
  let failures = 0;
  while (held) {
    const upAt = clock.now();
    const reason = await held.closed;
    if (signal.aborted) return;
    const down = (why: string): void => options.onDown(`${options.channel.name}: ${why}`);
    const isQuiet = options.isQuiet?.() ?? false;
    if (!isQuiet) down(reason);
    if (clock.now() - upAt >= bounds.stableMs) failures = 0;
    [held, failures] = await reopen(options, failures, isQuiet ? down : null);
    if (held) options.onUp();
  }
}

async function reopen(
  options: KeepOptions,
  failuresBefore: number,
  onFailed: ((why: string) => void) | null,
): Promise<[Held | null, number]> {
  const { clock, bounds, channel, signal } = options;
  for (let failures = failuresBefore; !signal.aborted; ) {
    await pause(clock, backOff(clock, failures, bounds.reconnectBaseMs, bounds.reconnectCapMs), signal);
    failures += 1;
    if (signal.aborted) break;
    const held = await channel.open(signal).catch((error: unknown) => {
      if (!signal.aborted) onFailed?.(error instanceof Error ? error.message : String(error));
      return null;
    });
    if (held) return [held, failures];
  }
  return [null, 0];
}
