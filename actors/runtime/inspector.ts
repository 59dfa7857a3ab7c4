// The operator's view of a running system, as of the last commit.
import type { Directory } from './directory.ts';
import type { ActorDetail, ActorSummary, Inspector, RuntimeHealth, TransitionView } from './inspect.ts';
import type { LiveActor } from './live.ts';
import { type ActorKey, type Json, kindOf } from './message.ts';
import type { History, Store } from './ports.ts';
import type { Release } from './release.ts';
import { encode } from './step.ts';
import type { Worker } from './worker.ts';

export interface InspectorDeps {
  readonly store: Store;
  readonly directory: Directory;
  readonly release: () => Release | null;
  readonly worker: () => Worker | null;
  readonly health: () => RuntimeHealth;
  readonly onTransition: (listener: (view: TransitionView) => void) => () => void;
}

export function createInspector(deps: InspectorDeps): Inspector {
  return {
    list: (filter) => listActors(deps, filter),
    find: (key, options) => findActor(deps, key, options.transitions),
    onTransition: deps.onTransition,
    health: deps.health,
    async deadLetters({ limit }) {
      const letters = await deps.store.listDeadLetters({ limit });
      return letters.map(({ id, envelope, reason, error, createdAt }) => ({
        id: id.toString(),
        key: envelope.to,
        type: envelope.body.type,
        reason,
        error,
        createdAt,
      }));
    },
  };
}

function listActors(deps: InspectorDeps, filter: Parameters<Inspector['list']>[0]): readonly ActorSummary[] {
  const { kind, state, after, limit } = filter;
  const found: LiveActor[] = [];
  for (const actor of deps.directory.values()) {
    if (actor.head === null || (after !== undefined && actor.key <= after)) continue;
    if (kind !== undefined && actor.kind.definition.kind !== kind) continue;
    if (state !== undefined && actor.head.shape.state !== state) continue;
    found.push(actor);
    // The smallest keys so far are enough: a page costs one walk, however many actors there are.
    if (found.length >= 4 * limit) keepFirst(found, limit);
  }
  keepFirst(found, limit);
  return found.map((actor) => summary(deps, actor));
}

function keepFirst(found: LiveActor[], limit: number): void {
  found.sort((a, b) => (a.key < b.key ? -1 : 1));
  found.length = Math.min(found.length, limit);
}

function summary(deps: InspectorDeps, actor: LiveActor): ActorSummary {
  const seen = deps.worker()?.committed(actor) ?? actor;
  return {
    key: actor.key,
    kind: actor.kind.definition.kind,
    status: seen.status,
    state: seen.head?.shape.state ?? '',
    version: seen.version,
    machineVersion: actor.kind.definition.version,
    mailboxDepth: actor.inner.length + actor.outside.length,
    pendingTimers: seen.timers?.size ?? 0,
    pendingEffects: deps.release()?.countOf(actor.key) ?? 0,
    lastTransitionAt: seen.lastAt,
    lastMessage: seen.lastType,
  };
}

async function findActor(deps: InspectorDeps, key: ActorKey, transitions: number): Promise<ActorDetail | null> {
  const history = await deps.store.history(key, { last: transitions });
  if (history === null) return null;
  const live = deps.directory.get(key);
  const kind = deps.directory.findKind(kindOf(key));
  const head = live === null ? null : (deps.worker()?.committed(live) ?? live).head;
  const effects = deps.release()?.of(key) ?? [];
  const timers = live === null ? [] : [...((deps.worker()?.committed(live) ?? live).timers ?? [])];
  return {
    ...(live === null ? atRest(history) : summary(deps, live)),
    snapshot: JSON.parse(head === null ? history.snapshot : encode(head)) as Json,
    accepts: head === null || kind === null ? [] : kind.stepper.accepts(head),
    timers: timers.map(([id, timer]) => ({
      id,
      dueAt: timer.dueAt,
      message: (JSON.parse(timer.body) as { type: string }).type,
    })),
    effects: effects.map(({ pending, state, attempts }) => ({ key: pending.key, name: pending.name, state, attempts })),
    transitions: history.transitions.map((row) => transitionView(key, row)).reverse(),
  };
}

function atRest(history: History): ActorSummary {
  const last = history.transitions.at(-1);
  return {
    key: history.key,
    kind: history.kind,
    status: 'done',
    state: history.state,
    version: history.version,
    machineVersion: history.machineVersion,
    mailboxDepth: 0,
    pendingTimers: 0,
    pendingEffects: 0,
    lastTransitionAt: last?.at ?? null,
    lastMessage: last?.type ?? null,
  };
}

export function transitionView(key: ActorKey, row: History['transitions'][number]): TransitionView {
  const { number, messageId, type, fromState, toState, at, sender, cause, correlation } = row;
  return {
    key,
    number,
    messageId,
    type,
    body: JSON.parse(row.body) as Json,
    from: fromState,
    to: toState,
    at,
    sender,
    cause,
    correlation,
  };
}
