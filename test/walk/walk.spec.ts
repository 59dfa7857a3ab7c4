// Every transition of every machine is taken. One that is never taken is dead, or guarded by what cannot be.
import test from 'ava';
import type { AnyStateMachine } from 'xstate';
import { busMachine } from '../../actors/bus/machine.ts';
import { orderMachine } from '../../actors/order/machine.ts';
import { providerMachine } from '../../actors/provider/machine.ts';
import { riskMachine } from '../../actors/risk/machine.ts';
import { strategyMachine } from '../../actors/strategy/machine.ts';
import { supervisorMachine } from '../../actors/supervisor/machine.ts';
import { bus } from './bus.ts';
import { order } from './order.ts';
import { provider } from './provider.ts';
import { risk } from './risk.ts';
import { strategy } from './strategy.ts';
import { supervisor } from './supervisor.ts';
import { type Alphabet, walk } from './walk.ts';

const STEPS_MAX = 120_000;

function takes(name: string, machine: AnyStateMachine, alphabet: Alphabet, unreachable: readonly string[] = []): void {
  test(`${name}: every transition is taken, and every message is heard in every state`, (t) => {
    t.timeout(240_000);
    const { all, taken, steps, unheard } = walk(machine, alphabet, STEPS_MAX);
    t.log(`${all.size} transitions in ${steps} steps`);
    t.deepEqual([...all].filter((line) => !taken.has(line)).toSorted(), unreachable.toSorted());
    t.deepEqual(unheard, []);
  });
}

takes('order', orderMachine, order);
takes('provider', providerMachine, provider);
takes('strategy', strategyMachine, strategy);
takes('risk', riskMachine, risk);
takes('bus', busMachine, bus);
takes('supervisor', supervisorMachine, supervisor);
