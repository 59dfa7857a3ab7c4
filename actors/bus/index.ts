// Topics and their subscribers; its mailbox is events_outbox.
import { z } from 'zod';
import { defineActor } from '../runtime/actor.ts';
import { busMachine } from './machine.ts';
import { TOPIC_CHARS_MAX } from './topics.ts';

const topic = z
  .string()
  .min(1)
  .max(TOPIC_CHARS_MAX)
  .regex(/^[^*]+?(\/\*)?$/, 'a path, or a path and /*');
const subscriber = z
  .string()
  .max(256)
  .regex(/^[a-z][a-z0-9-]*\/.+$/, 'an actor key, kind/id');

/** From operators; actors send theirs directly. */
const messages = {
  Subscribe: z.object({ type: z.literal('Subscribe'), topic, subscriber }),
  Unsubscribe: z.object({ type: z.literal('Unsubscribe'), topic, subscriber }),
};

export const busActor = defineActor({ kind: 'bus', version: 1, machine: busMachine, messages });

export { BUS, type BusMessage } from './messages.ts';
