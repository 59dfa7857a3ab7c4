// Delivering a dead letter again: the one thing an operator may change here. It goes through the actor's mailbox like
// any message, under the id it had, so repeating the request applies it once.
import type { FastifyInstance } from 'fastify';
import { Problem } from '../problem.ts';

/** Resolves with what became of the message; throws ACTOR_UNKNOWN when there is no such letter or receiver. */
export type Redrive = (id: bigint) => Promise<string>;

const params = {
  type: 'object',
  properties: { id: { type: 'string', pattern: '^[1-9][0-9]{0,18}$' } },
  required: ['id'],
} as const;

export function deadLetterRoutes(app: FastifyInstance, redrive: Redrive): void {
  app.post<{ Params: { id: string } }>(
    '/debug/dead-letters/:id/redrive',
    { schema: { params }, attachValidation: true },
    async (request) => {
      if (request.validationError !== undefined) {
        throw new Problem('URL_INVALID', `${request.params.id} is no number of a dead letter`);
      }
      return { id: request.params.id, outcome: await redrive(BigInt(request.params.id)) };
    },
  );
}
