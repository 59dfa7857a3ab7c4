// Supervisor: who lives, and what becomes of those that fail.
import { defineActor } from '../runtime/actor.ts';
import { supervisorMachine } from './machine.ts';
import { schemas } from './schemas.ts';

export const supervisorActor = defineActor({
  kind: 'supervisor',
  version: 1,
  machine: supervisorMachine,
  messages: schemas,
});

export { SUPERVISOR_TOPIC } from './failures.ts';
export { SUPERVISOR } from './messages.ts';
