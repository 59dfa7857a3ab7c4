// Effects as data. A machine names an effect in setup({ actions }) as emit(...) of one of these; the
// runtime interprets them in the order the machine emitted them. send, spawn, record, publish, reply and
// supervise are part of the commit itself; a command is performed after it.
import type { ActorKey, Json, Message } from './message.ts';

/** To another actor's mailbox; decided in the same group where the receiver lives in this process. */
export interface Send<Body extends Message = Message> {
  readonly type: 'send';
  readonly to: ActorKey;
  readonly message: Body;
}

/** Creates an actor with its input. An existing key makes it a no-op, so repeating it is harmless. */
export interface Spawn<Input = unknown> {
  readonly type: 'spawn';
  readonly key: ActorKey;
  readonly input: Input;
}

/** To the world outside, performed after the commit by `effects[name]` of the actor's definition. */
export interface Command<Name extends string = string, Args = unknown> {
  readonly type: 'command';
  readonly name: Name;
  readonly args: Args;
}

/** A domain row, written in the same transaction by the projection of its table. */
export interface Record<Row extends DomainRow = DomainRow> {
  readonly type: 'record';
  readonly row: Row;
}
export interface DomainRow {
  readonly table: string;
}

/** To the bus: kept in events_outbox for whoever reads it downstream, and fanned out to subscribers. */
export interface Publish<Event extends Message = Message> {
  readonly type: 'publish';
  readonly topic: string;
  readonly event: Event;
}

/** The answer to whoever asked with this message; resolved after the commit. */
export interface Reply {
  readonly type: 'reply';
  readonly value: Json;
}

/** A supervisor's verdict on an actor: hold its mailbox, let it go on, or give it up. */
export interface Supervise {
  readonly type: 'supervise';
  readonly key: ActorKey;
  readonly verdict: 'suspend' | 'resume' | 'fail';
}

export type Effect = Send | Spawn | Command | Record | Publish | Reply | Supervise;

export function send<Body extends Message>(to: ActorKey, message: Body): Send<Body> {
  return { type: 'send', to, message };
}
export function spawn<Input>(key: ActorKey, input: Input): Spawn<Input> {
  return { type: 'spawn', key, input };
}
export function command<Name extends string, Args>(name: Name, args: Args): Command<Name, Args> {
  return { type: 'command', name, args };
}
export function record<Row extends DomainRow>(row: Row): Record<Row> {
  return { type: 'record', row };
}
export function publish<Event extends Message>(topic: string, event: Event): Publish<Event> {
  return { type: 'publish', topic, event };
}
export function reply(value: Json): Reply {
  return { type: 'reply', value };
}
export function supervise(key: ActorKey, verdict: Supervise['verdict']): Supervise {
  return { type: 'supervise', key, verdict };
}
