// Reads of a look, each tried again at once where it failed and trying again can help: a look is a dozen questions, and
// one lost answer must not cost all the others and the pause after a failed round.
import { ExchangeFault, type ExchangeSession } from '../exchanges/exchange.ts';

/** What a look asks of a session. */
export type Reads = Pick<
  ExchangeSession,
  'venue' | 'account' | 'capabilities' | 'clockSkewMs' | 'openOrders' | 'trades' | 'balances' | 'query'
>;

const TRIES = 3;

export function patient(exchange: Reads): Reads {
  const { venue, account, capabilities } = exchange;
  return {
    ...{ venue, account, capabilities },
    clockSkewMs: (signal) => again(() => exchange.clockSkewMs(signal), signal),
    openOrders: (signal) => again(() => exchange.openOrders(signal), signal),
    trades: (request, signal) => again(() => exchange.trades(request, signal), signal),
    balances: (signal) => again(() => exchange.balances(signal), signal),
    // Its failure is an outcome, and the next round asks again.
    query: (order, signal) => exchange.query(order, signal),
  };
}

async function again<Answer>(read: () => Promise<Answer>, signal: AbortSignal): Promise<Answer> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await read();
    } catch (error) {
      const canHelp = error instanceof ExchangeFault && error.retryable;
      if (!canHelp || signal.aborted || tries === TRIES) throw error;
    }
  }
}
