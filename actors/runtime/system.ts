// The public face: a running system of durable actors on one store.

import type { ActorDefinition } from './actor.ts';
import { DEFAULT_BOUNDS, type RuntimeBounds } from './bounds.ts';
import type { CrashHook } from './crash-points.ts';
import { Deliver } from './deliver.ts';
import { Directory, kindsOf } from './directory.ts';
import { RuntimeError, textOf } from './errors.ts';
import type { Group } from './group.ts';
import { IdBlock } from './ids.ts';
import type { Inspector, RuntimeHealth, TransitionView } from './inspect.ts';
import { createInspector, transitionView } from './inspector.ts';
import type { Answer, Delivery as Delivered, Intake, TellOptions } from './intake.ts';
import { keepLease, type LeaseDeps, takeLease } from './lease.ts';
import type { Delivery } from './live.ts';
import { Mailbox } from './mailbox.ts';
import { type ActorKey, type Json, kindOf, type Message } from './message.ts';
import { type Meter, NO_METER, type RuntimeGauges } from './meter.ts';
import type { ActorStatus, Clock, LeaseGrant, Log, Store } from './ports.ts';
import { type Recovered, recover } from './recovery.ts';
import { Relay } from './relay.ts';
import { Release } from './release.ts';
import { Timers } from './timers.ts';
import type { Desk } from './turn.ts';
import { Worker } from './worker.ts';

export interface SystemOptions {
  readonly actors: readonly ActorDefinition[];
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Log;
  /** Handed to every effect. */
  readonly ports?: object;
  readonly meter?: Meter;
  readonly bounds?: Partial<RuntimeBounds>;
  /** Who this process is, for whoever looks who holds the lease. */
  readonly node: string;
  readonly shard?: number;
  /** Hears what actors publish. */
  readonly bus?: ActorKey;
  /** Hears which actors failed. Without it a poisonous message is a dead letter and nothing more. */
  readonly supervisor?: ActorKey;
  /** How long start() waits for a lease that somebody else holds. Default: for ever. */
  readonly leaseWaitMs?: number;
  readonly crash?: CrashHook;
  /** The system stopped by itself: lease lost, or a fault it may not repair. */
  readonly onFailed?: (error: unknown) => void;
}

export interface Snapshot {
  readonly key: ActorKey;
  readonly status: ActorStatus;
  readonly state: string;
  readonly version: number;
  readonly value: Json;
  readonly context: Json;
}

export interface System extends Intake {
  /** Takes the lease, brings live actors back, finishes or asks about unfinished effects, then takes messages. */
  start(): Promise<Recovered>;
  /** Creates an actor; resolves after the commit, also when it existed already. */
  spawn(key: ActorKey, input: unknown): Promise<Delivered>;
  /** Resolves after the commit with the machine's reply; throws when the message was not applied. */
  ask(to: ActorKey, message: Message, options?: TellOptions): Promise<Answer>;
  /** The last committed snapshot of an actor in memory. */
  snapshot(key: ActorKey): Snapshot | null;
  /** Committed transitions, in commit order. */
  subscribe(listener: (view: TransitionView) => void): () => void;
  /** Delivers a dead letter again, under its own id. */
  redrive(deadLetterId: bigint): Promise<Delivered>;
  readonly inspector: Inspector;
  /** Ends what was begun, then gives the lease back. What is still unfinished is finished by the next start. */
  stop(): Promise<void>;
}

/** How long stop() waits for a commit that the database does not answer. */
const LANDING_MS = 2_000;

export function createSystem(options: SystemOptions): System {
  return new RunningSystem(options);
}

class RunningSystem implements System {
  readonly inspector: Inspector;
  readonly #options: SystemOptions;
  readonly #bounds: RuntimeBounds;
  readonly #meter: Meter;
  readonly #mailbox: Mailbox;
  readonly #directory: Directory;
  readonly #relay: Relay;
  readonly #deliver: Deliver;
  readonly #timers: Timers;
  readonly #actorIds: IdBlock;
  readonly #outboxIds: IdBlock;
  readonly #abort = new AbortController();
  readonly #listeners = new Set<(view: TransitionView) => void>();
  #phase: RuntimeHealth['phase'] = 'stopped';
  #reason: string | null = null;
  #grant: LeaseGrant | null = null;
  #letGo: () => void = () => {};
  #worker: Worker | null = null;
  #release: Release | null = null;
  readonly #unwatch: () => void;

  constructor(options: SystemOptions) {
    this.#options = options;
    const { store, clock, log } = options;
    this.#bounds = { ...DEFAULT_BOUNDS, ...options.bounds };
    this.#meter = options.meter ?? NO_METER;
    this.#actorIds = new IdBlock(store, 'actors', this.#bounds.idBlock);
    this.#outboxIds = new IdBlock(store, 'outbox', this.#bounds.idBlock);
    this.#mailbox = new Mailbox(this.#bounds);
    this.#directory = new Directory(kindsOf(options.actors), this.#bounds, () => this.#actorIds.take());
    this.#timers = new Timers(clock, this.#directory, this.#mailbox, this.#meter);
    this.#unwatch = this.#meter.watch(() => this.#gauges());
    this.#relay = new Relay({
      store,
      log,
      directory: this.#directory,
      mailbox: this.#mailbox,
      bus: options.bus ?? null,
      chore: (chore) => this.#worker?.chore(chore),
      clock,
      signal: this.#abort.signal,
    });
    this.#deliver = new Deliver({
      store,
      directory: this.#directory,
      mailbox: this.#mailbox,
      relay: this.#relay,
      meter: this.#meter,
      bounds: this.#bounds,
      assertRunning: () => this.#assertRunning(),
      epoch: () => this.#grant?.epoch ?? 0n,
      standing: (key) => this.snapshot(key),
    });
    this.inspector = createInspector({
      store,
      directory: this.#directory,
      release: () => this.#release,
      worker: () => this.#worker,
      health: () => this.#health(),
      onTransition: (listener) => this.subscribe(listener),
    });
  }

  async start(): Promise<Recovered> {
    const { store, log, crash = () => {}, leaseWaitMs = Number.POSITIVE_INFINITY } = this.#options;
    this.#phase = 'booting';
    const lease = this.#leaseDeps();
    // 1. The shard is ours, whatever a process before us still believes.
    const grant = await takeLease(lease, leaseWaitMs, this.#abort.signal);
    this.#grant = grant;
    this.#letGo = keepLease(lease, grant, (error) => this.#fail(error));
    crash('leaseTaken');
    // 2. What it was at its last commit.
    await this.#actorIds.ensure();
    await this.#outboxIds.ensure();
    const loaded = await store.load(grant.shard);
    this.#build(grant, loaded.lastAt);
    const recovered = recover(loaded, this.#directory, this.#mailbox, log);
    crash('loaded');
    // 3. What was under way: timers, undelivered messages, effects.
    this.#timers.load(this.#directory.values());
    this.#relay.recover(loaded.outbox, this.#release as Release);
    this.#phase = 'running';
    this.#worker?.wake();
    return recovered;
  }

  #leaseDeps(): LeaseDeps {
    const { store, clock, log, node, shard = 0 } = this.#options;
    return { store, clock, log, shard, node, leaseMs: this.#bounds.leaseMs };
  }

  #build(grant: LeaseGrant, lastAt: number): void {
    const { store, clock, log, ports = {}, crash = () => {}, bus = null, supervisor = null } = this.#options;
    const desk: Desk = {
      bounds: this.#bounds,
      directory: this.#directory,
      mailbox: this.#mailbox,
      bus,
      supervisor,
      nextOutboxId: () => this.#outboxIds.take(),
    };
    const worker = new Worker(
      {
        desk,
        store,
        clock,
        log,
        crash,
        meter: this.#meter,
        bounds: this.#bounds,
        owner: { shard: grant.shard, epoch: grant.epoch },
        actorIds: this.#actorIds,
        outboxIds: this.#outboxIds,
        signal: this.#abort.signal,
        onReachable: (reachable, why) => {
          this.#reason = reachable ? null : `the database does not answer: ${why ?? ''}`;
        },
        release: (group, ms) => this.#committed(group, ms),
        reroute: (deliveries) => {
          for (const delivery of deliveries) this.#relay.bring(delivery);
        },
        onFailed: (error) => this.#fail(error),
      },
      { number: grant.commitNumber, at: lastAt },
    );
    this.#worker = worker;
    this.#release = new Release({
      ports,
      clock,
      log,
      crash,
      meter: this.#meter,
      effectOf: (kind, name) => this.#directory.effectOf(kind, name),
      answer: (delivery) => this.#answered(delivery),
      chore: (chore) => worker.chore(chore),
    });
  }

  /** An effect's answer; its actor may have gone to rest meanwhile. */
  #answered(delivery: Delivery): void {
    const actor = this.#directory.get(delivery.envelope.to);
    if (actor !== null) this.#mailbox.produce(actor, delivery);
    else this.#relay.bring(delivery);
  }

  /** Stage 5, once per committed group. */
  #committed(group: Group, ms: number): void {
    this.#timers.armed(group);
    for (const effect of group.effects) this.#release?.perform(effect);
    this.#relay.committed(group);
    for (const { delivery, outcome } of group.outcomes) delivery.done?.(outcome);
    this.#count(group, ms);
    this.#show(group);
    for (const { actor } of group.taken)
      if (actor.head === null && actor.inner.length + actor.outside.length === 0) this.#directory.remove(actor);
    this.#directory.evict((actor) => actor.timers !== null || (this.#release?.countOf(actor.key) ?? 0) > 0);
  }

  #count(group: Group, ms: number): void {
    if (group.writes) this.#meter.groupCommitted({ turns: group.turns, actors: group.before.size, ms });
    for (const { reason, envelope, error } of group.deadLetters) {
      this.#meter.deadLettered(reason);
      if (reason === 'poison' || reason === 'refused') this.#meter.actorFailed(kindOf(envelope.to));
      this.#options.log.warn(
        { to: envelope.to, message: envelope.id, type: envelope.body.type, reason },
        `a message became a dead letter: ${error}`,
      );
    }
  }

  #show(group: Group): void {
    if (this.#listeners.size === 0) return;
    const keys = new Map<bigint, ActorKey>();
    for (const actor of group.before.keys()) keys.set(actor.id, actor.key);
    for (const row of group.transitions) {
      const view = transitionView(keys.get(row.actorId) as ActorKey, row);
      for (const listener of this.#listeners) listener(view);
    }
  }

  spawn(key: ActorKey, input: unknown): Promise<Delivered> {
    return this.#deliver.spawn(key, input);
  }

  tell(to: ActorKey, message: Message, options?: TellOptions): Promise<void> {
    return this.#deliver.tell(to, message, options);
  }

  deliver(to: ActorKey, message: Message, options?: TellOptions): Promise<Delivered> {
    return this.#deliver.deliver(to, message, options);
  }

  ask(to: ActorKey, message: Message, options?: TellOptions): Promise<Answer> {
    return this.#deliver.ask(to, message, options);
  }

  redrive(deadLetterId: bigint): Promise<Delivered> {
    return this.#deliver.redrive(deadLetterId);
  }

  exists(key: ActorKey): Promise<boolean> {
    return this.#deliver.exists(key);
  }

  snapshot(key: ActorKey): Snapshot | null {
    const actor = this.#directory.get(key);
    if (actor === null) return null;
    const seen = this.#worker?.committed(actor) ?? actor;
    if (seen.head === null) return null;
    const { shape, context } = seen.head;
    return {
      key,
      status: seen.status,
      state: shape.state,
      version: seen.version,
      value: shape.template.value as Json,
      context: context as Json,
    };
  }

  subscribe(listener: (view: TransitionView) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async stop(): Promise<void> {
    if (this.#phase === 'stopped' || this.#phase === 'stopping') return;
    const failed = this.#phase === 'failed';
    const { crash = () => {}, store, log } = this.#options;
    // 1. Nothing new comes in; what runs may end, its answers are committed.
    if (!failed) this.#phase = 'stopping';
    this.#timers.stop();
    await this.#release?.stop(failed ? 0 : this.#bounds.stopMs);
    crash('stopping');
    // 2. What waits is decided, answers of effects above all, and lands. A database that does not answer is not waited
    // for: the sources send it again.
    const giveUp = this.#options.clock.after(LANDING_MS, () => {
      void this.#worker?.stop();
      this.#abort.abort();
    });
    await this.#worker?.drain();
    await this.#worker?.stop();
    giveUp();
    this.#unwatch();
    this.#abort.abort();
    this.#deliver.turnAway(
      new RuntimeError(
        'NOT_RUNNING',
        'the system stopped before this message was committed: send it again under the same id',
      ),
    );
    // 3. The next owner need not wait.
    this.#letGo();
    if (this.#grant !== null && !failed)
      await store
        .unlock(this.#grant)
        .catch((error: unknown) =>
          log.warn({ error: textOf(error) }, 'the lease could not be given back and expires by itself'),
        );
    if (!failed) this.#phase = 'stopped';
  }

  #assertRunning(): void {
    if (this.#phase === 'running') return;
    const why = this.#reason === null ? '' : `: ${this.#reason}`;
    throw new RuntimeError('NOT_RUNNING', `the system is ${this.#phase}${why}`);
  }

  #fail(error: unknown): void {
    if (this.#phase === 'failed' || this.#phase === 'stopped') return;
    this.#phase = 'failed';
    this.#reason = textOf(error);
    this.#options.log.error(
      { error: this.#reason },
      'the runtime stopped by itself: nothing more is committed or sent by this process',
    );
    this.#timers.stop();
    this.#letGo();
    this.#abort.abort();
    void this.#release?.stop(0);
    void this.#worker?.stop();
    this.#deliver.turnAway(error instanceof Error ? error : new Error(this.#reason));
    this.#options.onFailed?.(error);
  }

  #gauges(): RuntimeGauges {
    return {
      mailboxDepth: this.#mailbox.outside,
      pendingEffects: this.#release?.size ?? 0,
      pendingTimers: this.#timers.size,
      leaseEpoch: Number(this.#grant?.epoch ?? 0n),
      actorsByKind: this.#directory.countByKind(),
    };
  }

  #health(): RuntimeHealth {
    return {
      phase: this.#phase,
      reason: this.#reason,
      epoch: String(this.#grant?.epoch ?? 0n),
      commitNumber: String(this.#worker?.commitNumber ?? 0n),
      actors: this.#directory.size,
      mailboxDepth: this.#mailbox.outside,
      pendingEffects: this.#release?.size ?? 0,
      pendingTimers: this.#timers.size,
    };
  }
}
