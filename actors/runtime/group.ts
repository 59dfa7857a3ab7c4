// What the turns since the last commit have decided: the before-images that undo it, and the write-set that keeps it.
// A group is computed on heads that may still be in flight; if an older group fails, this one is undone with it.

import type { DomainRow } from './effect.ts';
import { bodyText, type Delivery, type LiveActor, type Outcome } from './live.ts';
import type { ActorKey, Json } from './message.ts';
import type {
  ActorChange,
  ActorRow,
  ActorStatus,
  DeadLetterRow,
  OutboxRow,
  TimerRow,
  TransitionRow,
  WriteSet,
} from './ports.ts';
import { encode, type Head } from './step.ts';

/** What an actor was before the group. */
export interface Before {
  readonly head: Head | null;
  readonly version: number;
  readonly status: ActorStatus;
  readonly timers: LiveActor['timers'];
  readonly lastAt: number | null;
  readonly lastType: string | null;
}

/** A command that leaves after the commit. */
export interface PendingEffect {
  readonly outboxId: bigint;
  readonly key: string;
  readonly actor: ActorKey;
  readonly kind: string;
  readonly name: string;
  readonly args: Json;
  readonly at: number;
  readonly correlation: string;
  readonly hop: number;
}

export class Group {
  readonly number: bigint;
  readonly at: number;
  turns = 0;
  readonly before = new Map<LiveActor, Before>();
  /** Actors that exist only if this group commits. */
  readonly born: LiveActor[] = [];
  readonly taken: { readonly actor: LiveActor; readonly delivery: Delivery }[] = [];
  readonly produced: { readonly actor: LiveActor | null; readonly delivery: Delivery; readonly source: LiveActor }[] =
    [];
  readonly transitions: TransitionRow[] = [];
  readonly records: { readonly actorId: bigint; readonly row: DomainRow }[] = [];
  readonly effects: (PendingEffect & { readonly row: OutboxRow })[] = [];
  readonly settled: bigint[] = [];
  readonly delivered: bigint[] = [];
  readonly deadLetters: DeadLetterRow[] = [];
  readonly redriven: { readonly key: ActorKey; readonly messageId: string }[] = [];
  readonly outcomes: { readonly delivery: Delivery; readonly outcome: Outcome }[] = [];
  /** Message ids newly remembered as applied. */
  readonly remembered: string[] = [];

  readonly chores: { readonly settle: bigint | null; readonly deadLetter: DeadLetterRow | null }[] = [];

  constructor(number: bigint, at: number) {
    this.number = number;
    this.at = at;
  }

  /** Keeps the before-image of an actor, once. */
  touch(actor: LiveActor): void {
    if (this.before.has(actor)) return;
    const { head, version, status, timers, lastAt, lastType } = actor;
    this.before.set(actor, { head, version, status, timers, lastAt, lastType });
  }

  /** Takes over what no message carries; given back when the group is undone. */
  add(chore: Group['chores'][number]): void {
    this.chores.push(chore);
    if (chore.settle !== null) this.settled.push(chore.settle);
    if (chore.deadLetter !== null) this.deadLetters.push(chore.deadLetter);
  }

  /** True when there is something to write. */
  get writes(): boolean {
    return (
      this.before.size > 0 ||
      this.settled.length > 0 ||
      this.delivered.length > 0 ||
      this.deadLetters.length > 0 ||
      this.redriven.length > 0
    );
  }
  get empty(): boolean {
    return !this.writes && this.outcomes.length === 0;
  }

  /** Gives every touched actor back what it was before this group. The caller puts the mail back. */
  undo(): void {
    for (const [actor, before] of this.before) Object.assign(actor, before);
  }

  /** Outbox rows for what was produced and is not applied yet; events are kept whatever became of them. */
  #outboxRows(nextId: () => bigint): OutboxRow[] {
    const rows: OutboxRow[] = this.effects.map((effect) => effect.row);
    for (const { delivery, source } of this.produced) {
      const applied = delivery.takenBy === this.number;
      if (applied && delivery.lane !== 'event') continue;
      const row = outboxRow(nextId(), delivery, source, applied ? this.at : null, this.at);
      if (!applied) delivery.outboxId = row.id;
      rows.push(row);
    }
    return rows;
  }

  close(owner: { shard: number; epoch: bigint }, nextId: () => bigint): WriteSet {
    const created: ActorRow[] = [];
    const changed: ActorChange[] = [];
    const timersPut: TimerRow[] = [];
    const timersDropped: { actorId: bigint; timerId: string }[] = [];
    for (const [actor, before] of this.before) {
      if (actor.head === null) continue;
      const row = actorRow(actor, actor.head);
      if (before.version === 0) created.push(row);
      else if (before.version !== actor.version || before.status !== actor.status)
        changed.push({ ...row, fromVersion: before.version });
      diffTimers(actor, before.timers, timersPut, timersDropped);
    }
    return {
      ...owner,
      number: this.number,
      at: this.at,
      created,
      changed,
      transitions: this.transitions,
      records: this.records,
      outbox: this.#outboxRows(nextId),
      settled: this.settled,
      delivered: this.delivered,
      timersPut,
      timersDropped,
      deadLetters: this.deadLetters,
      redriven: this.redriven,
    };
  }
}

function actorRow(actor: LiveActor, head: Head): ActorRow {
  const { id, key, kind, version, status } = actor;
  const machineVersion = kind.definition.version;
  return {
    id,
    key,
    kind: kind.definition.kind,
    machineVersion,
    version,
    status,
    state: head.shape.state,
    snapshot: encode(head),
  };
}

function outboxRow(
  id: bigint,
  delivery: Delivery,
  source: LiveActor,
  deliveredAt: number | null,
  at: number,
): OutboxRow {
  const { envelope } = delivery;
  return {
    id,
    lane: delivery.lane === 'event' ? 'event' : 'message',
    key: envelope.id,
    sourceId: source.id,
    target: delivery.topic ?? envelope.to,
    type: delivery.lane === 'event' ? eventOf(delivery).type : envelope.body.type,
    body: delivery.lane === 'event' ? JSON.stringify(eventOf(delivery)) : bodyText(delivery),
    at,
    cause: envelope.cause,
    correlation: envelope.correlation,
    hop: envelope.hop,
    deliveredAt,
  };
}

function eventOf(delivery: Delivery): { readonly type: string } {
  return (delivery.envelope.body as object as { readonly event: { readonly type: string } }).event;
}

function diffTimers(
  actor: LiveActor,
  before: LiveActor['timers'],
  put: TimerRow[],
  dropped: { actorId: bigint; timerId: string }[],
): void {
  if (actor.timers === before) return;
  for (const timerId of before?.keys() ?? []) {
    if (actor.timers === null || !actor.timers.has(timerId)) dropped.push({ actorId: actor.id, timerId });
  }
  for (const [timerId, timer] of actor.timers ?? []) {
    if (before?.get(timerId)?.generation !== timer.generation) put.push({ actorId: actor.id, timerId, ...timer });
  }
}
