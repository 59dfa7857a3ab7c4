// Durable timers: rows of (actor, timer id, due at, generation), mirrored in one heap. A due timer becomes a message;
// whether it still means anything is decided at the turn, by its generation. After a restart the rows keep their
// deadlines: what fell due while nobody ran is delivered at once, oldest first.
import TinyQueue from 'tinyqueue';
import type { Directory } from './directory.ts';
import type { Group } from './group.ts';
import type { ArmedTimer, Delivery, LiveActor } from './live.ts';
import type { Mailbox } from './mailbox.ts';
import type { ActorKey, Message } from './message.ts';
import type { Meter } from './meter.ts';
import type { Clock } from './ports.ts';

interface Entry {
  readonly dueAt: number;
  readonly key: ActorKey;
  readonly id: string;
  readonly timer: ArmedTimer;
}

/** setTimeout's longest delay. */
const MAX_DELAY_MS = 2 ** 31 - 1;

export class Timers {
  readonly #clock: Clock;
  readonly #directory: Directory;
  readonly #mailbox: Mailbox;
  readonly #meter: Meter;
  readonly #heap = new TinyQueue<Entry>([], (a, b) => a.dueAt - b.dueAt);
  #cancel: (() => void) | null = null;
  #wakeAt = Number.POSITIVE_INFINITY;
  #stopped = false;

  constructor(clock: Clock, directory: Directory, mailbox: Mailbox, meter: Meter) {
    this.#clock = clock;
    this.#directory = directory;
    this.#mailbox = mailbox;
    this.#meter = meter;
  }

  /** Entries of disarmed timers stay until they are due. */
  get size(): number {
    return this.#heap.length;
  }

  /** Arms what a committed group put. */
  armed(group: Group): void {
    for (const [actor, before] of group.before) {
      if (actor.timers === null || actor.timers === before.timers) continue;
      for (const [id, timer] of actor.timers)
        if (before.timers?.get(id)?.generation !== timer.generation) this.#push(actor, id, timer);
    }
    this.#schedule();
  }

  /** Arms what was loaded. */
  load(actors: Iterable<LiveActor>): void {
    for (const actor of actors) for (const [id, timer] of actor.timers ?? []) this.#push(actor, id, timer);
    this.#schedule();
  }

  stop(): void {
    this.#stopped = true;
    this.#cancel?.();
  }

  #push(actor: LiveActor, id: string, timer: ArmedTimer): void {
    this.#heap.push({ dueAt: timer.dueAt, key: actor.key, id, timer });
  }

  #schedule(): void {
    const next = this.#heap.peek();
    if (this.#stopped || next === undefined || next.dueAt >= this.#wakeAt) return;
    this.#cancel?.();
    this.#wakeAt = next.dueAt;
    const delayMs = Math.min(MAX_DELAY_MS, Math.max(0, next.dueAt - this.#clock.now()));
    this.#cancel = this.#clock.after(delayMs, () => this.#fire());
  }

  #fire(): void {
    this.#wakeAt = Number.POSITIVE_INFINITY;
    const now = this.#clock.now();
    for (let next = this.#heap.peek(); next !== undefined && next.dueAt <= now; next = this.#heap.peek()) {
      this.#heap.pop();
      this.#meter.timerFired(now - next.dueAt);
      const actor = this.#directory.get(next.key);
      if (actor?.timers?.get(next.id)?.generation === next.timer.generation)
        this.#mailbox.produce(actor, timerDelivery(next));
    }
    this.#schedule();
  }
}

function timerDelivery({ key, id, timer }: Entry): Delivery {
  const body = JSON.parse(timer.body) as Message;
  const messageId = `${key}!${id}@${timer.generation}`;
  const envelope = { id: messageId, to: key, from: null, body, cause: null, correlation: timer.correlation, hop: 0 };
  const armed = { id, generation: timer.generation };
  return {
    envelope,
    outboxId: null,
    lane: 'timer',
    timer: armed,
    topic: null,
    redrive: false,
    done: null,
    takenBy: 0n,
    text: timer.body,
  };
}
