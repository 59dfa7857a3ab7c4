// Who is in memory, what kinds there are, which messages from outside were applied lately, and which actors rest.
import type { ActorDefinition, EffectDefinition } from './actor.ts';
import type { RuntimeBounds } from './bounds.ts';
import { RuntimeError } from './errors.ts';
import type { Group } from './group.ts';
import { createLive, type Kind, type LiveActor } from './live.ts';
import { type ActorKey, kindOf } from './message.ts';
import { createStepper } from './step.ts';

export class Directory {
  readonly #kinds: ReadonlyMap<string, Kind>;
  readonly #bounds: RuntimeBounds;
  readonly #actors = new Map<ActorKey, LiveActor>();
  /** Resting actors still in memory, longest rest first. */
  readonly #resting = new Set<LiveActor>();
  /** `key messageId` of messages from outside, oldest first. */
  readonly #applied = new Set<string>();
  readonly #nextActorId: () => bigint;

  constructor(kinds: ReadonlyMap<string, Kind>, bounds: RuntimeBounds, nextActorId: () => bigint) {
    this.#kinds = kinds;
    this.#bounds = bounds;
    this.#nextActorId = nextActorId;
  }

  get size(): number {
    return this.#actors.size;
  }
  countByKind(): { readonly [kind: string]: number } {
    const counts: { [kind: string]: number } = {};
    for (const name of this.#kinds.keys()) counts[name] = 0;
    for (const { kind } of this.#actors.values())
      counts[kind.definition.kind] = (counts[kind.definition.kind] ?? 0) + 1;
    return counts;
  }
  values(): IterableIterator<LiveActor> {
    return this.#actors.values();
  }
  get(key: ActorKey): LiveActor | null {
    return this.#actors.get(key) ?? null;
  }

  /** Throws KIND_UNKNOWN. */
  kind(name: string): Kind {
    const kind = this.#kinds.get(name);
    if (kind === undefined)
      throw new RuntimeError(
        'KIND_UNKNOWN',
        `there is no actor kind ${JSON.stringify(name)}, known are ${[...this.#kinds.keys()].join(', ')}`,
      );
    return kind;
  }
  findKind(name: string): Kind | null {
    return this.#kinds.get(name) ?? null;
  }

  /** Throws when the kind does not define this command. */
  effectOf(kind: string, name: string): EffectDefinition {
    const effect = this.kind(kind).definition.effects[name];
    if (effect === undefined)
      throw new RuntimeError(
        'MACHINE_UNFIT',
        `${kind} emitted the command ${name}, which its definition does not have`,
      );
    return effect;
  }

  /** Puts an actor loaded from the store, or born here, where messages find it. */
  add(actor: LiveActor): void {
    this.#actors.set(actor.key, actor);
    this.rest(actor);
  }

  /** An actor that exists from this group's commit on; nothing when it exists already. */
  beget(group: Group | null, key: ActorKey): LiveActor {
    const known = this.#actors.get(key);
    if (known !== undefined) return known;
    const actor = createLive(this.#nextActorId(), key, this.kind(kindOf(key)));
    this.#actors.set(key, actor);
    group?.born.push(actor);
    return actor;
  }

  remove(actor: LiveActor): void {
    this.#actors.delete(actor.key);
    this.#resting.delete(actor);
  }

  /** Keeps the list of resting actors true; called after each turn. */
  rest(actor: LiveActor): void {
    this.#resting.delete(actor);
    if (actor.status === 'done') this.#resting.add(actor);
  }

  /** Lets the longest resting actors leave memory until the bound holds. Only between groups: `busy` ones stay. */
  evict(busy: (actor: LiveActor) => boolean): void {
    let over = this.#resting.size - this.#bounds.restingActors;
    if (over <= 0) return;
    for (const actor of this.#resting) {
      if (over <= 0) return;
      if (busy(actor) || actor.inner.length > 0 || actor.outside.length > 0) continue;
      this.remove(actor);
      over -= 1;
    }
  }

  wasApplied(key: ActorKey, messageId: string): boolean {
    return this.#applied.has(`${key} ${messageId}`);
  }
  /** False when it was known already. */
  remember(key: ActorKey, messageId: string): boolean {
    const entry = `${key} ${messageId}`;
    if (this.#applied.has(entry)) return false;
    this.#applied.add(entry);
    if (this.#applied.size > this.#bounds.recentMessages) {
      for (const oldest of this.#applied) {
        this.#applied.delete(oldest);
        break;
      }
    }
    return true;
  }
  forget(entries: readonly string[]): void {
    for (const entry of entries) this.#applied.delete(entry);
  }
}

/** Throws KIND_UNKNOWN when two definitions share a kind. */
export function kindsOf(actors: readonly ActorDefinition[]): ReadonlyMap<string, Kind> {
  const kinds = new Map<string, Kind>();
  for (const definition of actors) {
    if (kinds.has(definition.kind))
      throw new RuntimeError('KIND_UNKNOWN', `the kind ${definition.kind} is defined twice`);
    kinds.set(definition.kind, { definition, stepper: createStepper(definition.machine) });
  }
  return kinds;
}
