// given(machine, input).hears(message): a machine's decisions without a runtime. After every step the snapshot goes
// through JSON and back, so whatever a stored actor would lose shows here.
import type { AnyStateMachine } from 'xstate';
import type { Effect } from '../../actors/runtime/effect.ts';
import type { Message } from '../../actors/runtime/message.ts';
import {
  createStepper,
  encode,
  type Head,
  type RawAction,
  type Step,
  type Stepper,
} from '../../actors/runtime/step.ts';

const steppers = new WeakMap<AnyStateMachine, Stepper>();

/** An actor at rest between two messages. Scenes are values: hearing a message makes a new one. */
export class Scene<Body extends Message, Context extends object> {
  readonly state: string;
  readonly context: Context;
  readonly resting: boolean;
  /** What the last `hears` or `waits` emitted, in order. */
  readonly effects: readonly Effect[];
  /** Armed timers by their delay's name, with the delay in ms. */
  readonly timers: { readonly [name: string]: number };
  /** False when a message of the last `hears` had no transition. */
  readonly handled: boolean;
  readonly #stepper: Stepper;
  readonly #head: Head;
  readonly #armed: ReadonlyMap<string, number>;
  readonly #at: number;
  readonly #count: number;

  constructor(
    stepper: Stepper,
    step: Step,
    effects: readonly Effect[],
    armed: ReadonlyMap<string, number>,
    at: number,
    count: number,
  ) {
    const text = encode(step.head);
    this.#head = stepper.restore(JSON.parse(text));
    if (encode(this.#head) !== text) throw new Error(`JSON changes the snapshot: ${text} became ${encode(this.#head)}`);
    this.#stepper = stepper;
    this.#armed = armed;
    this.#at = at;
    this.#count = count;
    this.state = step.head.shape.state;
    this.context = this.#head.context as Context;
    this.resting = step.head.shape.resting;
    this.effects = effects;
    this.timers = Object.fromEntries([...armed].map(([id, delay]) => [nameOf(id), delay]));
    this.handled = step.handled;
  }

  /** The same actor at another time. */
  at(at: number): Scene<Body, Context> {
    const step = { head: this.#head, actions: [], handled: true };
    return new Scene(this.#stepper, step, this.effects, this.#armed, at, this.#count);
  }

  /** Applies the messages one after another, all at the present time. */
  hears(...bodies: readonly Body[]): Scene<Body, Context> {
    let scene: Scene<Body, Context> = this;
    const effects: Effect[] = [];
    let handled = true;
    for (const body of bodies) {
      scene = scene.#apply(body);
      effects.push(...scene.effects);
      handled &&= scene.handled;
    }
    return new Scene(
      this.#stepper,
      { head: scene.#head, actions: [], handled },
      effects,
      scene.#armed,
      scene.#at,
      scene.#count,
    );
  }

  /** Lets the armed timer fire; the time moves on by its delay. */
  waits(name: string): Scene<Body, Context> {
    const [id, delay] = [...this.#armed].find(([armed]) => nameOf(armed) === name) ?? [];
    if (id === undefined || delay === undefined) {
      throw new Error(`no timer ${name} is armed in ${this.state}, armed: ${[...this.#armed.keys()].join(', ')}`);
    }
    return this.at(this.#at + delay).#apply({ type: id });
  }

  #apply(body: Message): Scene<Body, Context> {
    const event = { ...body, at: this.#at, messageId: `m${this.#count}` };
    const step = this.#stepper.step(this.#head, event);
    const armed = new Map(this.#armed);
    armed.delete(body.type);
    const effects = decode(step.actions, armed);
    return new Scene(this.#stepper, step, effects, armed, this.#at, this.#count + 1);
  }
}

export function given<Body extends Message, Context extends object>(
  machine: AnyStateMachine,
  input: object,
  at = 1_000,
): Scene<Body, Context> {
  const stepper = steppers.get(machine) ?? createStepper(machine);
  steppers.set(machine, stepper);
  const step = stepper.start(input);
  const armed = new Map<string, number>();
  return new Scene(stepper, step, decode(step.actions, armed), armed, at, 1);
}

function decode(actions: readonly RawAction[], armed: Map<string, number>): Effect[] {
  const effects: Effect[] = [];
  for (const { type, params } of actions) {
    if (type === 'xstate.emit') effects.push((params as { readonly event: Effect }).event);
    else if (type === 'xstate.cancel') armed.delete((params as { readonly sendId: string }).sendId);
    else if (type === 'xstate.raise') {
      const { id, delay } = params as { readonly id?: string; readonly delay?: number };
      if (delay !== undefined) armed.set(String(id), delay);
    } else throw new Error(`the machine asked for ${type}, which is not durable`);
  }
  return JSON.parse(JSON.stringify(effects, plain)) as Effect[];
}

/** What a machine emits is stored as JSON text: nothing may be lost on the way. */
function plain(key: string, value: unknown): unknown {
  const isLost =
    value === undefined || (typeof value === 'number' && !Number.isFinite(value)) || typeof value === 'function';
  if (isLost) throw new Error(`an effect is not plain JSON: ${key} is ${String(value)}`);
  return value;
}

/** `xstate.after.askAgain.order.life.doubt.waiting` → `askAgain`. */
function nameOf(timerId: string): string {
  return timerId.split('.')[2] ?? timerId;
}
