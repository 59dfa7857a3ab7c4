// Small machines that exercise what the runtime must carry: timers, regions, history, effects, poison.
import { assign, emit, setup } from 'xstate';
import type { BalanceRow } from '../../actors/market/records.ts';
import { defineActor, effect } from '../../actors/runtime/actor.ts';
import {
  type Command,
  command,
  type Publish,
  publish,
  type Record,
  type Reply,
  record,
  reply,
  type Send,
  type Spawn,
  send,
  spawn,
} from '../../actors/runtime/effect.ts';
import type { ActorKey, Delivered } from '../../actors/runtime/message.ts';

export type CounterMessage =
  | { readonly type: 'Add'; readonly amount: number }
  | { readonly type: 'Forward'; readonly to: ActorKey; readonly amount: number }
  | { readonly type: 'Explode' }
  | { readonly type: 'Ignore' }
  | { readonly type: 'Wait'; readonly ms: number }
  | { readonly type: 'Call'; readonly text: string }
  | { readonly type: 'Called'; readonly text: string }
  | { readonly type: 'CallInterrupted'; readonly text: string }
  | { readonly type: 'CallFailed'; readonly text: string }
  | { readonly type: 'Announce'; readonly topic: string }
  | { readonly type: 'Beget'; readonly key: ActorKey }
  | { readonly type: 'Spoil' }
  | { readonly type: 'Rest' };
export interface CounterInput {
  readonly step: number;
}
interface CounterContext {
  readonly step: number;
  readonly total: number;
  readonly waits: number;
  readonly waitMs: number;
  readonly calls: readonly string[];
}
type CounterEvent = Delivered<CounterMessage>;
type Of<Type extends CounterMessage['type']> = Extract<CounterEvent, { type: Type }>;
export type CounterEffect =
  | Send
  | Spawn
  | Reply
  | Publish
  | Command<'call' | 'ask', { readonly text: string }>
  | Record<BalanceRow>;

/** Adds, forwards, waits, calls out, rests. `Explode` throws; `Spoil` records a balance that is no number. */
const counterMachine = setup({
  types: {
    context: {} as CounterContext,
    events: {} as CounterEvent,
    input: {} as CounterInput,
    emitted: {} as CounterEffect,
  },
  delays: { pause: ({ context }) => context.waitMs },
  actions: {
    add: assign(({ context }, event: Of<'Add'>) => ({ total: context.total + event.amount * context.step })),
    answerTotal: emit(({ context }) => reply(context.total)),
    forward: emit((_, event: Of<'Forward'>) => send(event.to, { type: 'Add', amount: event.amount })),
    explode: assign(() => {
      throw new Error('told to explode');
    }),
    setWait: assign((_, event: Of<'Wait'>) => ({ waitMs: event.ms })),
    countWait: assign(({ context }) => ({ waits: context.waits + 1 })),
    call: emit((_, event: Of<'Call'>) => command('call', { text: event.text })),
    noteCall: assign(({ context }, text: string) => ({ calls: [...context.calls, text].slice(-20) })),
    announce: emit((_, event: Of<'Announce'>) => publish(event.topic, { type: 'Announced' })),
    beget: emit((_, event: Of<'Beget'>) => spawn(event.key, { step: 1 })),
    spoil: emit(() =>
      record({ table: 'balances', provider: 'p', asset: 'BTC', available: 'many', locked: '0', observedAt: 0 }),
    ),
  },
}).createMachine({
  id: 'counter',
  version: '1',
  options: { maxIterations: 100 },
  context: ({ input }) => ({ step: input.step, total: 0, waits: 0, waitMs: 0, calls: [] }),
  initial: 'counting',
  states: {
    counting: {
      on: {
        Add: { actions: [{ type: 'add', params: ({ event }) => event }, 'answerTotal'] },
        Forward: { actions: { type: 'forward', params: ({ event }) => event } },
        Explode: { actions: 'explode' },
        Ignore: {},
        Wait: { target: 'waiting', actions: { type: 'setWait', params: ({ event }) => event } },
        Call: { actions: { type: 'call', params: ({ event }) => event } },
        Called: { actions: { type: 'noteCall', params: ({ event }) => event.text } },
        CallInterrupted: { actions: { type: 'noteCall', params: ({ event }) => `interrupted ${event.text}` } },
        CallFailed: { actions: { type: 'noteCall', params: ({ event }) => `failed ${event.text}` } },
        Announce: { actions: { type: 'announce', params: ({ event }) => event } },
        Beget: { actions: { type: 'beget', params: ({ event }) => event } },
        Spoil: { actions: 'spoil' },
        Rest: 'resting',
      },
    },
    waiting: { after: { pause: { target: 'counting', actions: 'countWait' } } },
    resting: {
      tags: ['resting'],
      on: { Add: { target: 'counting', actions: [{ type: 'add', params: ({ event }) => event }, 'answerTotal'] } },
    },
  },
});

export interface CounterPorts {
  readonly call: (text: string, key: string, attempt: number) => Promise<void>;
}

export function counterActor(
  options: {
    readonly afterCrash?: 'repeat' | 'askFirst';
    readonly attempts?: number;
    readonly intensity?: number;
  } = {},
) {
  return defineActor({
    kind: 'counter',
    version: 1,
    machine: counterMachine,
    restart: { intensity: options.intensity ?? 3, periodMs: 60_000, backoffMs: 20, maxBackoffMs: 200 },
    effects: {
      call: effect<{ readonly text: string }, CounterPorts>({
        afterCrash: options.afterCrash ?? 'repeat',
        backoffMs: 5,
        attempts: options.attempts ?? 3,
        interrupted: ({ text }) => ({ type: 'CallInterrupted', text }) as CounterMessage,
        failed: ({ text }) => ({ type: 'CallFailed', text }) as CounterMessage,
        async perform({ text }, { ports, key, attempt }) {
          await ports.call(text, key, attempt);
          return { type: 'Called', text } as CounterMessage;
        },
      }),
      ask: effect<{ readonly text: string }, CounterPorts>({ afterCrash: 'repeat', perform: async () => null }),
    },
  });
}

/** Parallel regions, history, always, delayed raise: what a stored snapshot must carry. */
export const mazeMachine = setup({
  types: {
    context: {} as { readonly n: number; readonly log: readonly string[] },
    events: {} as Delivered<{ readonly type: 'A' | 'B' | 'C' | 'D' | 'E' | 'Tick' }>,
    emitted: {} as Send,
  },
  delays: { soon: ({ context }) => 10 + context.n },
  guards: { even: ({ context }) => context.n % 2 === 0 },
  actions: {
    count: assign(({ context, event }) => ({ n: context.n + 1, log: [...context.log, event.type].slice(-5) })),
    tell: emit(({ context }) => send('counter/x', { type: 'Add', amount: context.n } as CounterMessage)),
  },
}).createMachine({
  id: 'maze',
  version: '1',
  options: { maxIterations: 100 },
  type: 'parallel',
  context: () => ({ n: 0, log: [] }),
  states: {
    left: {
      initial: 'one',
      states: {
        one: {
          on: {
            A: { target: 'two', actions: 'count' },
            B: { guard: 'even', target: 'deep', actions: ['count', 'tell'] },
          },
        },
        two: { after: { soon: 'one' }, on: { A: 'deep', C: {} } },
        deep: {
          initial: 'x',
          on: { D: 'away' },
          states: {
            x: { on: { A: 'y' } },
            y: { on: { B: { target: 'x', actions: 'count' } } },
            memory: { type: 'history', history: 'deep' },
          },
        },
        away: { on: { A: 'deep.memory', E: 'one' } },
      },
    },
    right: {
      initial: 'p',
      states: {
        p: { on: { E: { target: 'q', actions: 'tell' } } },
        q: { always: { guard: 'even', target: 'r' }, on: { E: 'p' } },
        r: { on: { E: 'p', C: { actions: 'count' } } },
      },
    },
  },
});
