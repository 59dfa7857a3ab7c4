// docs/order-lifecycle.md, as the order machine says it.
import path from 'node:path';
import { orderMachine } from '../../actors/order/machine.ts';
import { documentOf } from './describe.ts';

export const FILE = path.resolve(import.meta.dirname, '../../docs/order-lifecycle.md');

const PREFACE = `\
Made from \`actors/order/machine.ts\` by \`npm run docs\`; a test compares. An order is in one state of each region
at once. What is known of it (executions, the venue's cumulative quantity, its verdict) are facts in its context;
\`stands X\` holds when these facts put the order into X. A line with \`at once\` happens as soon as its condition
holds. \`any\` is every state of the region that says nothing of its own about the message. A resting order has
ended, and still takes what comes late.`;

export function orderDocument(): string {
  return documentOf(orderMachine, 'The life of an order', PREFACE);
}
