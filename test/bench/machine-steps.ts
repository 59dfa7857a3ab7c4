// Steps per second of the machines alone, through the runtime's stepper: no commit, no journal. And what a resident
// order weighs. Run: node bin/node24.mjs --expose-gc test/bench/machine-steps.ts
import process from 'node:process';
import type { AnyStateMachine } from 'xstate';
import { busMachine } from '../../actors/bus/machine.ts';
import { orderMachine } from '../../actors/order/machine.ts';
import type { OrderInput, OrderMessage } from '../../actors/order/messages.ts';
import { riskMachine } from '../../actors/risk/machine.ts';
import type { Delivered, Message } from '../../actors/runtime/message.ts';
import { createStepper, encode, type Head } from '../../actors/runtime/step.ts';
import { acked, execution, orderInput, reported, word } from '../support/orders.ts';
import { filled, NO_LIMITS, price, released, wants } from '../support/risks.ts';

const ACTORS = 20_000;
const ROUNDS = 7;
const RESIDENT = 100_000;

interface Course {
  readonly name: string;
  readonly machine: AnyStateMachine;
  readonly inputs: readonly object[];
  /** What every actor hears, one after another; all actors hear the first before any hears the second. */
  readonly messages: readonly Message[];
}

/** A limit order that fills in two parts: the journey of most orders. */
const lifetime: readonly OrderMessage[] = [
  { type: 'ReservationGranted' },
  { type: 'SubmitGranted' },
  acked(),
  reported(word('open', '0.4'), execution('1', '0.4')),
  reported(word('filled', '1'), execution('2', '0.6')),
];

function orderInputs(count: number): OrderInput[] {
  return Array.from({ length: count }, (_, index) => orderInput({ clientOrderId: `mm1${index}` }));
}

const courses: readonly Course[] = [
  { name: 'order', machine: orderMachine, inputs: orderInputs(ACTORS), messages: lifetime },
  {
    name: 'risk',
    machine: riskMachine,
    inputs: Array.from({ length: ACTORS }, () => ({ scope: 'firm', limits: { ...NO_LIMITS, priceBandPercent: '5' } })),
    messages: [price('100'), wants('a'), wants('b'), filled('a', '1'), released('a'), released('b')],
  },
  {
    name: 'bus',
    machine: busMachine,
    inputs: Array.from({ length: ACTORS }, () => ({})),
    messages: [
      { type: 'Subscribe', topic: 'orders/mm-1', subscriber: 'strategy/mm-1' } as Message,
      { type: 'Published', topic: 'orders/mm-1', event: { type: 'ExecReport' } } as Message,
      { type: 'Published', topic: 'orders/mm-2', event: { type: 'ExecReport' } } as Message,
    ],
  },
];

for (const course of courses) report(course);
weigh();

function report({ name, machine, inputs, messages }: Course): void {
  const rounds = Array.from({ length: ROUNDS }, () => measure(machine, inputs, messages));
  const best = rounds.reduce((left, right) => (total(right) < total(left) ? right : left));
  const steps = inputs.length * (messages.length + 1);
  const each = ['start', ...messages.map(({ type }) => type)];
  console.log(`${name}: ${Math.round((steps / total(best)) * 1e9)} steps/s, best of ${ROUNDS}`);
  for (const [index, label] of each.entries()) {
    console.log(`  ${label}: ${((best[index] ?? 0) / inputs.length / 1_000).toFixed(1)} us`);
  }
}

/** Nanoseconds per message for all actors together, the start first. */
function measure(machine: AnyStateMachine, inputs: readonly object[], messages: readonly Message[]): readonly number[] {
  const stepper = createStepper(machine);
  let heads: Head[] = [];
  const times = [timed(() => (heads = inputs.map((input) => stepper.start(input).head)))];
  for (const message of messages) {
    const event = stamp(message);
    times.push(timed(() => (heads = heads.map((head) => stepper.step(head, event).head))));
  }
  return times;
}

/** Heap of resident working orders, restored from their stored text as a boot does. */
function weigh(): void {
  const stepper = createStepper(orderMachine);
  const working = lifetime.slice(0, 4).map(stamp);
  const heads = orderInputs(RESIDENT).map((input) =>
    working.reduce((head, event) => stepper.step(head, event).head, stepper.start(input).head),
  );
  const texts = heads.map(encode);
  heads.length = 0;
  globalThis.gc?.();
  const before = process.memoryUsage().heapUsed;
  const restored = texts.map((text) => stepper.restore(JSON.parse(text)));
  globalThis.gc?.();
  const bytes = (process.memoryUsage().heapUsed - before) / restored.length;
  const chars = texts.reduce((sum, text) => sum + text.length, 0) / texts.length;
  console.log(
    `${restored.length} orders: ${Math.round(bytes)} bytes of heap each, ${Math.round(chars)} characters stored`,
  );
}

function stamp(body: Message): Delivered<Message> {
  return { ...body, at: 2_000, messageId: 'm' };
}

function timed(fn: () => void): number {
  const begun = process.hrtime.bigint();
  fn();
  return Number(process.hrtime.bigint() - begun);
}

function total(times: readonly number[]): number {
  return times.reduce((sum, time) => sum + time, 0);
}
