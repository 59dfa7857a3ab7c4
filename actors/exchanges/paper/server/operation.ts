// One operation of the protocol, reachable over REST and, where it has a method name, over the WebSocket API.
// A further operation is one more entry in trading.ts, account.ts or market-data.ts.
import type { Params } from './params.ts';
import type { OrderQuota } from './rate-limits.ts';

/** What the fault switch can be set for. */
export type OperationKind = 'submit' | 'cancel' | 'query' | 'market';

export interface Caller {
  /** Empty for operations that need no key. */
  readonly account: string;
  readonly quota: OrderQuota;
}

export interface Operation {
  readonly rest: `${'GET' | 'POST' | 'PUT' | 'DELETE'} /${string}`;
  readonly ws?: string;
  readonly kind: OperationKind;
  /** key: an API key is enough. signed: signature and timestamp too. */
  readonly security: 'none' | 'key' | 'signed';
  /** Reads and checks the parameters; what it returns is run once they are all known to be wanted. */
  readonly read: (params: Params, caller: Caller) => () => unknown;
}
