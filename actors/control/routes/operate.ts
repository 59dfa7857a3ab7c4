// What an operator may change: a message to an actor, and the delivery of a dead letter again. Both go through the
// actor's mailbox like any message, are in its journal afterwards, and are applied once when the request is repeated.
import type { FastifyInstance } from 'fastify';
import type { ActorKey, Message } from '../../runtime/message.ts';
import type { System } from '../../runtime/system.ts';
import { Problem } from '../problem.ts';

export interface Operate extends Pick<System, 'ask' | 'redrive'> {
  /** Types that actors of this kind take from outside: those they declare a schema for. */
  types(kind: string): readonly string[];
}

const TEXT = { type: 'string', minLength: 1 } as const;
const ACTOR = { type: 'object', properties: { kind: TEXT, id: TEXT }, required: ['kind', 'id'] } as const;
const LETTER = {
  type: 'object',
  properties: { id: { type: 'string', pattern: '^[1-9][0-9]{0,18}$' } },
  required: ['id'],
} as const;
const ID = /^[\x21-\x7e]{1,100}$/;

export function operateRoutes(app: FastifyInstance, operate: Operate): void {
  app.post<{ Params: { kind: string; id: string } }>(
    '/debug/actors/:kind/:id/messages',
    { schema: { params: ACTOR } },
    async ({ params, body, headers }) => {
      const message = messageIn(body, params.kind, operate);
      const key: ActorKey = `${params.kind}/${params.id}`;
      const id = idIn(headers['idempotency-key']);
      const { state, version, reply } = await operate.ask(key, message, id === null ? {} : { id });
      return { key, outcome: 'applied', state, version, reply };
    },
  );
  app.post<{ Params: { id: string } }>(
    '/debug/dead-letters/:id/redrive',
    { schema: { params: LETTER }, attachValidation: true },
    async (request) => {
      if (request.validationError !== undefined) {
        throw new Problem('URL_INVALID', `${request.params.id} is no number of a dead letter`);
      }
      return { id: request.params.id, outcome: await operate.redrive(BigInt(request.params.id)) };
    },
  );
}

function messageIn(body: unknown, kind: string, operate: Operate): Message {
  const types = operate.types(kind);
  const type = typeof body === 'object' && body !== null && 'type' in body ? body.type : undefined;
  if (typeof type === 'string' && types.includes(type)) return body as Message;
  const taken = types.length === 0 ? 'no messages' : types.join(', ');
  throw new Problem('REQUEST_INVALID', `the body must be a message with a type; ${kind} takes ${taken} from outside`);
}

/** Under another name than any id of the runtime, so that none can be taken away from it. */
function idIn(header: string | string[] | undefined): string | null {
  if (header === undefined) return null;
  if (typeof header === 'string' && ID.test(header)) return `operator:${header}`;
  throw new Problem('REQUEST_INVALID', 'Idempotency-Key must be 1 to 100 visible ASCII characters');
}
