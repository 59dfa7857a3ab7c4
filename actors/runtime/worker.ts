// The loop claim → decide → commit → release, and how it is undone and stopped.
//
// One group is in flight to the database while the next is decided on top of its heads. When the flight lands, its
// effects are released and the next group leaves at once with whatever it holds: alone under low load, full under
// high load. If a flight is refused, the newer group and the refused one are undone in that order, and as many turns
// as they held are decided again one per group, so that the one that is to blame fails alone.
import type { RuntimeBounds } from './bounds.ts';
import { type CommitDeps, commit, patiently, Refused } from './commit.ts';
import type { CrashHook } from './crash-points.ts';
import { textOf } from './errors.ts';
import { type Before, Group } from './group.ts';
import type { IdBlock } from './ids.ts';
import { invariant } from './invariant.ts';
import type { Delivery, LiveActor } from './live.ts';
import type { DeadLetterRow } from './ports.ts';
import { type Desk, reject, turn } from './turn.ts';

export interface WorkerDeps extends CommitDeps {
  readonly desk: Desk;
  readonly bounds: RuntimeBounds;
  readonly owner: { readonly shard: number; readonly epoch: bigint };
  readonly actorIds: IdBlock;
  readonly outboxIds: IdBlock;
  readonly crash: CrashHook;
  /** Stage 5: called once per committed group, in commit order. */
  readonly release: (group: Group, commitMs: number) => void;
  /** Mail of an actor that turned out to exist already, at rest in the database. */
  readonly reroute: (deliveries: readonly Delivery[]) => void;
  /** The loop ended by itself: nothing more will be committed by this process. */
  readonly onFailed: (error: unknown) => void;
}

/** An effect without an answer is settled, one that gave up leaves a dead letter. */
export interface Chore {
  readonly settle: bigint | null;
  readonly deadLetter: DeadLetterRow | null;
}

interface Flight {
  readonly group: Group;
  /** Never rejects. */
  readonly landed: Promise<unknown>;
  error: Error | null;
  done: boolean;
}

export class Worker {
  readonly #deps: WorkerDeps;
  #lastNumber: bigint;
  #lastAt: number;
  #flight: Flight | null = null;
  /** The group that is being decided. */
  #open: Group | null = null;
  /** Turns still to be decided one per group. */
  #isolate = 0;
  #chores: Chore[] = [];
  #running = false;
  #stopping = false;
  #ended: Promise<void> = Promise.resolve();

  constructor(deps: WorkerDeps, last: { number: bigint; at: number }) {
    this.#deps = deps;
    this.#lastNumber = last.number;
    this.#lastAt = last.at;
    deps.desk.mailbox.onMail = () => this.wake();
  }

  get commitNumber(): bigint {
    return this.#lastNumber;
  }
  get idle(): boolean {
    return !this.#running && this.#flight === null;
  }

  /** What an actor was at its last commit: the before-image of the oldest group that is not committed yet. */
  committed(actor: LiveActor): Before {
    return this.#flight?.group.before.get(actor) ?? this.#open?.before.get(actor) ?? actor;
  }

  /** Work of the next group that no message carries. */
  chore(chore: Chore): void {
    this.#chores.push(chore);
    this.wake();
  }

  /** There may be something to do. Decided in a microtask, so that what is told together is decided together. */
  wake(): void {
    if (this.#running || this.#stopping) return;
    this.#running = true;
    this.#ended = Promise.resolve().then(() => this.#run());
  }

  /** Resolves when everything that waits in the mailboxes has been decided and has landed. */
  async drain(): Promise<void> {
    while (this.#running) await this.#ended;
  }

  /** Takes nothing new, waits until the group in flight has landed. */
  async stop(): Promise<void> {
    this.#stopping = true;
    await this.#ended;
  }

  async #run(): Promise<void> {
    try {
      while (!this.#stopping && (await this.#cycle()));
      await this.#land();
    } catch (error) {
      this.#stopping = true;
      this.#deps.onFailed(error);
    } finally {
      this.#running = false;
      // Mail that came after the last look would otherwise wait for the next.
      if (!this.#deps.desk.mailbox.idle || this.#chores.length > 0) this.wake();
    }
  }

  /** One group. False when there is nothing to do and nothing in flight. */
  async #cycle(): Promise<boolean> {
    // 1. Ids for whatever the turns will make.
    await this.#reserve();
    // 2. Claim and decide, on top of the heads that are in flight.
    const group = new Group(this.#lastNumber + 1n, Math.max(this.#lastAt, this.#deps.clock.now()));
    this.#open = group;
    this.#fill(group);
    if (group.empty) return this.#flight !== null ? this.#land() : false;
    // 3. The flight before this one must land first; when it is refused, this group stood on sand.
    if (!(await this.#land(group))) return true;
    // 4. What came while it landed joins, in the same group.
    if (this.#isolate === 0) this.#fill(group);
    this.#launch(group);
    if (this.#isolate > 0 && (await this.#land())) this.#isolate -= 1;
    return true;
  }

  async #reserve(): Promise<void> {
    const { actorIds, outboxIds, bounds } = this.#deps;
    if (actorIds.left >= bounds.idBlock / 2 && outboxIds.left >= bounds.idBlock / 2) return;
    await patiently(this.#deps, async () => {
      await actorIds.ensure();
      await outboxIds.ensure();
    });
  }

  #fill(group: Group): void {
    const { desk, bounds, actorIds, outboxIds } = this.#deps;
    const alone = this.#isolate > 0;
    const reserve = bounds.effectsPerTurn * 2;
    for (const chore of this.#chores.splice(0)) group.add(chore);
    while (actorIds.left > reserve && outboxIds.left > reserve + group.produced.length) {
      if (alone && group.taken.length > 0) return;
      const hot = group.turns < bounds.groupTurns + bounds.cascadeTurns ? desk.mailbox.nextHot() : null;
      if (hot !== null) {
        turn(desk, group, hot, desk.mailbox.takeInner(hot));
        continue;
      }
      const ready = group.taken.length < bounds.groupTurns ? desk.mailbox.nextReady() : null;
      if (ready === null) return;
      turn(desk, group, ready, desk.mailbox.takeOutside(ready));
    }
  }

  #launch(group: Group): void {
    const { owner, outboxIds, crash, clock } = this.#deps;
    this.#lastAt = group.at;
    this.#open = null;
    crash('decided');
    if (!group.writes) {
      this.#flight = { group, landed: Promise.resolve(), error: null, done: true };
      return;
    }
    this.#lastNumber = group.number;
    const set = group.close(owner, () => outboxIds.take());
    const sentAt = clock.now();
    crash('committing');
    const flight: Flight = {
      group,
      error: null,
      done: false,
      landed: commit(this.#deps, set).then(
        () => {
          flight.done = true;
          crash('committed');
          this.#deps.release(group, clock.now() - sentAt);
        },
        (error: unknown) => {
          flight.done = true;
          flight.error = error instanceof Error ? error : new Error(textOf(error));
        },
      ),
    };
    this.#flight = flight;
  }

  /** Waits for the flight. False when it was refused: it and `next` are undone. Throws what must stop the runtime. */
  async #land(next?: Group): Promise<boolean> {
    const flight = this.#flight;
    if (flight === null) return true;
    await flight.landed;
    this.#flight = null;
    if (flight.error === null) {
      if (!flight.group.writes) this.#deps.release(flight.group, 0);
      return true;
    }
    if (!(flight.error instanceof Refused)) throw flight.error;
    this.#undo(flight, next);
    return false;
  }

  #undo(flight: Flight, next: Group | undefined): void {
    const refused = (flight.error as Refused).fault;
    const groups = next === undefined ? [flight.group] : [next, flight.group];
    for (const group of groups) this.#takeBack(group);
    this.#lastNumber = flight.group.number - 1n;
    this.#lastAt = flight.group.at;
    const first = flight.group.taken[0];
    if (flight.group.taken.length > 1 || first === undefined) {
      // A group without a single message cannot be refused for what a message wrote.
      invariant(first !== undefined, 'a refused group has a message to blame', { error: refused.message });
      this.#isolate = groups.reduce((turns, group) => turns + group.taken.length, 0);
      this.#deps.log.warn(
        { turns: this.#isolate, sqlState: refused.sqlState },
        `a commit was refused, its turns are decided again one by one: ${refused.message}`,
      );
      return;
    }
    this.#isolate = Math.max(0, this.#isolate - 1);
    this.#condemn(first.actor, first.delivery, refused.kind === 'duplicate', textOf(refused));
  }

  /** Before-images newest first, then the mail in its old order; what the undone turns produced never was. */
  #takeBack(group: Group): void {
    const { directory, mailbox } = this.#deps.desk;
    group.undo();
    directory.forget(group.remembered);
    const unmade = new Set(group.produced.map(({ delivery }) => delivery));
    for (const { actor } of group.produced)
      if (actor !== null) actor.inner = actor.inner.filter((delivery) => !unmade.has(delivery));
    for (const actor of group.born) directory.remove(actor);
    const back = new Map<LiveActor, Delivery[]>();
    for (const { actor, delivery } of group.taken) {
      delivery.takenBy = 0n;
      if (unmade.has(delivery)) continue;
      const list = back.get(actor);
      if (list === undefined) back.set(actor, [delivery]);
      else list.push(delivery);
    }
    for (const [actor, deliveries] of back) mailbox.putBack(actor, deliveries);
    for (const actor of group.before.keys()) directory.rest(actor);
    this.#chores.unshift(...group.chores);
  }

  /** The one message whose group was refused alone: a duplicate is done with, anything else is a dead letter. */
  #condemn(actor: LiveActor, delivery: Delivery, duplicate: boolean, error: string): void {
    const queue = delivery.lane === 'outside' ? actor.outside : actor.inner;
    invariant(queue[0] === delivery, 'the refused message is the first of its queue', {
      actor: actor.key,
      message: delivery.envelope.id,
    });
    const { desk } = this.#deps;
    if (delivery.lane === 'outside') desk.mailbox.takeOutside(actor);
    else desk.mailbox.takeInner(actor);
    const group = new Group(this.#lastNumber + 1n, Math.max(this.#lastAt, this.#deps.clock.now()));
    delivery.takenBy = group.number;
    if (duplicate) {
      if (delivery.outboxId !== null) group.settled.push(delivery.outboxId);
      desk.directory.remember(actor.key, delivery.envelope.id);
      group.outcomes.push({ delivery, outcome: { outcome: 'duplicate' } });
      if (actor.head === null) this.#yieldTo(actor);
    } else reject(desk, group, actor, delivery, 'refused', error);
    this.#launch(group);
  }

  /** The key was taken: whoever was to be born here gives way to the actor that has it. */
  #yieldTo(actor: LiveActor): void {
    const { directory, mailbox } = this.#deps.desk;
    directory.remove(actor);
    this.#deps.reroute(mailbox.clear(actor));
  }
}
