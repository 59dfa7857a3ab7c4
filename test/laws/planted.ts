// Machines that break the laws, one law each, and one that keeps them all.
import { type AnyStateMachine, assign, emit, raise, setup } from 'xstate';
import { type ActorDefinition, defineActor } from '../../actors/runtime/actor.ts';
import { command, type Effect, publish, record, reply, send, spawn } from '../../actors/runtime/effect.ts';
import type { Message } from '../../actors/runtime/message.ts';
import type { LAWS } from './laws.ts';
import type { Life } from './life.ts';

interface Context {
  readonly n: number;
  readonly notes: string[];
  readonly odd: unknown;
}
type Said = Message & { readonly at: number; readonly messageId: string };
type Change = (context: Context, said: Said) => Partial<Context>;

const count: Change = ({ n }) => ({ n: n + 1 });

interface Parts {
  /** What a Poke does to the context. */
  readonly change?: Change;
  /** What a Poke makes it ask for. */
  readonly emits?: () => Effect;
  /** How long its timer waits. */
  readonly waitMs?: () => number;
  /** Whether it counts without being told to. */
  readonly restless?: (context: Context, said: Said) => boolean;
}

function planted({
  change = count,
  emits = () => reply(null),
  waitMs = () => 1_000,
  restless = () => false,
}: Parts): ActorDefinition {
  const machine = setup({
    types: { context: {} as Context, events: {} as Said, emitted: {} as Effect },
    delays: { while: waitMs },
    guards: { isRestless: ({ context, event }) => restless(context, event) },
    actions: {
      change: assign(({ context, event }) => change(context, event)),
      ask: emit(() => emits()),
      wait: raise({ type: 'Rung' } as Said, { id: 'bell', delay: 'while' }),
      count: assign(({ context, event }) => count(context, event)),
    },
  }).createMachine({
    id: 'planted',
    version: '1',
    options: { maxIterations: 100 },
    context: () => ({ n: 0, notes: [], odd: null }),
    always: { guard: 'isRestless', actions: 'count' },
    on: { Poke: { actions: ['change', 'ask', 'wait'] }, Rung: { actions: 'count' }, Look: {} },
  });
  return asActor(machine);
}

function asActor(machine: AnyStateMachine): ActorDefinition {
  return defineActor({ kind: 'planted', version: 1, machine });
}

/** Hears Poke in one of its states alone. */
const narrow = asActor(
  setup({ types: { context: {} as Context, events: {} as Said } }).createMachine({
    id: 'narrow',
    version: '1',
    options: { maxIterations: 100 },
    context: () => ({ n: 0, notes: [], odd: null }),
    initial: 'open',
    states: { open: { on: { Poke: 'shut' } }, shut: {} },
  }),
);

const poke = { afterMs: 10, message: { type: 'Poke', text: 'x'.repeat(50) }, sender: null };
const look = { afterMs: 0, message: { type: 'Look' }, sender: null };
export const POKED: Life = {
  input: {},
  bornAt: 1_000,
  happenings: [poke, look, poke, { afterMs: 1_000, timer: 'bell' }, poke],
};

export const SOUND: ActorDefinition = planted({});

let hidden = 0;

/** By law: what is wrong with a machine, and the machine. */
export const PLANTED: { readonly [law in keyof typeof LAWS]: { readonly [fault: string]: ActorDefinition } } = {
  roundTrip: {
    'keeps what bytes cannot hold': planted({
      change: ({ odd, n }) => ({ odd: new Date(0), n: n + (odd instanceof Date ? 2 : 1) }),
    }),
  },
  replay: {
    'counts outside of its context': planted({
      change: () => {
        hidden += 1;
        return { n: hidden };
      },
    }),
  },
  unhandled: {
    'acts on what it does not name': planted({ restless: ({ n }, { type }) => n === 0 && !type.startsWith('xstate.') }),
  },
  decodable: {
    'sends to a kind that is not there': planted({ emits: () => send('nowhere/x', { type: 'Hello' }) }),
    'sends to what is no key': planted({ emits: () => send('planted/with space', { type: 'Hello' }) }),
    'sends what is no message': planted({ emits: () => send('planted/x', { type: '@init' }) }),
    'spawns a kind that is not there': planted({ emits: () => spawn('nowhere/x', {}) }),
    'gives a command nobody performs': planted({ emits: () => command('nothing', {}) }),
    'gives a command that is not JSON': planted({
      emits: () => send('planted/x', { type: 'Hello', when: new Date(0) } as Message),
    }),
    'records what no table takes': planted({ emits: () => record({ table: 'nowhere' }) }),
    'publishes under no topic': planted({ emits: () => publish('', { type: 'Hello' }) }),
    'emits what is no effect': planted({ emits: () => ({ type: 'shout' }) as never }),
    'waits for no time that can be told': planted({ waitMs: () => Number.NaN }),
    'waits backwards': planted({ waitMs: () => -1 }),
  },
  frozen: {
    'writes into its own list': planted({
      change: ({ notes }) => {
        notes.push('poked');
        return {};
      },
    }),
    'writes into the message': planted({
      change: (_, said) => {
        (said as { at: number }).at = 0;
        return {};
      },
    }),
  },
  plain: {
    'keeps what is not there': planted({ change: () => ({ odd: { gone: undefined } }) }),
    'keeps what is no number': planted({ change: () => ({ n: Number.NaN }) }),
    'keeps too much': planted({ change: () => ({ odd: 'x'.repeat(300_000) }) }),
  },
  pure: {
    'looks at the clock': planted({ change: () => ({ n: Date.now() }) }),
    'looks at the date': planted({ change: () => ({ n: new Date().getFullYear() }) }),
    'throws dice': planted({ change: () => ({ n: Math.random() }) }),
  },
  anyOrder: {
    'hears a message in one of its states alone': narrow,
    throws: planted({
      change: () => {
        throw new Error('no');
      },
    }),
  },
};

/** Remembers every message it ever heard. */
export const HOARDER: ActorDefinition = planted({
  change: ({ notes }, said) => ({ notes: [...notes, JSON.stringify(said)] }),
});
