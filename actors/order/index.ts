// One order at one venue, from the decision to its last execution.
import { z } from 'zod';
import { defineActor } from '../runtime/actor.ts';
import { amendOrder, cancelOrder, type OrderPorts, queryOrder, submitOrder } from './effects.ts';
import { orderMachine } from './machine.ts';
import { fromVersion1, fromVersion2 } from './upgrade.ts';

const amount = z
  .string()
  .max(60)
  .regex(/^(?=.*[1-9])\d+(\.\d+)?$/, 'a decimal above 0, such as "0.25"');
const reason = z.string().max(200);

/** From strategies and operators. What the venue reports has been parsed by its adapter. */
const messages = {
  CancelOrder: z.object({ type: z.literal('CancelOrder'), reason }),
  AmendOrder: z.object({
    type: z.literal('AmendOrder'),
    quantity: amount,
    price: amount.nullable(),
    replacement: z.string().regex(/^[A-Za-z0-9]{1,32}$/, 'a client order id is 1 to 32 letters or digits'),
    reason,
  }),
  DeclareAbsent: z.object({
    type: z.literal('DeclareAbsent'),
    by: z.string().min(1).max(64),
    reason: reason.min(1),
  }),
};

export const orderActor = defineActor<typeof orderMachine, OrderPorts>({
  kind: 'order',
  version: 3,
  machine: orderMachine,
  messages,
  effects: { submitOrder, cancelOrder, amendOrder, queryOrder },
  upgrade: { 1: fromVersion1, 2: fromVersion2 },
});

export type { OrderPorts } from './effects.ts';
export { type ExecReport, type OrderAnswer, type OrderInput, type OrderMessage, orderKey } from './messages.ts';
