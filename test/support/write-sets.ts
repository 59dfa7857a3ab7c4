// Write-sets as a worker would make them, by the shortest way.
import type { ExecutionRow, OrderRow, ProviderRow } from '../../actors/market/records.ts';
import type { DomainRow } from '../../actors/runtime/effect.ts';
import type { ActorKey } from '../../actors/runtime/message.ts';
import type {
  ActorChange,
  ActorRow,
  LeaseGrant,
  OutboxRow,
  Store,
  TimerRow,
  TransitionRow,
  WriteSet,
} from '../../actors/runtime/ports.ts';

export const AT = 1_700_000_000_123;

type Content = Partial<Omit<WriteSet, 'shard' | 'epoch' | 'number'>>;

/** Numbers the groups of one owner. A group that did not get through is followed by one of the same number. */
export class Writer {
  readonly grant: LeaseGrant;
  number: bigint;
  readonly #store: Store;
  constructor(store: Store, grant: LeaseGrant) {
    this.grant = grant;
    this.number = grant.commitNumber;
    this.#store = store;
  }

  next(content: Content = {}): WriteSet {
    const { shard, epoch } = this.grant;
    return { ...EMPTY, ...content, shard, epoch, number: this.number + 1n };
  }

  async commit(content: Content = {}): Promise<void> {
    await this.#store.commit(this.next(content));
    this.number += 1n;
  }
}

const EMPTY: Omit<WriteSet, 'shard' | 'epoch' | 'number'> = {
  at: AT,
  created: [],
  changed: [],
  transitions: [],
  records: [],
  outbox: [],
  settled: [],
  delivered: [],
  timersPut: [],
  timersDropped: [],
  deadLetters: [],
  redriven: [],
};

/** Takes shard 0 as `node`; fails when it is held. */
export async function own(store: Store, node = 'test', ttlMs = 60_000, shard = 0): Promise<Writer> {
  const answer = await store.acquire({ shard, node, ttlMs });
  if (!answer.granted) throw new Error(`the shard is held by ${answer.holder}`);
  return new Writer(store, answer.grant);
}

export function actor(id: bigint, change: Partial<ActorRow> = {}): ActorRow {
  const key: ActorKey = `thing/${id}`;
  return {
    id,
    key,
    kind: 'thing',
    machineVersion: 1,
    version: 1,
    status: 'active',
    state: 'idle',
    snapshot: '{"v":"idle","c":{}}',
    ...change,
  };
}

export function change(id: bigint, fromVersion: number, more: Partial<ActorChange> = {}): ActorChange {
  return { ...actor(id), version: fromVersion + 1, fromVersion, ...more };
}

export function transition(actorId: bigint, number: number, more: Partial<TransitionRow> = {}): TransitionRow {
  return {
    actorId,
    number,
    messageId: `outside:${actorId}.${number}`,
    type: number === 1 ? '@init' : 'Poked',
    body: '{"type":"Poked"}',
    fromState: number === 1 ? null : 'idle',
    toState: 'idle',
    at: AT,
    sender: null,
    cause: null,
    correlation: `outside:${actorId}.${number}`,
    hop: 0,
    ...more,
  };
}

export function outgoing(id: bigint, sourceId: bigint, more: Partial<OutboxRow> = {}): OutboxRow {
  return {
    id,
    lane: 'effect',
    key: `thing/${sourceId}#1.0`,
    sourceId,
    target: 'ring',
    type: 'ring',
    body: '{"bell":1}',
    at: AT,
    cause: null,
    correlation: 'outside:1',
    hop: 0,
    deliveredAt: null,
    ...more,
  };
}

export function timer(actorId: bigint, timerId: string, more: Partial<TimerRow> = {}): TimerRow {
  const base = { generation: 1, dueAt: AT + 5_000, body: '{"type":"Rang"}', correlation: 'outside:1' };
  return { actorId, timerId, ...base, ...more };
}

export function recorded<Row extends DomainRow>(actorId: bigint, row: Row): { actorId: bigint; row: Row } {
  return { actorId, row };
}

export const paper: ProviderRow = {
  table: 'providers',
  name: 'paper',
  adapter: 'binance',
  settings: '{}',
  status: 'running',
  reason: null,
};

export function order(clientOrderId: string, more: Partial<OrderRow> = {}): OrderRow {
  return {
    table: 'orders',
    clientOrderId,
    provider: 'paper',
    strategyInstance: 'mm-1',
    symbol: 'BTC-USDT',
    side: 'Buy',
    orderType: 'Limit',
    timeInForce: 'GTC',
    quantity: '0.5',
    price: '43210.12',
    stopPrice: null,
    askedQuantity: '0.5',
    askedPrice: '43210.12',
    goodTillAt: null,
    linkedTo: null,
    replaces: null,
    replacedBy: null,
    isExternal: false,
    placedAt: AT,
    state: 'PENDING',
    status: 'PendingNew',
    life: 'intent',
    venueOrderId: null,
    filledQuantity: '0',
    filledQuote: '0',
    signedAt: null,
    deadlineAt: null,
    acknowledgedAt: null,
    completedAt: null,
    reason: null,
    ...more,
  };
}

export function execution(tradeId: string, more: Partial<ExecutionRow> = {}): ExecutionRow {
  return {
    table: 'executions',
    clientOrderId: 'o-1',
    provider: 'paper',
    strategyInstance: 'mm-1',
    venue: 'BINANCE',
    account: 'main',
    symbol: 'BTC-USDT',
    tradeId,
    venueOrderId: 'v-1',
    side: 'Buy',
    quantity: '0.25',
    price: '43210.12',
    fee: '0.000000000000000001',
    feeAsset: 'BTC',
    liquidity: 'maker',
    tradedAt: AT,
    origin: 'venue',
    ...more,
  };
}
