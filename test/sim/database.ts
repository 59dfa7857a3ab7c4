// The database of a history: the tables the runtime writes, under the rules persistence gives them. A group is written
// whole or not at all; (actor, number) and (actor, message) are unique; a changed actor is still at the version the
// change started from; the fence lets commit n of the owner's epoch through once, after n - 1.
import type { ExecutionRow, MarketRow, OrderRow } from '../../actors/market/records.ts';
import type { ActorKey } from '../../actors/runtime/message.ts';
import {
  type ActorRow,
  type DeadLetterRow,
  type LoadedShard,
  type OutboxRow,
  StoreFault,
  type TimerRow,
  type TransitionRow,
  type WriteSet,
} from '../../actors/runtime/ports.ts';
import type { Life } from './life.ts';
import { Money } from './money.ts';

/** Sees every group before it is written, and every one that was. */
export interface Auditor {
  writing(set: WriteSet, database: Database): void;
  written(set: WriteSet): void;
}

interface Node {
  holder: Life | null;
  epoch: bigint;
  number: bigint;
  leaseUntil: number;
  ttlMs: number;
  lastAt: number;
}

/** What is wrong with it on purpose. */
export interface DatabaseFlaws {
  /** It lets through whoever comes. */
  readonly unfenced?: boolean;
  /** What it takes two executions for one by. */
  readonly executionKey?: (row: ExecutionKey) => string;
}

export class Database {
  readonly actors = new Map<bigint, ActorRow>();
  readonly ids = new Map<ActorKey, bigint>();
  readonly journals = new Map<bigint, TransitionRow[]>();
  readonly outbox = new Map<bigint, OutboxRow>();
  readonly timers = new Map<string, TimerRow>();
  readonly deadLetters: DeadLetterRow[] = [];
  readonly orders = new Map<string, OrderRow>();
  /** By what is unique of one; those that were taken back say when. */
  readonly executions = new Map<string, ExecutionRow & { readonly bustedAt: number | null }>();
  readonly money = new Money();
  /** What was written to the audit log. */
  readonly log: { readonly actor: string; readonly action: string; readonly detail: string }[] = [];
  /** Effects that were ever committed: name, then client order id and, of a submit, when it was signed. */
  readonly effects = new Set<string>();
  readonly node: Node = { holder: null, epoch: 0n, number: 0n, leaseUntil: 0, ttlMs: 0, lastAt: 0 };
  /** Commits that the fence has kept out. */
  fencedOff = 0;
  readonly #messages = new Set<string>();
  /** Messages between actors that a later commit will decide. */
  readonly #underway = new Set<bigint>();
  readonly #recent: string[] = [];
  readonly #auditor: Auditor;
  /** Off in a mutant: whoever comes is let through. */
  readonly #fenced: boolean;
  /** Another in a mutant. */
  readonly #keyOf: (row: ExecutionKey) => string;
  #nextId = { actors: 1n, outbox: 1n };

  constructor(auditor: Auditor, { unfenced = false, executionKey: keyOf = executionKey }: DatabaseFlaws) {
    this.#auditor = auditor;
    this.#fenced = !unfenced;
    this.#keyOf = keyOf;
  }

  reserve(sequence: 'actors' | 'outbox', count: number): { first: bigint; last: bigint } {
    const first = this.#nextId[sequence];
    this.#nextId[sequence] = first + BigInt(count);
    return { first, last: first + BigInt(count) - 1n };
  }

  load(): LoadedShard {
    const actors = [...this.actors.values()].filter(({ status }) => status !== 'done');
    const loaded = new Set(actors.map(({ id }) => id));
    const timers = [...this.timers.values()].filter(({ actorId }) => loaded.has(actorId));
    timers.sort((a, b) => a.dueAt - b.dueAt || Number(a.actorId - b.actorId) || (a.timerId < b.timerId ? -1 : 1));
    const pending = [...this.outbox.values()].filter(({ deliveredAt }) => deliveredAt === null);
    const outbox = pending.map(({ sourceId, type: _type, deliveredAt: _at, ...row }) => {
      return { ...row, source: this.keyOf(sourceId) };
    });
    return { actors, timers, outbox, recentMessages: [...this.#recent], lastAt: this.node.lastAt };
  }

  keyOf(id: bigint): ActorKey {
    const row = this.actors.get(id);
    if (row === undefined) throw new Error(`there is no actor with id ${id}`);
    return row.key;
  }

  find(key: ActorKey): ActorRow | null {
    const id = this.ids.get(key);
    return id === undefined ? null : (this.actors.get(id) ?? null);
  }

  /** Whether every actor has heard what the others told it. */
  get isSettled(): boolean {
    return this.#underway.size === 0;
  }

  execution(key: ExecutionKey) {
    return this.executions.get(this.#keyOf(key)) ?? null;
  }

  /** `owned`: a fresh commit went before, so the question at the start is left out and the fence alone decides. */
  commit(set: WriteSet, owned: boolean, now: number): void {
    const isNext = !this.#fenced || (set.epoch === this.node.epoch && set.number === this.node.number + 1n);
    if (!owned && !isNext) throw this.#fence(set);
    this.#refuse(set);
    if (!isNext) throw this.#fence(set);
    this.#auditor.writing(set, this);
    this.#write(set);
    this.node.epoch = set.epoch;
    this.node.number = set.number;
    this.node.lastAt = Math.max(this.node.lastAt, set.at);
    this.node.leaseUntil = now + this.node.ttlMs;
    this.#auditor.written(set);
  }

  #fence({ number, epoch }: WriteSet): StoreFault {
    this.fencedOff += 1;
    return new StoreFault('fenced', `commit ${number} of epoch ${epoch} is not the next one`, 'MF001');
  }

  #refuse(set: WriteSet): void {
    for (const { key } of set.created)
      if (this.ids.has(key)) throw new StoreFault('duplicate', `${key} exists (actors_key_key)`, '23505');
    for (const { id, fromVersion } of set.changed)
      if (this.actors.get(id)?.version !== fromVersion)
        throw new StoreFault('fatal', `stale snapshot of actor ${id}`, 'MS001');
    const seen = new Set<string>();
    for (const { actorId, messageId, number } of set.transitions) {
      const message = `${actorId} ${messageId}`;
      if (this.#messages.has(message) || seen.has(message))
        throw new StoreFault('duplicate', `${message} (transitions_message_key)`, '23505');
      seen.add(message);
      if ((this.journals.get(actorId)?.length ?? 0) >= number)
        throw new StoreFault('refused', `transition ${number} of actor ${actorId} is there already`, '23505');
    }
  }

  #write(set: WriteSet): void {
    for (const row of [...set.created, ...set.changed]) {
      const { id, key, kind, machineVersion, version, status, state, snapshot } = row;
      this.actors.set(id, { id, key, kind, machineVersion, version, status, state, snapshot });
      this.ids.set(key, id);
    }
    for (const { row } of set.records) this.#project(row as MarketRow);
    for (const row of set.transitions) {
      const journal = this.journals.get(row.actorId);
      if (journal === undefined) this.journals.set(row.actorId, [row]);
      else journal.push(row);
      this.#messages.add(`${row.actorId} ${row.messageId}`);
      if (row.sender === null) this.#recent.push(`${this.keyOf(row.actorId)} ${row.messageId}`);
    }
    for (const row of set.outbox) {
      this.outbox.set(row.id, row);
      if (row.lane === 'message' && row.deliveredAt === null) this.#underway.add(row.id);
      if (row.lane === 'effect') this.effects.add(effectName(row.target, JSON.parse(row.body) as EffectArgs | null));
    }
    for (const id of set.settled) this.#underway.delete(id);
    for (const id of set.settled) if (this.outbox.get(id)?.lane !== 'event') this.outbox.delete(id);
    for (const id of set.delivered) {
      const row = this.outbox.get(id);
      if (row !== undefined) this.outbox.set(id, { ...row, deliveredAt: row.deliveredAt ?? set.at });
    }
    for (const timer of set.timersPut) this.timers.set(`${timer.actorId} ${timer.timerId}`, timer);
    for (const { actorId, timerId } of set.timersDropped) this.timers.delete(`${actorId} ${timerId}`);
    this.deadLetters.push(...set.deadLetters);
  }

  #project(row: MarketRow): void {
    switch (row.table) {
      case 'orders':
        this.orders.set(row.clientOrderId, row);
        break;
      case 'executions': {
        const key = this.#keyOf(row);
        if (!this.executions.has(key)) this.executions.set(key, { ...row, bustedAt: null });
        break;
      }
      case 'execution_changes': {
        const key = this.#keyOf(row);
        const known = this.executions.get(key);
        const { bustedAt, fee, feeAsset } = row;
        if (known !== undefined)
          this.executions.set(key, {
            ...known,
            bustedAt: bustedAt ?? known.bustedAt,
            fee: fee ?? known.fee,
            feeAsset: feeAsset ?? known.feeAsset,
          });
        break;
      }
      case 'ledger_entries':
        this.money.book(row);
        break;
      case 'positions':
        this.money.hold(row);
        break;
      case 'audit_log':
        this.log.push(row);
        break;
      default:
    }
  }
}

type ExecutionKey = Pick<ExecutionRow, 'venue' | 'account' | 'symbol' | 'tradeId' | 'venueOrderId'>;

/** drizzle/schema: the unique key of executions. */
export function executionKey({ venue, account, symbol, tradeId, venueOrderId }: ExecutionKey): string {
  return [venue, account, symbol, tradeId, venueOrderId].join(' ');
}

interface EffectArgs {
  readonly clientOrderId?: string;
  readonly signedAt?: number;
}

/** What names an effect on an order: a submit by its signature too, since each claim is an effect of its own. */
export function effectName(name: string, args: EffectArgs | null): string {
  const signedAt = name === 'submitOrder' ? args?.signedAt : null;
  return `${name} ${args?.clientOrderId ?? ''} ${signedAt ?? ''}`;
}
