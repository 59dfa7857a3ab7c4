// Orders for specs: one input, the venue's words about it, and one line per effect.
import type { ExecutionContext } from 'ava';
import { parse } from '../../actors/market/decimal.ts';
import type { Execution, VenueOrder, VenueStatus } from '../../actors/market/execution.ts';
import type { LedgerRow, MarketRow } from '../../actors/market/records.ts';
import type { OrderContext } from '../../actors/order/facts.ts';
import { orderMachine } from '../../actors/order/machine.ts';
import type { ExecReport, OrderInput, OrderMessage } from '../../actors/order/messages.ts';
import type { Effect, Record as RecordRow } from '../../actors/runtime/effect.ts';
import { given, type Scene } from './given.ts';

export type OrderScene = Scene<OrderMessage, OrderContext>;

export const PLACED_AT = 1_000;
export const FENCE_AT = 22_000;

export function orderInput(change: Partial<OrderInput> = {}): OrderInput {
  return {
    clientOrderId: 'mm1abc00000001',
    provider: 'paper',
    venue: 'binance',
    account: 'main',
    symbol: 'BTC-USDT',
    side: 'Buy',
    orderType: 'Limit',
    timeInForce: 'GTC',
    postOnly: false,
    quantity: '1',
    price: '100',
    stopPrice: null,
    asked: { quantity: '1', price: '100' },
    goodTillAt: null,
    amends: 'reduce',
    linkedTo: null,
    replaces: null,
    external: null,
    strategyInstance: 'mm-1',
    riskScope: 'firm',
    placedAt: PLACED_AT,
    recvWindowMs: 5_000,
    fenceMarginMs: 16_000,
    ...change,
  };
}

/** The venue's word on the order. */
export function word(status: VenueStatus, filledQuantity = '0', change: Partial<VenueOrder> = {}): VenueOrder {
  return {
    clientOrderId: 'mm1abc00000001',
    venueOrderId: '881',
    symbol: 'BTC-USDT',
    side: 'Buy',
    status,
    rawStatus: status.toUpperCase(),
    quantity: '1',
    price: '100',
    filledQuantity,
    updatedAt: 900,
    ...change,
  };
}

export function execution(tradeId: string, quantity: string, change: Partial<Execution> = {}): Execution {
  return {
    tradeId,
    venueOrderId: '881',
    quantity,
    price: '100',
    fee: '0.001',
    feeAsset: 'BTC',
    liquidity: 'maker',
    tradedAt: 950,
    ...change,
  };
}

/** A fill is taken back; with `instead` it is corrected. */
export function busted(order: VenueOrder, tradeId: string, instead: Execution | null = null): OrderMessage {
  return { type: 'OrderReported', order, execution: instead, busted: { tradeId, venueOrderId: '881' }, reason: null };
}

export function amend(quantity: string, price: string | null = null): OrderMessage {
  return { type: 'AmendOrder', quantity, price, replacement: 'mm1abc00000002', reason: 'test' };
}

export function reported(order: VenueOrder, fill: Execution | null = null, reason: string | null = null): OrderMessage {
  return { type: 'OrderReported', order, execution: fill, reason };
}

export function found(order: VenueOrder, ...executions: readonly Execution[]): OrderMessage {
  return { type: 'OrderFound', order, executions };
}

export function acked(order: VenueOrder = word('open'), ...executions: readonly Execution[]): OrderMessage {
  return { type: 'SubmitAcked', order, executions };
}

export const cancel: OrderMessage = { type: 'CancelOrder', reason: 'test' };
export const unknown: OrderMessage = { type: 'SubmitUnknown', reason: 'timeout' };
export const reconcile: OrderMessage = { type: 'ReconcileRequested' };
export const queryFailed: OrderMessage = { type: 'QueryFailed', reason: 'timeout' };

export function notFound(askedAt: number): OrderMessage {
  return { type: 'OrderNotFound', askedAt };
}

/** An order in a life state, reached the shortest way. */
export function orderIn(life: string, change: Partial<OrderInput> = {}): OrderScene {
  const says = (status: VenueStatus, filled = '0'): VenueOrder =>
    word(status, filled, { side: change.side ?? 'Buy', symbol: change.symbol ?? 'BTC-USDT' });
  const start: OrderScene = given(orderMachine, orderInput(change), PLACED_AT);
  const queued = (): OrderScene => start.hears({ type: 'ReservationGranted' });
  const sending = (): OrderScene => queued().hears({ type: 'SubmitGranted' });
  const working = (): OrderScene => sending().hears(acked(says('open')));
  const ways: { readonly [life: string]: () => OrderScene } = {
    intent: () => start,
    queued,
    sending,
    working,
    doubt: () => sending().hears(unknown),
    parked: () => sending().hears(acked(says('parked'))),
    closing: () => working().hears(reported(says('canceled', '0.5'))),
    filled: () => working().hears(reported(says('filled', '1'), execution('1', '1'))),
    canceled: () => working().hears(reported(says('canceled'))),
    expired: () => working().hears(reported(says('expired'))),
    rejected: () => sending().hears({ type: 'SubmitRejected', code: '-2010', reason: 'insufficient balance' }),
    denied: () => start.hears({ type: 'ReservationDenied', code: 'RATE_OVER_LIMIT', reason: 'burst=3' }),
    absent: () => sending().hears(unknown, notFound(FENCE_AT + 1), notFound(FENCE_AT + 1)),
    withdrawn: () => queued().hears(cancel),
  };
  const way = ways[life];
  if (way === undefined) throw new Error(`no way to ${life} is known`);
  return way();
}

export const LIVES = [
  'intent',
  'queued',
  'sending',
  'doubt',
  'parked',
  'working',
  'closing',
  'filled',
  'canceled',
  'expired',
  'rejected',
  'denied',
  'absent',
] as const;

export function lifeOf({ state }: Pick<OrderScene, 'state'>): string {
  return /^life\.([a-z]+)/.exec(state)?.[1] ?? state;
}

export function cancelOf({ state }: OrderScene): string {
  return /cancel\.([a-z]+)/.exec(state)?.[1] ?? state;
}

export function amendOf({ state }: OrderScene): string {
  return /amend\.([a-z]+)/.exec(state)?.[1] ?? state;
}

/** Every effect but the ledger's as one line: what it is, to whom, and the numbers that matter. */
export function lines({ effects }: { readonly effects: readonly Effect[] }): string[] {
  return effects.filter((effect) => !isLedger(effect)).map(lineOf);
}

/** The ledger's lines: `locked USDT 100`. */
export function ledger({ effects }: { readonly effects: readonly Effect[] }): string[] {
  return effects.filter(isLedger).map(({ row: { account, asset, amount } }) => `${account} ${asset} ${amount}`);
}

function isLedger(effect: Effect): effect is RecordRow<LedgerRow> {
  return effect.type === 'record' && effect.row.table === 'ledger_entries';
}

/** Postings that do not sum to zero in an asset, and lines that are written twice. */
export function unbalanced(effects: readonly Effect[]): string[] {
  const rows = effects.filter(isLedger).map(({ row }) => row);
  const sums = new Map<string, bigint>();
  for (const { posting, asset, amount } of rows) {
    const key = `${posting} ${asset}`;
    sums.set(key, (sums.get(key) ?? 0n) + parse(amount));
  }
  const keys = rows.map(({ posting, account, asset, kind }) => `${posting} ${account} ${asset} ${kind}`);
  const twice = keys.filter((key, index) => keys.indexOf(key) !== index).map((key) => `${key} twice`);
  return [...[...sums].filter(([, sum]) => sum !== 0n).map(([key, sum]) => `${key} ${sum}`), ...twice];
}

function lineOf(effect: Effect): string {
  switch (effect.type) {
    case 'send':
      return `${effect.to} ${bodyOf(effect.message)}`;
    case 'command':
      return `${effect.name}${effect.name === 'submitOrder' ? claimOf(effect.args) : ''}`;
    case 'record':
      return rowOf(effect.row as MarketRow);
    case 'publish':
      return `${effect.topic} ${reportOf(effect.event as ExecReport)}`;
    case 'reply':
      return `reply ${JSON.stringify(effect.value)}`;
    default:
      return JSON.stringify(effect);
  }
}

function bodyOf(message: object): string {
  const { type, quantity } = message as { readonly type: string; readonly quantity?: string };
  return quantity === undefined ? type : `${type} ${quantity}`;
}

function claimOf(args: unknown): string {
  const { signedAt, deadlineAt } = args as { readonly signedAt: number; readonly deadlineAt: number };
  return ` ${signedAt}..${deadlineAt}`;
}

function rowOf(row: MarketRow): string {
  if (row.table === 'orders') {
    const pending = row.status.startsWith('Pending') && row.status !== 'PendingNew' ? ` ${row.status}` : '';
    return `order ${row.life} ${row.state} ${row.filledQuantity}${pending}`;
  }
  if (row.table === 'executions') return `execution ${row.tradeId}:${row.venueOrderId} ${row.quantity}`;
  if (row.table === 'execution_changes')
    return `execution ${row.tradeId} ${row.bustedAt === null ? 'charged' : 'busted'}`;
  if (row.table === 'audit_log') return `audit ${row.action}`;
  return row.table;
}

function reportOf({ state, filledQuantity, lastQuantity, rejectReason }: ExecReport): string {
  const last = lastQuantity === null ? '' : ` +${lastQuantity}`;
  const why = rejectReason === null ? '' : ` (${rejectReason})`;
  return `${state} ${filledQuantity}${last}${why}`;
}

export interface Expected {
  readonly life: string;
  readonly cancel?: string;
  readonly amend?: string;
  readonly effects: readonly string[];
  readonly timers?: OrderScene['timers'];
  readonly surprises?: number;
}

/** State, effects, timers and surprises, all of them. */
export function then(t: ExecutionContext, scene: OrderScene, expected: Expected): void {
  t.deepEqual(
    {
      life: lifeOf(scene),
      cancel: cancelOf(scene),
      amend: amendOf(scene),
      unbalanced: unbalanced(scene.effects),
      effects: lines(scene),
      timers: scene.timers,
      surprises: scene.context.surprises,
      handled: scene.handled,
    },
    { cancel: 'none', amend: 'none', unbalanced: [], timers: {}, surprises: 0, ...expected, handled: true },
  );
}

export const FAREWELL = ['risk/firm ReservationReleased', 'provider/paper OrderClosed'];
/** The reply to an accepted cancel. */
export function yes(state: string): string {
  return `reply {"accepted":true,"state":"${state}","detail":""}`;
}
