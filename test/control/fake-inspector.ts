// A running system that a spec plays by hand: actors appear, move and go, without a runtime or a database.
import type {
  ActorDetail,
  ActorSummary,
  Inspector,
  RuntimeHealth,
  TransitionView,
} from '../../actors/runtime/inspect.ts';
import { type ActorKey, type Json, kindOf } from '../../actors/runtime/message.ts';

type DeadLetter = Awaited<ReturnType<Inspector['deadLetters']>>[number];

export interface FakeInspector extends Inspector {
  /** Commits one transition of an actor, which it creates when there is none. */
  move(key: ActorKey, type: string, to: string, body?: Json): TransitionView;
  /** Its work is over: it leaves memory. */
  finish(key: ActorKey): void;
  readonly state: { phase: RuntimeHealth['phase']; reason: string | null };
  readonly letters: DeadLetter[];
  /** Thrown by find() when set. */
  failure: Error | null;
  readonly listeners: number;
}

export function fakeInspector(now: () => number = Date.now): FakeInspector {
  const live = new Map<ActorKey, ActorDetail>();
  const listeners = new Set<(view: TransitionView) => void>();
  const state: FakeInspector['state'] = { phase: 'running', reason: null };
  const letters: DeadLetter[] = [];
  let commits = 0;
  const sum = (field: 'mailboxDepth' | 'pendingEffects' | 'pendingTimers') =>
    [...live.values()].reduce((total, actor) => total + actor[field], 0);

  const fake: FakeInspector = {
    state,
    letters,
    failure: null,
    get listeners() {
      return listeners.size;
    },
    list({ kind, state: wanted, after = '', limit }) {
      const keys = [...live.keys()].filter((key) => key > after).sort();
      const actors = keys.map((key) => summaryOf(live.get(key)));
      return actors
        .filter((actor) => (kind ?? actor.kind) === actor.kind && (wanted ?? actor.state) === actor.state)
        .slice(0, limit);
    },
    async find(key, { transitions }) {
      if (fake.failure !== null) throw fake.failure;
      const actor = live.get(key);
      return actor === undefined ? null : { ...actor, transitions: actor.transitions.slice(0, transitions) };
    },
    onTransition(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    async deadLetters({ limit }) {
      return letters.slice(0, limit);
    },
    health: () => ({
      ...state,
      epoch: '7',
      commitNumber: String(commits),
      actors: live.size,
      mailboxDepth: sum('mailboxDepth'),
      pendingEffects: sum('pendingEffects'),
      pendingTimers: sum('pendingTimers'),
    }),
    move(key, type, to, body = {}) {
      commits += 1;
      const view = transitionOf(live.get(key), { key, type, to, body, at: now() });
      live.set(key, after(live.get(key), view));
      for (const listener of listeners) listener(view);
      return view;
    },
    finish: (key) => void live.delete(key),
  };
  return fake;
}

function transitionOf(
  actor: ActorDetail | undefined,
  moved: Pick<TransitionView, 'key' | 'type' | 'to' | 'body' | 'at'>,
): TransitionView {
  const number = (actor?.version ?? 0) + 1;
  const messageId = `strategy/mm-1#${number}.0`;
  return {
    ...moved,
    number,
    messageId,
    from: actor?.state ?? null,
    sender: 'strategy/mm-1',
    cause: null,
    correlation: messageId,
  };
}

function after(actor: ActorDetail | undefined, view: TransitionView): ActorDetail {
  const { key } = view;
  return {
    key,
    kind: kindOf(key),
    status: 'active',
    state: view.to,
    version: view.number,
    machineVersion: 1,
    mailboxDepth: 0,
    pendingTimers: 1,
    pendingEffects: view.number % 2,
    lastTransitionAt: view.at,
    lastMessage: view.type,
    snapshot: {
      v: view.to,
      c: { clientOrderId: key, quantity: '0.00100000', price: '61250.10', executions: [], postOnly: true },
    },
    accepts: ['CancelOrder', 'OrderReported', 'ReconcileRequested'],
    timers: [{ id: 'askAgain', dueAt: view.at + 15_000, message: 'xstate.after.askAgain' }],
    effects:
      view.number % 2 === 1
        ? [{ key: `${key}#${view.number}.0`, name: 'submitOrder', state: 'running', attempts: 1 }]
        : [],
    transitions: [view, ...(actor?.transitions ?? [])].slice(0, 50),
  };
}

function summaryOf(actor: ActorDetail | undefined): ActorSummary {
  if (actor === undefined) throw new Error('listed keys are live');
  const { snapshot, accepts, timers, effects, transitions, ...summary } = actor;
  return summary;
}
