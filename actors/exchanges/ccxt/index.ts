// OKX and every other exchange of ccxt, by configuration. ccxt signs, names and translates; what decides about
// money is ours: when a request may leave, whether it left, what an answer proves, and what a report says.

import type { ExchangeSettings, OpenExchange } from '../exchange.ts';
import { systemClock } from '../wire/clock.ts';
import { BOUNDS } from './bounds.ts';
import { loadExchange } from './library.ts';
import { openSession } from './session.ts';
import type { CcxtTerms } from './terms.ts';

export function ccxtExchange(terms: CcxtTerms): OpenExchange {
  return async (settings, listener, signal) => {
    const library = await loadExchange(terms.exchange);
    return openSession({ settings, terms, listener, library, clock: systemClock, bounds: BOUNDS }, signal);
  };
}

/** The exchange that the settings name. */
export const openCcxt: OpenExchange = (settings, listener, signal) =>
  ccxtExchange(termsOf(settings, settings.exchange ?? ''))(settings, listener, signal);

export const openOkx: OpenExchange = (settings, listener, signal) =>
  ccxtExchange(termsOf(settings, 'okx'))(settings, listener, signal);

function termsOf({ passphrase, account, sandbox }: ExchangeSettings, exchange: string): CcxtTerms {
  return {
    exchange,
    ...(passphrase !== undefined && { passphrase }),
    ...(account !== undefined && { account }),
    ...(sandbox !== undefined && { sandbox }),
  };
}
