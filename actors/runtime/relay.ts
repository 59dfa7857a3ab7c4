// Stage 6 of 6, relay. Before: release (release.ts). After: the mailbox of its receiver (mailbox.ts).
//
// Messages that a group produced and did not apply are rows of events_outbox: the cascade was longer than the group,
// the receiver was suspended, or it rests in the database. The relay brings them to their mailboxes: those of this
// process straight after the commit, those a crash left behind at boot. The row goes with the commit that applies the
// message, so a message is relayed as often as it takes and applied once.
import { patiently } from './commit.ts';
import type { Directory } from './directory.ts';
import { textOf } from './errors.ts';
import type { Group } from './group.ts';
import type { Delivery, LiveActor } from './live.ts';
import type { Mailbox } from './mailbox.ts';
import { type ActorKey, type Envelope, type Json, kindOf, type Message } from './message.ts';
import type { Clock, Log, PendingOutbox, Store } from './ports.ts';
import { bringBack } from './recovery.ts';
import type { Release } from './release.ts';
import { INIT } from './turn.ts';
import type { Chore } from './worker.ts';

export interface RelayDeps {
  readonly store: Store;
  readonly log: Log;
  readonly directory: Directory;
  readonly mailbox: Mailbox;
  readonly bus: ActorKey | null;
  readonly chore: (chore: Chore) => void;
  readonly clock: Clock;
  /** Aborted when the runtime stops. */
  readonly signal: AbortSignal;
}

export class Relay {
  readonly #deps: RelayDeps;
  readonly #locating = new Map<ActorKey, Promise<LiveActor | null>>();

  constructor(deps: RelayDeps) {
    this.#deps = deps;
  }

  /** The actor in memory, or brought back from its rest; null when there never was one. */
  async locate(key: ActorKey): Promise<LiveActor | null> {
    const { directory } = this.#deps;
    const live = directory.get(key);
    if (live !== null) return live;
    const known = this.#locating.get(key);
    if (known !== undefined) return known;
    const search = this.#load(key).finally(() => this.#locating.delete(key));
    this.#locating.set(key, search);
    return search;
  }

  async #load(key: ActorKey): Promise<LiveActor | null> {
    const { directory, mailbox, store } = this.#deps;
    const row = directory.findKind(kindOf(key)) === null ? null : await store.findActor(key);
    // It may have been born while the query ran.
    const live = directory.get(key);
    if (live !== null || row === null) return live;
    return bringBack(directory, mailbox, row);
  }

  /** What a committed group produced for actors that are not in memory. */
  committed(group: Group): void {
    for (const { actor, delivery } of group.produced)
      if (actor === null && delivery.takenBy === 0n) this.bring(delivery);
  }

  /** To an actor that is not in memory; its row stays until it is applied. */
  bring(delivery: Delivery): void {
    void this.#bring(delivery);
  }

  async #bring(delivery: Delivery): Promise<void> {
    const { mailbox, log } = this.#deps;
    const { to, id } = delivery.envelope;
    try {
      const actor = await patiently(this.#deps, () => this.locate(to));
      if (actor !== null && delivery.lane === 'outside') mailbox.accept(actor, delivery);
      else if (actor !== null) mailbox.produce(actor, delivery);
      else this.#lose(delivery, `there is no actor ${to}`);
    } catch (error) {
      // Stopped, or a row that this program cannot read: the next boot relays it.
      log.error({ message: id, to, error: textOf(error) }, 'a message could not be relayed and stays in the outbox');
    }
  }

  #lose(delivery: Delivery, error: string): void {
    const deadLetter = {
      envelope: delivery.envelope,
      reason: 'undeliverable' as const,
      error,
      at: this.#deps.clock.now(),
    };
    this.#deps.chore({ settle: delivery.outboxId, deadLetter });
  }

  /** What was pending at boot: messages and events to their mailboxes, effects repeated or asked about. */
  recover(rows: readonly PendingOutbox[], release: Release): void {
    const { directory, mailbox, bus } = this.#deps;
    for (const row of rows) {
      if (row.lane === 'effect') {
        const { id: outboxId, key, source: actor, target: name, at, correlation, hop } = row;
        release.recover({
          outboxId,
          key,
          actor,
          kind: kindOf(actor),
          name,
          args: JSON.parse(row.body) as Json,
          at,
          correlation,
          hop,
        });
        continue;
      }
      const delivery = deliveryOf(row, bus);
      const { to, body } = delivery.envelope;
      const actor = body.type === INIT ? directory.beget(null, to) : directory.get(to);
      if (actor !== null) mailbox.produce(actor, delivery);
      else this.bring(delivery);
    }
  }
}

function deliveryOf(row: PendingOutbox, bus: ActorKey | null): Delivery {
  const event = row.lane === 'event';
  const parsed = JSON.parse(row.body) as Message;
  const body = event ? { type: 'Published', topic: row.target, event: parsed } : parsed;
  const to = event ? (bus ?? row.source) : (row.target as ActorKey);
  const envelope: Envelope = {
    id: row.key,
    to,
    from: row.source,
    body,
    cause: row.cause,
    correlation: row.correlation,
    hop: row.hop,
  };
  return {
    envelope,
    outboxId: row.id,
    lane: event ? 'event' : 'message',
    timer: null,
    topic: event ? row.target : null,
    redrive: false,
    done: null,
    takenBy: 0n,
    text: null,
  };
}
