// Stage 3 of 6, decide. Before: claim (mailbox.ts). After: commit (commit.ts, persistence/unit-of-work.ts).
//
// A turn takes one message of one actor, steps its machine and interprets what the machine emitted. It is pure but for
// the group and the actor it is given: no clock, no random, no I/O. It cannot fail half-way: everything the machine
// asked for is checked before the first of it is taken over, so a message that throws leaves its actor as it was, and
// its dead letter is part of the same group.
import type { StoredSnapshot } from './actor.ts';
import type { RuntimeBounds } from './bounds.ts';
import type { Directory } from './directory.ts';
import type { Effect } from './effect.ts';
import { RuntimeError, textOf } from './errors.ts';
import type { Group } from './group.ts';
import { type ArmedTimer, bodyText, type Delivery, type LiveActor } from './live.ts';
import type { Mailbox } from './mailbox.ts';
import { type ActorKey, type Delivered, type Envelope, effectKey, type Json, kindOf, type Message } from './message.ts';
import type { DeadLetterReason } from './ports.ts';
import type { Head, RawAction, Step } from './step.ts';

export const INIT = '@init';
export const UPGRADE = '@upgrade';

/** What a turn works on. */
export interface Desk {
  readonly bounds: RuntimeBounds;
  readonly directory: Directory;
  readonly mailbox: Mailbox;
  readonly bus: ActorKey | null;
  readonly supervisor: ActorKey | null;
  readonly nextOutboxId: () => bigint;
}

type TimerChange =
  | { readonly put: true; readonly id: string; readonly delayMs: number; readonly body: Message }
  | { readonly put: false; readonly id: string };
interface Decision {
  readonly effects: readonly Effect[];
  readonly timers: readonly TimerChange[];
}

/** Applies one message, or says in the group why it was not applied. */
export function turn(desk: Desk, group: Group, actor: LiveActor, delivery: Delivery): void {
  delivery.takenBy = group.number;
  group.taken.push({ actor, delivery });
  // 1. Was it applied before, or is it a timer that was disarmed or armed anew since?
  if (isStale(desk, group, actor, delivery)) return;
  // 2. Can this actor still take a message?
  const obstacle = obstacleOf(actor, delivery);
  if (obstacle !== null) {
    bury(group, delivery, 'undeliverable', obstacle);
    return;
  }
  // 3. Decide.
  let step: Step;
  let decision: Decision;
  try {
    step = stepOf(actor, delivery, group.at);
    decision = decode(desk, delivery.envelope, step.actions);
  } catch (error) {
    reject(desk, group, actor, delivery, 'poison', textOf(error));
    return;
  }
  if (!step.handled) {
    bury(
      group,
      delivery,
      'unhandled',
      `${actor.key} in state ${step.head.shape.state} has no transition for ${delivery.envelope.body.type}`,
    );
    return;
  }
  // 4. Take it over.
  const from = actor.head;
  group.touch(actor);
  group.turns += 1;
  actor.head = step.head;
  actor.version += 1;
  actor.lastAt = group.at;
  actor.lastType = delivery.envelope.body.type;
  applyTimers(actor, delivery, decision.timers, group.at);
  const value = applyEffects(desk, group, actor, delivery.envelope, decision.effects);
  applyStatus(desk, actor, step);
  journal(group, actor, delivery, from?.shape.state ?? null);
  settle(desk, group, actor, delivery);
  group.outcomes.push({
    delivery,
    outcome: { outcome: 'applied', version: actor.version, state: step.head.shape.state, reply: value },
  });
}

function isStale(desk: Desk, group: Group, actor: LiveActor, delivery: Delivery): boolean {
  const { envelope, timer } = delivery;
  if (timer !== null) return actor.timers?.get(timer.id)?.generation !== timer.generation;
  const again =
    envelope.body.type === INIT
      ? actor.head !== null
      : delivery.lane === 'outside' && desk.directory.wasApplied(actor.key, envelope.id);
  if (again) {
    settle(desk, group, actor, delivery);
    group.outcomes.push({ delivery, outcome: { outcome: 'duplicate' } });
  }
  return again;
}

function obstacleOf(actor: LiveActor, delivery: Delivery): string | null {
  if (actor.status === 'failed') return `${actor.key} was given up by its supervisor`;
  if (delivery.envelope.body.type === INIT) return null;
  if (actor.head === null) return `${actor.key} could not be started`;
  return actor.head.shape.status === 'done' ? `${actor.key} is finished` : null;
}

function stepOf(actor: LiveActor, delivery: Delivery, at: number): Step {
  const { body, id } = delivery.envelope;
  const { stepper } = actor.kind;
  if (body.type === INIT) return stepper.start((body as Message & { readonly input: unknown }).input);
  if (body.type === UPGRADE)
    return {
      head: stepper.restore((body as Message & { readonly snapshot: StoredSnapshot }).snapshot),
      actions: [],
      handled: true,
    };
  return stepper.step(actor.head as Head, stamp(body, at, id));
}

export function stamp(body: Message, at: number, messageId: string): Delivered<Message> {
  return { ...body, at, messageId };
}

/** From XState's action objects to effects and timer changes; throws on anything a durable machine may not ask for. */
function decode(desk: Desk, envelope: Envelope, actions: readonly RawAction[]): Decision {
  const effects: Effect[] = [];
  const timers: TimerChange[] = [];
  for (const { type, params } of actions) {
    if (type === 'xstate.emit') effects.push(checkEffect(desk, (params as { readonly event: Effect }).event, envelope));
    else if (type === 'xstate.raise') {
      const { event, id, delay } = params as { readonly event: Message; readonly id?: string; readonly delay?: number };
      if (delay === undefined) continue;
      if (!Number.isFinite(delay) || id === undefined)
        throw new RuntimeError(
          'MACHINE_UNFIT',
          `a timer needs an id and a finite delay, id=${String(id)}, delay=${String(delay)}`,
        );
      timers.push({ put: true, id, delayMs: delay, body: event });
    } else if (type === 'xstate.cancel')
      timers.push({ put: false, id: String((params as { readonly sendId: string }).sendId) });
    else throw new RuntimeError('MACHINE_UNFIT', `the machine asked for ${type}, which is not durable`);
  }
  if (effects.length > desk.bounds.effectsPerTurn) {
    throw new RuntimeError(
      'MACHINE_UNFIT',
      `one turn emitted ${effects.length} effects, at most ${desk.bounds.effectsPerTurn} are allowed`,
    );
  }
  return { effects, timers };
}

function checkEffect(desk: Desk, effect: Effect, envelope: Envelope): Effect {
  const target = effect.type === 'send' ? effect.to : effect.type === 'spawn' ? effect.key : null;
  if (target !== null) {
    desk.directory.kind(kindOf(target));
    if (envelope.hop >= desk.bounds.hops) {
      throw new RuntimeError(
        'MACHINE_UNFIT',
        `the cascade of ${envelope.correlation} has ${envelope.hop} hops, at most ${desk.bounds.hops} are allowed`,
      );
    }
  }
  if (effect.type === 'command') desk.directory.effectOf(kindOf(envelope.to), effect.name);
  return effect;
}

function applyTimers(actor: LiveActor, delivery: Delivery, changes: readonly TimerChange[], at: number): void {
  if (changes.length === 0 && delivery.timer === null) return;
  const timers = new Map<string, ArmedTimer>(actor.timers);
  // A timer that fired is gone, also a delayed raise, which the machine does not cancel itself.
  if (delivery.timer !== null) timers.delete(delivery.timer.id);
  for (const change of changes) {
    if (!change.put) timers.delete(change.id);
    else {
      const { correlation } = delivery.envelope;
      timers.set(change.id, {
        generation: actor.version,
        dueAt: at + change.delayMs,
        body: JSON.stringify(change.body),
        correlation,
      });
    }
  }
  actor.timers = timers.size === 0 ? null : timers;
}

/** In the order in which the machine emitted them. Returns what it replied. */
function applyEffects(desk: Desk, group: Group, actor: LiveActor, cause: Envelope, effects: readonly Effect[]): Json {
  let value: Json = null;
  for (let index = 0; index < effects.length; index += 1) {
    const effect = effects[index] as Effect;
    const id = effectKey(actor.key, actor.version, index);
    if (effect.type === 'send')
      produce(desk, group, actor, envelopeOf(id, effect.to, actor.key, effect.message, cause), 'message', null);
    else if (effect.type === 'record') group.records.push({ actorId: actor.id, row: effect.row });
    else if (effect.type === 'publish') publishEvent(desk, group, actor, id, cause, effect.topic, effect.event);
    else if (effect.type === 'command') queueCommand(desk, group, actor, id, cause, effect.name, effect.args as Json);
    else if (effect.type === 'spawn') {
      desk.directory.beget(group, effect.key);
      const body = { type: INIT, input: effect.input };
      produce(desk, group, actor, envelopeOf(id, effect.key, actor.key, body, cause), 'message', null);
    } else if (effect.type === 'reply') value = effect.value;
    else superviseActor(desk, group, effect.key, effect.verdict);
  }
  return value;
}

function envelopeOf(id: string, to: ActorKey, from: ActorKey, body: Message, cause: Envelope): Envelope {
  return { id, to, from, body, cause: cause.id, correlation: cause.correlation, hop: cause.hop + 1 };
}

function produce(
  desk: Desk,
  group: Group,
  source: LiveActor,
  envelope: Envelope,
  lane: 'message' | 'event',
  topic: string | null,
): void {
  const delivery: Delivery = {
    envelope,
    outboxId: null,
    lane,
    timer: null,
    topic,
    redrive: false,
    done: null,
    takenBy: 0n,
    text: null,
  };
  const actor = desk.directory.get(envelope.to);
  group.produced.push({ actor, delivery, source });
  if (actor !== null) desk.mailbox.produce(actor, delivery);
}

function publishEvent(
  desk: Desk,
  group: Group,
  actor: LiveActor,
  id: string,
  cause: Envelope,
  topic: string,
  event: Message,
): void {
  const body = { type: 'Published', topic, event };
  const to = desk.bus ?? actor.key;
  const envelope = envelopeOf(id, to, actor.key, body, cause);
  if (desk.bus !== null) return produce(desk, group, actor, envelope, 'event', topic);
  // Nobody fans out in this process: the row is for readers downstream alone.
  const delivery: Delivery = {
    envelope,
    outboxId: null,
    lane: 'event',
    timer: null,
    topic,
    redrive: false,
    done: null,
    takenBy: group.number,
    text: null,
  };
  group.produced.push({ actor: null, delivery, source: actor });
}

function queueCommand(
  desk: Desk,
  group: Group,
  actor: LiveActor,
  key: string,
  cause: Envelope,
  name: string,
  args: Json,
): void {
  const outboxId = desk.nextOutboxId();
  const { at } = group;
  const { correlation, hop } = cause;
  const row = {
    id: outboxId,
    lane: 'effect' as const,
    key,
    sourceId: actor.id,
    target: name,
    type: name,
    body: JSON.stringify(args ?? null),
    at,
    cause: cause.id,
    correlation,
    hop,
    deliveredAt: null,
  };
  group.effects.push({
    outboxId,
    key,
    actor: actor.key,
    kind: actor.kind.definition.kind,
    name,
    args,
    at,
    correlation,
    hop,
    row,
  });
}

function superviseActor(desk: Desk, group: Group, key: ActorKey, verdict: 'suspend' | 'resume' | 'fail'): void {
  const target = desk.directory.get(key);
  if (target === null || target.head === null) return;
  group.touch(target);
  target.status = verdict === 'suspend' ? 'suspended' : verdict === 'fail' ? 'failed' : 'active';
  if (verdict !== 'suspend') desk.mailbox.wake(target);
}

function applyStatus(desk: Desk, actor: LiveActor, step: Step): void {
  const finished = step.head.shape.status === 'done';
  if (finished) actor.timers = null;
  if (finished || (step.head.shape.resting && actor.timers === null)) actor.status = 'done';
  else if (actor.status === 'done') actor.status = 'active';
  desk.directory.rest(actor);
}

function journal(group: Group, actor: LiveActor, delivery: Delivery, fromState: string | null): void {
  const { id, body, from, cause, correlation, hop } = delivery.envelope;
  group.transitions.push({
    actorId: actor.id,
    number: actor.version,
    messageId: id,
    type: body.type,
    body: bodyText(delivery),
    fromState,
    toState: actor.head?.shape.state ?? '',
    at: group.at,
    sender: from,
    cause,
    correlation,
    hop,
  });
}

/** The mark that this message is done with, in the same commit. */
function settle(desk: Desk, group: Group, actor: LiveActor, delivery: Delivery): void {
  if (delivery.outboxId !== null) (delivery.lane === 'event' ? group.delivered : group.settled).push(delivery.outboxId);
  if (delivery.redrive) group.redriven.push({ key: actor.key, messageId: delivery.envelope.id });
  if (delivery.lane === 'outside' && desk.directory.remember(actor.key, delivery.envelope.id)) {
    group.remembered.push(`${actor.key} ${delivery.envelope.id}`);
  }
}

/** A message that will not be applied: kept where an operator sees it, and out of its neighbours' way. */
export function bury(group: Group, delivery: Delivery, reason: DeadLetterReason, error: string): void {
  group.deadLetters.push({ envelope: delivery.envelope, reason, error, at: group.at });
  if (delivery.outboxId !== null) (delivery.lane === 'event' ? group.delivered : group.settled).push(delivery.outboxId);
  group.outcomes.push({ delivery, outcome: { outcome: 'deadLettered', reason, error } });
}

/** A message whose turn failed: buried, a timer with it, and the supervisor told, all in the same group. */
export function reject(
  desk: Desk,
  group: Group,
  actor: LiveActor,
  delivery: Delivery,
  reason: DeadLetterReason,
  error: string,
): void {
  bury(group, delivery, reason, error);
  if (delivery.timer !== null) {
    group.touch(actor);
    const timers = new Map(actor.timers);
    timers.delete(delivery.timer.id);
    actor.timers = timers;
  }
  reportFailure(desk, group, actor, delivery, error);
}

function reportFailure(desk: Desk, group: Group, actor: LiveActor, delivery: Delivery, reason: string): void {
  if (desk.supervisor === null || actor.key === desk.supervisor) return;
  const body = { type: 'ActorFailed', key: actor.key, reason, policy: actor.kind.definition.restart };
  const { envelope } = delivery;
  const failure = {
    ...envelopeOf(`${envelope.id}!failed@${actor.key}`, desk.supervisor, actor.key, body, envelope),
    hop: 0,
  };
  produce(desk, group, actor, failure, 'message', null);
}
