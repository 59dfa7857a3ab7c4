// One order at one venue, from the decision to its last execution.
import { z } from 'zod';
import { defineActor } from '../runtime/actor.ts';
import { cancelOrder, type OrderPorts, queryOrder, submitOrder } from './effects.ts';
import { orderMachine } from './machine.ts';

/** From strategies and operators. What the venue reports has been parsed by its adapter. */
const messages = {
  CancelOrder: z.object({ type: z.literal('CancelOrder'), reason: z.string().max(200) }),
  DeclareAbsent: z.object({
    type: z.literal('DeclareAbsent'),
    by: z.string().min(1).max(64),
    reason: z.string().min(1).max(200),
  }),
};

export const orderActor = defineActor<typeof orderMachine, OrderPorts>({
  kind: 'order',
  version: 1,
  machine: orderMachine,
  messages,
  effects: { submitOrder, cancelOrder, queryOrder },
});

export type { OrderPorts } from './effects.ts';
export { type ExecReport, type OrderAnswer, type OrderInput, type OrderMessage, orderKey } from './messages.ts';
