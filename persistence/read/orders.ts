// Orders and their executions as lists for people: newest first, in pages, amounts as they were written.
import { and, asc, desc, eq, inArray, isNull, lt } from 'drizzle-orm';
import type { NodePgDatabase } from 'drizzle-orm/node-postgres';
import type { PublicOrderState } from '../../actors/market/records.ts';
import { executions, orders } from '../../drizzle/schema/index.ts';
import { reading } from '../errors.ts';
import { plain } from './decimal.ts';
import { found } from './not-found.ts';

export interface OrderFilter {
  readonly provider?: string | undefined;
  readonly strategyInstance?: string | undefined;
  readonly states?: readonly PublicOrderState[] | undefined;
  /** Only orders that can still trade. */
  readonly open?: boolean | undefined;
  /** The page goes on below this id. */
  readonly beforeId?: bigint | undefined;
  readonly limit: number;
}

export interface ExecutionFilter {
  readonly provider?: string | undefined;
  readonly strategyInstance?: string | undefined;
  readonly beforeId?: bigint | undefined;
  readonly limit: number;
}

export type StoredOrder = Awaited<ReturnType<typeof ordersQuery>>[number];
export type StoredExecution = Awaited<ReturnType<typeof executionsQuery>>[number];

export interface OrderReader {
  findOrder(id: bigint): Promise<StoredOrder | undefined>;
  findOrderOf(provider: string, clientOrderId: string): Promise<StoredOrder | undefined>;
  getOrder(id: bigint): Promise<StoredOrder>;
  listOrders(filter: OrderFilter): Promise<readonly StoredOrder[]>;
  /** Oldest first: the order they were recorded in. */
  listExecutionsOf(orderId: bigint, limit: number): Promise<readonly StoredExecution[]>;
  listExecutions(filter: ExecutionFilter): Promise<readonly StoredExecution[]>;
}

export function createOrderReader(orm: NodePgDatabase): OrderReader {
  const findOrder = async (id: bigint): Promise<StoredOrder | undefined> =>
    (await reading(`find order ${id}`, () => selectOrders(orm).where(eq(orders.actorId, id))))[0];
  return {
    findOrder,
    findOrderOf: async (provider, clientOrderId) =>
      (await reading(`find order ${clientOrderId}`, () => orderOfQuery(orm, provider, clientOrderId)))[0],
    getOrder: async (id) => found(await findOrder(id), 'orders', String(id)),
    listOrders: (filter) => reading('list orders', () => ordersQuery(orm, filter)),
    listExecutionsOf: (id, limit) => reading(`executions of order ${id}`, () => executionsOfQuery(orm, id, limit)),
    listExecutions: (filter) => reading('list executions', () => executionsQuery(orm, filter)),
  };
}

export function orderOfQuery(orm: NodePgDatabase, provider: string, clientOrderId: string) {
  return selectOrders(orm).where(and(eq(orders.provider, provider), eq(orders.clientOrderId, clientOrderId)));
}

export function ordersQuery(orm: NodePgDatabase, filter: OrderFilter) {
  const { provider, strategyInstance, states, open, beforeId, limit } = filter;
  return selectOrders(orm)
    .where(
      and(
        provider === undefined ? undefined : eq(orders.provider, provider),
        strategyInstance === undefined ? undefined : eq(orders.strategyInstance, strategyInstance),
        states === undefined ? undefined : inArray(orders.state, [...states]),
        open === true ? isNull(orders.completedAt) : undefined,
        beforeId === undefined ? undefined : lt(orders.actorId, beforeId),
        isNull(orders.deletedAt),
      ),
    )
    .orderBy(desc(orders.actorId))
    .limit(limit);
}

export function executionsQuery(orm: NodePgDatabase, { provider, strategyInstance, beforeId, limit }: ExecutionFilter) {
  return selectExecutions(orm)
    .where(
      and(
        provider === undefined ? undefined : eq(executions.provider, provider),
        strategyInstance === undefined ? undefined : eq(executions.strategyInstance, strategyInstance),
        beforeId === undefined ? undefined : lt(executions.id, beforeId),
      ),
    )
    .orderBy(desc(executions.id))
    .limit(limit);
}

export function executionsOfQuery(orm: NodePgDatabase, orderId: bigint, limit: number) {
  return selectExecutions(orm).where(eq(executions.orderId, orderId)).orderBy(asc(executions.id)).limit(limit);
}

function selectOrders(orm: NodePgDatabase) {
  return orm
    .select({
      id: orders.actorId,
      clientOrderId: orders.clientOrderId,
      provider: orders.provider,
      strategyInstance: orders.strategyInstance,
      symbol: orders.symbol,
      side: orders.side,
      orderType: orders.orderType,
      timeInForce: orders.timeInForce,
      quantity: plain(orders.quantity),
      price: plain(orders.price),
      stopPrice: plain(orders.stopPrice),
      askedQuantity: plain(orders.askedQuantity),
      askedPrice: plain(orders.askedPrice),
      goodTillAt: orders.goodTillAt,
      linkedTo: orders.linkedTo,
      replaces: orders.replaces,
      replacedBy: orders.replacedBy,
      isExternal: orders.isExternal,
      state: orders.state,
      status: orders.status,
      life: orders.life,
      venueOrderId: orders.venueOrderId,
      filledQuantity: plain(orders.filledQuantity),
      filledQuote: plain(orders.filledQuote),
      placedAt: orders.placedAt,
      acknowledgedAt: orders.acknowledgedAt,
      completedAt: orders.completedAt,
      reason: orders.reason,
      createdAt: orders.createdAt,
      updatedAt: orders.updatedAt,
    })
    .from(orders);
}

function selectExecutions(orm: NodePgDatabase) {
  return orm
    .select({
      id: executions.id,
      orderId: executions.orderId,
      provider: executions.provider,
      strategyInstance: executions.strategyInstance,
      venue: executions.venue,
      account: executions.account,
      symbol: executions.symbol,
      tradeId: executions.tradeId,
      venueOrderId: executions.venueOrderId,
      side: executions.side,
      quantity: plain(executions.quantity),
      price: plain(executions.price),
      fee: plain(executions.fee),
      feeAsset: executions.feeAsset,
      liquidity: executions.liquidity,
      tradedAt: executions.tradedAt,
      origin: executions.origin,
      bustedAt: executions.bustedAt,
      createdAt: executions.createdAt,
    })
    .from(executions);
}
