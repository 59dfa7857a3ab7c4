// One order at one venue, from the decision to its last execution.
import { z } from 'zod';
import { defineActor } from '../runtime/actor.ts';
import { cancelOrder, type OrderPorts, queryOrder, submitOrder } from './effects.ts';
import { orderMachine } from './machine.ts';

const amount = z
  .string()
  .max(60)
  .regex(/^\d+(\.\d+)?$/, 'a decimal without sign, such as "0.25"');
const name = z.string().min(1).max(64);
const at = z.number().int().nonnegative();

const execution = z.object({
  tradeId: name,
  venueOrderId: name,
  quantity: amount,
  price: amount,
  fee: z
    .string()
    .max(60)
    .regex(/^-?\d+(\.\d+)?$/)
    .nullable(),
  feeAsset: z.string().max(16).nullable(),
  liquidity: z.enum(['maker', 'taker']).nullable(),
  tradedAt: at,
});

const venueOrder = z.object({
  clientOrderId: name,
  venueOrderId: z.string().max(64),
  symbol: name,
  side: z.enum(['Buy', 'Sell']),
  status: z.enum(['open', 'filled', 'canceled', 'expired', 'rejected']),
  rawStatus: z.string().max(64),
  quantity: amount,
  price: amount.nullable(),
  filledQuantity: amount,
  updatedAt: at,
});

/** From strategies, operators and the venue's stream. */
const messages = {
  CancelOrder: z.object({ type: z.literal('CancelOrder'), reason: z.string().max(200) }),
  OrderReported: z.object({
    type: z.literal('OrderReported'),
    order: venueOrder,
    execution: execution.nullable(),
    reason: z.string().max(500).nullable(),
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
export { type CancelAnswer, type ExecReport, type OrderInput, type OrderMessage, orderKey } from './messages.ts';
