// Reads a ledger from outside: what the venue really did, for tests to compare a gateway with.
// It shares the line format with the venue and nothing else: orders, fills and balances are summed here in its own,
// plainer way, so a mistake in the venue's state shows as a difference and not twice.
import { open } from 'node:fs/promises';
import { add, type Decimal, format, mul, sub } from '../../../market/decimal.ts';
import {
  type Entry,
  type Fact,
  FEES,
  HOUSE,
  type Leg,
  type MatchPrevented,
  type OrderPlaced,
  type Traded,
} from '../core/facts.ts';
import { scan } from './scan.ts';

export interface LedgerOrder {
  readonly orderId: number;
  readonly account: string;
  readonly symbol: string;
  /** The one it was placed under: whoever counts orders by intent needs the id of the intent. */
  readonly clientOrderId: string;
  readonly side: 'BUY' | 'SELL';
  readonly type: string;
  readonly timeInForce: string;
  readonly price: string;
  /** Null for what is not a stop order. */
  readonly stopPrice: string | null;
  readonly selfTradePrevention: string;
  readonly placedAt: number;
  /** As amended, if it was. */
  quantity: string;
  amendedClientOrderId: string | null;
  /** When its stop was traded. */
  triggeredAt: number | null;
  status: 'NEW' | 'PARTIALLY_FILLED' | 'FILLED' | 'CANCELED' | 'EXPIRED' | 'EXPIRED_IN_MATCH';
  executedQty: string;
  executedQuote: string;
  closedAt: number | null;
}

/** One order's side of a trade; a self-trade is two of these under one trade id. */
export interface LedgerTrade {
  readonly tradeId: number;
  readonly orderId: number;
  readonly account: string;
  readonly symbol: string;
  readonly clientOrderId: string;
  readonly side: 'BUY' | 'SELL';
  readonly price: string;
  readonly quantity: string;
  readonly fee: string;
  readonly feeAsset: string;
  readonly maker: boolean;
  readonly tradedAt: number;
}

/** A copy that was sent and not taken. */
export interface LedgerRefusal {
  readonly account: string;
  readonly symbol: string;
  readonly clientOrderId: string;
  readonly code: number;
  readonly msg: string;
  readonly at: number;
}

export interface LedgerView {
  readonly orders: readonly LedgerOrder[];
  readonly trades: readonly LedgerTrade[];
  readonly refusals: readonly LedgerRefusal[];
  /** account → asset → total, free and locked together, the house and the fees among them. */
  readonly balances: ReadonlyMap<string, ReadonlyMap<string, string>>;
  readonly entries: number;
  /** Bytes of a line that was cut by a crash, or is still being written by a running venue. */
  readonly tornBytes: number;
}

/** Safe beside a running venue: it sees every line that was whole when it got there. */
export async function readLedger(file: string): Promise<LedgerView> {
  const reading = new Reading();
  const handle = await open(file, 'r');
  try {
    const { lastNumber, tornBytes } = await scan(handle, file, (entry) => reading.add(entry));
    return reading.view(lastNumber, tornBytes);
  } finally {
    await handle.close();
  }
}

type Placed = LedgerOrder & { executed: Decimal; quote: Decimal; wanted: Decimal };

class Reading {
  private readonly orders = new Map<number, Placed>();
  private readonly trades: LedgerTrade[] = [];
  private readonly refusals: LedgerRefusal[] = [];
  private readonly totals = new Map<string, Map<string, Decimal>>();
  private assets = new Map<string, readonly [base: string, quote: string]>();

  add(entry: Entry): void {
    for (const fact of entry.facts) this.fact(fact, entry.at);
  }

  view(entries: number, tornBytes: number): LedgerView {
    const orders = [...this.orders.values()].map(({ executed, quote, wanted: _, ...order }) => ({
      ...order,
      executedQty: format(executed),
      executedQuote: format(quote),
    }));
    const balances = new Map(
      [...this.totals].map(([account, assets]) => [
        account,
        new Map([...assets].map(([asset, sum]) => [asset, format(sum)])),
      ]),
    );
    return { orders, trades: this.trades, refusals: this.refusals, balances, entries, tornBytes };
  }

  private fact(fact: Fact, at: number): void {
    switch (fact.type) {
      case 'AccountOpened':
        for (const { asset, amount } of fact.balances) this.post(fact.account, asset, amount);
        return;
      case 'Transferred':
        this.post(fact.account, fact.asset, fact.amount);
        return;
      case 'OrderPlaced':
        return this.placed(fact);
      case 'Traded':
        return this.traded(fact, at);
      case 'OrderClosed': {
        const order = this.orders.get(fact.orderId);
        if (order) Object.assign(order, { status: fact.status, closedAt: at });
        return;
      }
      case 'OrderAmended': {
        const { quantity, clientOrderId } = fact;
        const change = { wanted: quantity, quantity: format(quantity), amendedClientOrderId: clientOrderId };
        Object.assign(this.order(fact.orderId), change);
        return;
      }
      case 'OrderTriggered':
        this.order(fact.orderId).triggeredAt = at;
        return;
      case 'MatchPrevented':
        return this.prevented(fact, at);
      case 'OrderRefused': {
        const { account, symbol, clientOrderId, code, msg } = fact;
        this.refusals.push({ account, symbol, clientOrderId, code, msg, at });
        return;
      }
      case 'Marked':
        for (const { symbol, base, quote } of fact.symbols) this.assets.set(symbol, [base, quote]);
        return;
    }
  }

  private placed({ order }: OrderPlaced): void {
    const { id, price, quantity, stopPrice, selfTradePrevention, ...terms } = order;
    this.orders.set(id, {
      ...terms,
      orderId: id,
      price: format(price),
      stopPrice: stopPrice === undefined ? null : format(stopPrice),
      selfTradePrevention: selfTradePrevention ?? 'NONE',
      quantity: format(quantity),
      amendedClientOrderId: null,
      triggeredAt: null,
      status: 'NEW',
      executedQty: '0',
      executedQuote: '0',
      closedAt: null,
      executed: 0n,
      quote: 0n,
      wanted: quantity,
    });
  }

  private prevented({ mode, takerOrderId, makerOrderId }: MatchPrevented, at: number): void {
    const ended = { status: 'EXPIRED_IN_MATCH', closedAt: at };
    if (mode !== 'EXPIRE_MAKER') Object.assign(this.order(takerOrderId), ended);
    if (mode !== 'EXPIRE_TAKER') Object.assign(this.order(makerOrderId), ended);
  }

  private traded(trade: Traded, at: number): void {
    const [base, quote] = this.assets.get(trade.symbol) ?? [];
    if (!base || !quote) throw new Error(`a ledger names a symbol's assets before it trades: symbol=${trade.symbol}`);
    const cost = mul(trade.price, trade.quantity);
    this.post(trade.buyer.account, base, sub(trade.quantity, trade.buyer.fee));
    this.post(trade.buyer.account, quote, -cost);
    this.post(trade.seller.account, quote, sub(cost, trade.seller.fee));
    this.post(trade.seller.account, base, -trade.quantity);
    this.post(FEES, base, trade.buyer.fee);
    this.post(FEES, quote, trade.seller.fee);
    this.fill(trade, trade.buyer, 'BUY', base, cost, at);
    this.fill(trade, trade.seller, 'SELL', quote, cost, at);
  }

  private fill(trade: Traded, leg: Leg, side: 'BUY' | 'SELL', feeAsset: string, cost: Decimal, at: number): void {
    if (leg.account === HOUSE) return;
    const order = this.order(leg.orderId);
    order.executed = add(order.executed, trade.quantity);
    order.quote = add(order.quote, cost);
    const filled = order.executed === order.wanted;
    order.status = filled ? 'FILLED' : 'PARTIALLY_FILLED';
    if (filled) order.closedAt = at;
    this.trades.push({
      tradeId: trade.id,
      orderId: leg.orderId,
      account: leg.account,
      symbol: trade.symbol,
      clientOrderId: order.clientOrderId,
      side,
      price: format(trade.price),
      quantity: format(trade.quantity),
      fee: format(leg.fee),
      feeAsset,
      maker: trade.takerSide !== side,
      tradedAt: at,
    });
  }

  private order(id: number): Placed {
    const order = this.orders.get(id);
    if (!order) throw new Error(`a fact is about an order that was placed: order=${id}`);
    return order;
  }

  private post(account: string, asset: string, amount: Decimal): void {
    const assets = this.totals.get(account) ?? new Map<string, Decimal>();
    assets.set(asset, (assets.get(asset) ?? 0n) + amount);
    this.totals.set(account, assets);
  }
}
