// A session without credentials: market data of the venue, and no account. There is nothing to list, nothing is sent,
// and of an order that was placed with credentials nothing is concluded.
import type { ExchangeSession, ExchangeSettings } from '../exchange.ts';

const CODE = 'NO_CREDENTIALS';
const REASON = 'apiKey and apiSecret are not set: this provider gives market data only, and takes no orders';

type OfAccount = Pick<ExchangeSession, 'submit' | 'cancel' | 'amend' | 'query' | 'openOrders' | 'trades' | 'balances'>;

export function isPublicOnly({ apiKey, apiSecret }: Pick<ExchangeSettings, 'apiKey' | 'apiSecret'>): boolean {
  return apiKey === '' && apiSecret === '';
}

export const PUBLIC_ONLY: OfAccount = {
  // Nothing of it ever leaves here, however often it is tried.
  submit: () => Promise.resolve({ outcome: 'rejected', code: CODE, reason: REASON }),
  cancel: () => Promise.resolve({ outcome: 'unknown', reason: REASON }),
  amend: () => Promise.resolve({ outcome: 'rejected', code: CODE, reason: REASON }),
  query: () => Promise.resolve({ outcome: 'unknown', reason: REASON }),
  openOrders: () => Promise.resolve([]),
  trades: () => Promise.resolve([]),
  balances: () => Promise.resolve([]),
};
