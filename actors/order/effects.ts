// The order's words to its venue. Each answers with exactly one message: the machine counts on it.
// What could not be shown to have failed is unknown: an exception, a timeout and a lost session mid-way alike.
import type {
  AmendOutcome,
  CancelOutcome,
  ExchangeDirectory,
  QueryOutcome,
  SubmitOutcome,
} from '../exchanges/exchange.ts';
import { effect } from '../runtime/actor.ts';
import type { AmendArgs, OrderMessage, QueryArgs, SubmitArgs, VenueRef } from './messages.ts';

/** What the order's effects are performed with. */
export interface OrderPorts {
  readonly exchanges: ExchangeDirectory;
}

// Longer than any adapter waits for its venue: an answer is worth more than our own timeout.
const TIMEOUT_MS = 20_000;

/** After a crash nobody knows whether the request left: it is not sent again, the machine asks. */
export const submitOrder = effect<SubmitArgs, OrderPorts>({
  afterCrash: 'askFirst',
  attempts: 1,
  timeoutMs: TIMEOUT_MS,
  async perform({ provider, ...request }, { ports, signal }) {
    const session = ports.exchanges.find(provider);
    if (session === null) return { type: 'SubmitNotSent', reason: noSession(provider) } satisfies OrderMessage;
    return submitAnswer(await session.submit(request, signal));
  },
  interrupted: () => ({ type: 'SubmitInterrupted' }) satisfies OrderMessage,
  failed: (_, error) => ({ type: 'SubmitUnknown', reason: error }) satisfies OrderMessage,
});

/** Canceling twice is canceling once. */
export const cancelOrder = effect<VenueRef, OrderPorts>({
  afterCrash: 'repeat',
  attempts: 1,
  timeoutMs: TIMEOUT_MS,
  async perform({ provider, ...request }, { ports, signal }) {
    const session = ports.exchanges.find(provider);
    if (session === null) return { type: 'CancelUnknown', reason: noSession(provider) } satisfies OrderMessage;
    return cancelAnswer(await session.cancel(request, signal));
  },
  failed: (_, error) => ({ type: 'CancelUnknown', reason: error }) satisfies OrderMessage,
});

/** The terms are named whole, so that amending twice is amending once. */
export const amendOrder = effect<AmendArgs, OrderPorts>({
  afterCrash: 'repeat',
  attempts: 1,
  timeoutMs: TIMEOUT_MS,
  async perform({ provider, ...request }, { ports, signal }) {
    const session = ports.exchanges.find(provider);
    if (session === null) return { type: 'AmendUnknown', reason: noSession(provider) } satisfies OrderMessage;
    return amendAnswer(await session.amend(request, signal));
  },
  failed: (_, error) => ({ type: 'AmendUnknown', reason: error }) satisfies OrderMessage,
});

/** "Not found" says nothing of an order that the venue may have forgotten by now. */
export const queryOrder = effect<QueryArgs, OrderPorts>({
  afterCrash: 'repeat',
  attempts: 1,
  timeoutMs: TIMEOUT_MS,
  async perform({ provider, signedAt, ...request }, { ports, signal }) {
    const session = ports.exchanges.find(provider);
    if (session === null) return { type: 'QueryFailed', reason: noSession(provider) } satisfies OrderMessage;
    const answer = await session.query(request, signal);
    const { orderHistoryMs, skewMs } = session.capabilities;
    const ageMs = answer.outcome === 'notFound' && signedAt !== undefined ? answer.askedAt - signedAt : 0;
    if (orderHistoryMs === null || ageMs + skewMs <= orderHistoryMs) return queryAnswer(answer);
    const reason = `not found, and the venue forgets orders: ageMs=${ageMs}, orderHistoryMs=${orderHistoryMs}`;
    return { type: 'QueryFailed', reason } satisfies OrderMessage;
  },
  failed: (_, error) => ({ type: 'QueryFailed', reason: error }) satisfies OrderMessage,
});

function submitAnswer(answer: SubmitOutcome): OrderMessage {
  switch (answer.outcome) {
    case 'accepted': {
      const { order, executions } = answer;
      // An acceptance without the venue's id is no proof: what answered may not have read it.
      if (order.venueOrderId === '') return { type: 'SubmitUnknown', reason: 'the venue accepted without an order id' };
      return { type: 'SubmitAcked', order, executions };
    }
    case 'rejected':
      return { type: 'SubmitRejected', code: answer.code, reason: answer.reason };
    case 'notSent':
      return { type: 'SubmitNotSent', reason: answer.reason };
    case 'unknown':
      return { type: 'SubmitUnknown', reason: answer.reason };
  }
}

function cancelAnswer(answer: CancelOutcome): OrderMessage {
  switch (answer.outcome) {
    case 'canceled':
      // Some venues confirm that they were asked, not that it happened.
      if (answer.order.status === 'open' || answer.order.status === 'parked')
        return { type: 'CancelUnknown', reason: 'asked, and still open' };
      return { type: 'CancelAcked', order: answer.order };
    case 'rejected':
      return { type: 'CancelRejected', code: answer.code, reason: answer.reason };
    case 'unknown':
      return { type: 'CancelUnknown', reason: answer.reason };
  }
}

function amendAnswer(answer: AmendOutcome): OrderMessage {
  switch (answer.outcome) {
    case 'amended':
      return { type: 'AmendAcked', order: answer.order };
    case 'rejected':
      return { type: 'AmendRejected', code: answer.code, reason: answer.reason };
    case 'unknown':
      return { type: 'AmendUnknown', reason: answer.reason };
  }
}

function queryAnswer(answer: QueryOutcome): OrderMessage {
  switch (answer.outcome) {
    case 'found':
      return { type: 'OrderFound', order: answer.order, executions: answer.executions };
    case 'notFound':
      return { type: 'OrderNotFound', askedAt: answer.askedAt };
    case 'unknown':
      return { type: 'QueryFailed', reason: answer.reason };
  }
}

function noSession(provider: string): string {
  return `PROVIDER_NOT_READY: provider=${provider}, sessions=0`;
}
