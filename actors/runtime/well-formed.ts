// What comes from outside is looked at before it waits anywhere: the key, the type, and where its kind declares one,
// the schema. Messages between actors are typed, not parsed.
import type { ActorDefinition } from './actor.ts';
import { RuntimeError } from './errors.ts';
import type { ActorKey, Message } from './message.ts';

const KEY = /^[a-z][a-z0-9-]{0,31}\/[^\s/][^\s]{0,127}$/;

/** Throws KEY_INVALID. */
export function checkKey(key: ActorKey): void {
  if (KEY.test(key)) return;
  throw new RuntimeError('KEY_INVALID', `${JSON.stringify(key)} is no actor key: kind/id is, without white space`);
}

/** The message as its schema returns it; throws MESSAGE_INVALID. Control messages are the runtime's own. */
export async function parseMessage(definition: ActorDefinition, to: ActorKey, message: Message): Promise<Message> {
  const { type } = message;
  if (typeof type !== 'string' || type === '' || type.startsWith('xstate.') || type.startsWith('@')) {
    throw new RuntimeError('MESSAGE_INVALID', `${JSON.stringify(type)} is no message type`);
  }
  const schema = definition.messages[type];
  if (schema === undefined) return message;
  const checked = schema['~standard'].validate(message);
  const result = checked instanceof Promise ? await checked : checked;
  if (result.issues === undefined) return result.value as Message;
  const issues = result.issues.map(({ path, message: text }) => `${(path ?? []).map(String).join('.')}: ${text}`);
  throw new RuntimeError('MESSAGE_INVALID', `${type} to ${to} was refused: ${issues.join('; ')}`);
}
