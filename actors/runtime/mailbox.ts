// Stage 2 of 6, claim. Before: deliver (deliver.ts), turns (turn.ts), relay.ts, timers.ts. After: decide (turn.ts).
//
// Every actor has two queues. `outside` holds what came from outside the process and is bounded; `inner` holds what
// other actors' turns produced, answers of effects and due timers, and is taken first, so that a cascade ends in the
// group in which it began. Within a queue messages are applied in the order in which they were accepted. Across actors
// a ring gives everybody with mail a turn; one actor takes at most `quantum` messages before the next is served.
//
// A crash empties the queues. Nothing is lost by it: inner messages that were not applied are rows of events_outbox,
// timers are rows, and a message from outside is acknowledged to its source only after its commit.
import type { RuntimeBounds } from './bounds.ts';
import { RuntimeError } from './errors.ts';
import { type Delivery, enqueue, type LiveActor } from './live.ts';

const SLOW_DOWN = 'slow down and send it again under the same id';

export class Mailbox {
  readonly #bounds: RuntimeBounds;
  /** Actors with inner mail. */
  readonly #hot: LiveActor[] = [];
  /** Actors with mail from outside. */
  readonly #ready: LiveActor[] = [];
  readonly #waiting: (() => void)[] = [];
  #served = 0;
  #outside = 0;
  /** Called when there is mail where there was none. */
  onMail: () => void = () => {};

  constructor(bounds: RuntimeBounds) {
    this.#bounds = bounds;
  }

  /** Messages from outside that wait, over all actors. */
  get outside(): number {
    return this.#outside;
  }

  /** Accepts a message from outside; throws MAILBOX_FULL when this actor has its bound waiting. */
  accept(actor: LiveActor, delivery: Delivery): void {
    const { mailboxDepth } = this.#bounds;
    if (actor.outside.length >= mailboxDepth) {
      throw new RuntimeError(
        'MAILBOX_FULL',
        `${actor.key} has ${actor.outside.length} messages waiting, at most ${mailboxDepth} may: ${SLOW_DOWN}`,
      );
    }
    actor.outside = enqueue(actor.outside, delivery);
    this.#outside += 1;
    this.#list(actor);
  }

  /** Resolves at once, or when the process has room again: this is what slows a source. */
  async room(): Promise<void> {
    while (this.#outside >= this.#bounds.intakeDepth) await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  /** A message of another actor, an answer or a timer. */
  produce(actor: LiveActor, delivery: Delivery): void {
    actor.inner = enqueue(actor.inner, delivery);
    if (actor.status !== 'suspended') this.#hot.push(actor);
    this.onMail();
  }

  /** Next actor with inner mail, else null. An actor is in the ring once per message. */
  nextHot(): LiveActor | null {
    for (;;) {
      const actor = this.#hot.shift();
      if (actor === undefined) return null;
      if (actor.inner.length > 0 && actor.status !== 'suspended') return actor;
    }
  }

  /** Next actor with mail from outside; the same one until its quantum is used up. */
  nextReady(): LiveActor | null {
    for (;;) {
      const actor = this.#ready[0];
      if (actor === undefined) return null;
      if (actor.outside.length > 0 && actor.status !== 'suspended' && this.#served < this.#bounds.quantum) {
        this.#served += 1;
        return actor;
      }
      this.#ready.shift();
      actor.listed = false;
      this.#served = 0;
      if (actor.outside.length > 0) this.#list(actor);
    }
  }

  takeInner(actor: LiveActor): Delivery {
    return actor.inner.shift() as Delivery;
  }

  takeOutside(actor: LiveActor): Delivery {
    this.#outside -= 1;
    if (this.#waiting.length > 0 && this.#outside < this.#bounds.intakeDepth) this.#waiting.shift()?.();
    return actor.outside.shift() as Delivery;
  }

  /** Puts back what an aborted group had taken, in the old order, before everything that came since. */
  putBack(actor: LiveActor, deliveries: readonly Delivery[]): void {
    const outside = deliveries.filter((delivery) => delivery.lane === 'outside');
    const inner = deliveries.filter((delivery) => delivery.lane !== 'outside');
    actor.outside = [...outside, ...actor.outside];
    actor.inner = [...inner, ...actor.inner];
    this.#outside += outside.length;
    this.wake(actor);
  }

  /** Takes everything out of an actor's queues. */
  clear(actor: LiveActor): readonly Delivery[] {
    const all = [...actor.inner, ...actor.outside];
    this.#outside -= actor.outside.length;
    actor.inner = [];
    actor.outside = [];
    return all;
  }

  /** Lists an actor again whose mail may be taken now (put back, or no longer suspended). */
  wake(actor: LiveActor): void {
    for (let i = 0; i < actor.inner.length; i += 1) this.#hot.push(actor);
    if (actor.outside.length > 0) this.#list(actor);
    this.onMail();
  }

  get idle(): boolean {
    return this.#hot.length === 0 && this.#ready.length === 0;
  }

  #list(actor: LiveActor): void {
    if (!actor.listed && actor.status !== 'suspended') {
      actor.listed = true;
      this.#ready.push(actor);
    }
    this.onMail();
  }
}
