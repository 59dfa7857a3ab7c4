// Stage 5 of 6, release. Before: commit (commit.ts). After: relay (relay.ts), and the answers, which are stage 1 again.
//
// Guarantees: no effect runs before its commit; every committed effect is performed at least once or, when it is
// askFirst, at most once and then asked about. Its answer is a message; the commit that applies it settles the effect.
// Crash before the call: pending in the outbox, performed or asked about at the next boot. Crash after the call and
// before the answer is committed: the same, which is why repeat effects must be safe under their key.
// Does not guarantee an order between effects; an actor that needs one waits for the answer.
import type { EffectDefinition } from './actor.ts';
import type { CrashHook } from './crash-points.ts';
import { textOf } from './errors.ts';
import type { PendingEffect } from './group.ts';
import type { Delivery } from './live.ts';
import type { Envelope, Message } from './message.ts';
import type { Meter } from './meter.ts';
import type { Clock, Log } from './ports.ts';
import type { Chore } from './worker.ts';

export interface ReleaseDeps {
  readonly ports: object;
  readonly clock: Clock;
  readonly log: Log;
  readonly meter: Meter;
  readonly crash: CrashHook;
  readonly effectOf: (kind: string, name: string) => EffectDefinition;
  readonly answer: (delivery: Delivery) => void;
  readonly chore: (chore: Chore) => void;
}

export interface RunningEffect {
  readonly pending: PendingEffect;
  state: 'queued' | 'running' | 'waiting';
  attempts: number;
}

interface Lane {
  running: number;
  readonly queue: RunningEffect[];
}

const CONCURRENCY = 16;
const TIMEOUT_MS = 30_000;
const BACKOFF_MS = 200;
const BACKOFF_MAX_MS = 30_000;

export class Release {
  readonly #deps: ReleaseDeps;
  readonly #lanes = new Map<string, Lane>();
  readonly #effects = new Map<string, Map<string, RunningEffect>>();
  /** One per running attempt: aborts it. */
  readonly #running = new Set<(reason: Error) => void>();
  #stopped = false;
  #count = 0;
  #idle: (() => void) | null = null;

  constructor(deps: ReleaseDeps) {
    this.#deps = deps;
  }

  get size(): number {
    return this.#count;
  }
  /** Effects of one actor that are not settled. */
  of(actor: string): readonly RunningEffect[] {
    return [...(this.#effects.get(actor)?.values() ?? [])];
  }
  countOf(actor: string): number {
    return this.#effects.get(actor)?.size ?? 0;
  }

  /** Performs a committed effect, now or when its lane has room. */
  perform(pending: PendingEffect): void {
    const effect: RunningEffect = { pending, state: 'queued', attempts: 0 };
    const mine = this.#effects.get(pending.actor) ?? new Map<string, RunningEffect>();
    this.#effects.set(pending.actor, mine.set(pending.key, effect));
    this.#count += 1;
    this.#lane(pending).queue.push(effect);
    this.#drain(pending);
  }

  /** After a crash: repeats what is safe to repeat, and for the rest lets the actor ask. */
  recover(pending: PendingEffect): void {
    const definition = this.#deps.effectOf(pending.kind, pending.name);
    if (definition.afterCrash === 'repeat') this.perform(pending);
    else this.#answer(pending, definition.interrupted?.(pending.args) ?? null, 'interrupted');
  }

  /** Waits until no effect runs, or until graceMs have passed; then those that run are told to stop. */
  async stop(graceMs: number): Promise<void> {
    if (this.#runningCount() > 0 && graceMs > 0) {
      await new Promise<void>((resolve) => {
        const cancel = this.#deps.clock.after(graceMs, resolve);
        this.#idle = () => {
          cancel();
          resolve();
        };
      });
    }
    this.#stopped = true;
    for (const abort of this.#running) abort(new Error('the runtime is stopping'));
  }

  #runningCount(): number {
    let running = 0;
    for (const lane of this.#lanes.values()) running += lane.running;
    return running;
  }

  #lane({ kind, name }: PendingEffect): Lane {
    const key = `${kind}.${name}`;
    let lane = this.#lanes.get(key);
    if (lane === undefined) {
      lane = { running: 0, queue: [] };
      this.#lanes.set(key, lane);
    }
    return lane;
  }

  #drain(pending: PendingEffect): void {
    const lane = this.#lane(pending);
    const definition = this.#deps.effectOf(pending.kind, pending.name);
    while (!this.#stopped && lane.running < (definition.concurrency ?? CONCURRENCY)) {
      const effect = lane.queue.shift();
      if (effect === undefined) return;
      lane.running += 1;
      void this.#attempt(definition, effect).finally(() => {
        lane.running -= 1;
        if (this.#runningCount() === 0) this.#idle?.();
        this.#drain(pending);
      });
    }
  }

  /** One attempt, and what follows from it. Never rejects. */
  async #attempt(definition: EffectDefinition, effect: RunningEffect): Promise<void> {
    const { pending } = effect;
    const { clock, crash, meter } = this.#deps;
    effect.state = 'running';
    effect.attempts += 1;
    const startedAt = clock.now();
    crash('beforeEffect');
    try {
      const message = await this.#call(definition, effect);
      crash('afterEffect');
      meter.effectSettled(`${pending.kind}.${pending.name}`, 'done', clock.now() - startedAt);
      this.#answer(pending, message, '');
    } catch (error) {
      // Stopped: it stays pending in the outbox and the next boot decides.
      if (this.#stopped) return;
      this.#failed(definition, effect, textOf(error), clock.now() - startedAt);
    }
  }

  async #call(definition: EffectDefinition, effect: RunningEffect): Promise<Message | null> {
    const { key, actor, at, args } = effect.pending;
    const { clock, ports } = this.#deps;
    const timeoutMs = definition.timeoutMs ?? TIMEOUT_MS;
    const controller = new AbortController();
    const late = Promise.withResolvers<never>();
    const abort = (reason: Error): void => {
      controller.abort(reason);
      late.reject(reason);
    };
    const cancel = clock.after(timeoutMs, () => abort(new Error(`no answer within ${timeoutMs} ms`)));
    this.#running.add(abort);
    try {
      return await Promise.race([
        definition.perform(args, { key, actor, at, attempt: effect.attempts, signal: controller.signal, ports }),
        late.promise,
      ]);
    } finally {
      cancel();
      this.#running.delete(abort);
    }
  }

  #failed(definition: EffectDefinition, effect: RunningEffect, error: string, ms: number): void {
    const { pending } = effect;
    const { clock, log, meter } = this.#deps;
    const detail = { effect: `${pending.kind}.${pending.name}`, key: pending.key, attempt: effect.attempts };
    const attempts = definition.attempts ?? (definition.afterCrash === 'askFirst' ? 1 : 8);
    if (effect.attempts < attempts) {
      meter.effectRetried(detail.effect);
      log.warn(detail, `an effect failed and is tried again: ${error}`);
      effect.state = 'waiting';
      const delayMs = Math.min(BACKOFF_MAX_MS, (definition.backoffMs ?? BACKOFF_MS) * 2 ** (effect.attempts - 1));
      clock.after(delayMs, () => {
        effect.state = 'queued';
        this.#lane(pending).queue.push(effect);
        this.#drain(pending);
      });
      return;
    }
    meter.effectSettled(detail.effect, 'failed', ms);
    log.error(detail, `an effect was given up: ${error}`);
    // Whatever an askFirst effect threw, it may have happened: the actor asks.
    if (definition.afterCrash === 'askFirst')
      return this.#answer(pending, definition.interrupted?.(pending.args) ?? null, 'interrupted');
    const deadLetter = {
      envelope: envelopeOf(pending, { type: pending.name }, ''),
      reason: 'effect' as const,
      error,
      at: clock.now(),
    };
    const message = definition.failed?.(pending.args, error) ?? null;
    this.#deps.chore({ settle: message === null ? pending.outboxId : null, deadLetter });
    if (message === null) this.#forget(pending);
    else this.#answer(pending, message, 'failed');
  }

  #answer(pending: PendingEffect, message: Message | null, how: string): void {
    this.#forget(pending);
    if (message === null) return this.#deps.chore({ settle: pending.outboxId, deadLetter: null });
    const envelope = envelopeOf(pending, message, how);
    this.#deps.answer({
      envelope,
      outboxId: pending.outboxId,
      lane: 'effect',
      timer: null,
      topic: null,
      redrive: false,
      done: null,
      takenBy: 0n,
      text: null,
    });
  }

  #forget(pending: PendingEffect): void {
    const mine = this.#effects.get(pending.actor);
    if (mine?.delete(pending.key) !== true) return;
    this.#count -= 1;
    if (mine.size === 0) this.#effects.delete(pending.actor);
  }
}

/** An answer is a new message from outside the cascade: its hops begin again. */
function envelopeOf(pending: PendingEffect, body: Message, how: string): Envelope {
  return {
    id: `${pending.key}!${how}`,
    to: pending.actor,
    from: null,
    body,
    cause: pending.key,
    correlation: pending.correlation,
    hop: 0,
  };
}
