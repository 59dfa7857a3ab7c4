// Reads a ledger from outside: what the venue really did, for tests to compare a gateway with.
// It shares the line format with the venue and nothing else: orders, fills and balances are summed here in its own,
// plainer way, so a mistake in the venue's state shows as a difference and not twice.
import { open } from 'node:fs/promises';
import { add, type Decimal, format, mul } from '../../../market/decimal.ts';
import {
  type Entry,
  type Fact,
  FEES,
  HOUSE,
  type Leg,
  type MatchPrevented,
  type OrderPlaced,
  type OrderStands,
  type Standing,
  type TradeBusted,
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

/** A trade that was taken back: it is not among the trades any more, its correction is. */
export interface LedgerBust {
  readonly tradeId: number;
  readonly orderId: number;
  readonly account: string;
  readonly symbol: string;
  readonly correctedBy: number | null;
  readonly at: number;
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
  /** As the refusals, since the ledger last began anew. */
  readonly busts: readonly LedgerBust[];
  /** Since the ledger last began anew. */
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

type Placed = LedgerOrder & { executed: Decimal; quote: Decimal; wanted: Decimal; decremented: Decimal };

class Reading {
  private readonly orders = new Map<number, Placed>();
  private readonly trades: LedgerTrade[] = [];
  private readonly busts: LedgerBust[] = [];
  private readonly refusals: LedgerRefusal[] = [];
  private readonly totals = new Map<string, Map<string, Decimal>>();
  private assets = new Map<string, readonly [base: string, quote: string]>();

  add(entry: Entry): void {
    for (const fact of entry.facts) this.fact(fact, entry.at);
  }

  view(entries: number, tornBytes: number): LedgerView {
    const orders = [...this.orders.values()].map(({ executed, quote, wanted: _, decremented: __, ...order }) => ({
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
    const { trades, busts, refusals } = this;
    return { orders, trades, busts, refusals, balances, entries, tornBytes };
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
      case 'TradeBusted':
        return this.busted(fact, at);
      case 'Marked':
        for (const { symbol, base, quote } of fact.symbols) this.assets.set(symbol, [base, quote]);
        return;
      case 'ListPlaced':
      case 'OrderFunded':
      case 'StatusSet':
        return; // belonging together, being held and being open move nothing
      default:
        return this.standing(fact);
    }
  }

  private placed({ order }: OrderPlaced): void {
    const { id, price, quantity, stopPrice, quoteQuantity: _, selfTradePrevention, ...terms } = order;
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
      decremented: 0n,
    });
  }

  /** How things stood when the ledger began anew; what was forgotten then is not here. */
  private standing(fact: Standing): void {
    switch (fact.type) {
      case 'AccountStands':
        for (const { asset, free, locked } of fact.balances) this.post(fact.account, asset, add(free, locked));
        return;
      case 'OrderStands':
        this.orders.set(fact.order.id, stood(fact));
        return;
      case 'TradeStands': {
        const { id, price, quantity, fee, ...trade } = fact.trade;
        const { clientOrderId } = this.order(trade.orderId);
        const amounts = { price: format(price), quantity: format(quantity), fee: format(fee) };
        this.trades.push({ ...trade, ...amounts, tradeId: id, account: fact.account, clientOrderId });
        return;
      }
      case 'SymbolStands':
        this.assets.set(fact.symbol, [fact.base, fact.quote]);
        return;
      case 'SnapshotBegun':
      case 'ListStands':
      case 'HistoryStands':
        return; // nothing of them is in a view
    }
  }

  /** The house stands in for the other side. */
  private busted(fact: TradeBusted, at: number): void {
    const { symbol, account, orderId, side, feeAsset, busted, corrected } = fact;
    const [base = '', quote = ''] = this.assets.get(symbol) ?? [];
    const order = this.order(orderId);
    const index = this.trades.findIndex((trade) => trade.tradeId === busted.id && trade.orderId === orderId);
    const [old] = this.trades.splice(index, 1);
    for (const [fill, sign] of [[busted, -1n] as const, ...(corrected ? [[corrected, 1n] as const] : [])]) {
      const got = (side === 'BUY' ? fill.quantity : -fill.quantity) * sign;
      const paid = (side === 'BUY' ? 1n : -1n) * mul(fill.price, fill.quantity) * sign;
      for (const [who, of] of [[account, 1n] as const, [HOUSE, -1n] as const]) {
        this.post(who, base, got * of);
        this.post(who, quote, -paid * of);
      }
      this.post(account, feeAsset, -fill.fee * sign);
      this.post(FEES, feeAsset, fill.fee * sign);
      order.executed += fill.quantity * sign;
      order.quote += mul(fill.price, fill.quantity) * sign;
    }
    const isWhole = order.executed + order.decremented === order.wanted;
    if (!isWhole && order.status === 'FILLED') order.status = 'CANCELED';
    const works = order.status === 'NEW' || order.status === 'PARTIALLY_FILLED';
    if (works) order.status = order.executed === 0n ? 'NEW' : 'PARTIALLY_FILLED';
    if (works && isWhole) Object.assign(order, { status: 'FILLED', closedAt: at });
    const bust = { tradeId: busted.id, orderId, account, symbol, correctedBy: corrected?.id ?? null, at };
    this.busts.push(bust);
    if (!old || !corrected) return;
    const { id, price, quantity, fee } = corrected;
    const amounts = { price: format(price), quantity: format(quantity), fee: format(fee) };
    this.trades.push({ ...old, ...amounts, tradeId: id, tradedAt: at });
  }

  private prevented({ mode, takerOrderId, makerOrderId, quantity }: MatchPrevented, at: number): void {
    if (mode === 'DECREMENT') {
      for (const order of [this.order(takerOrderId), this.order(makerOrderId)]) {
        order.decremented += quantity;
        if (order.executed + order.decremented < order.wanted) continue;
        Object.assign(order, { status: 'EXPIRED_IN_MATCH', closedAt: at });
      }
      return;
    }
    const ended = { status: 'EXPIRED_IN_MATCH', closedAt: at };
    if (mode !== 'EXPIRE_MAKER') Object.assign(this.order(takerOrderId), ended);
    if (mode !== 'EXPIRE_TAKER') Object.assign(this.order(makerOrderId), ended);
  }

  private traded(trade: Traded, at: number): void {
    const [base, quote] = this.assets.get(trade.symbol) ?? [];
    if (!base || !quote) throw new Error(`a ledger names a symbol's assets before it trades: symbol=${trade.symbol}`);
    const cost = mul(trade.price, trade.quantity);
    this.post(trade.buyer.account, base, trade.quantity);
    this.post(trade.buyer.account, quote, -cost);
    this.post(trade.seller.account, quote, cost);
    this.post(trade.seller.account, base, -trade.quantity);
    for (const [leg, side, asset] of [
      [trade.buyer, 'BUY', trade.buyer.feeAsset ?? base],
      [trade.seller, 'SELL', trade.seller.feeAsset ?? quote],
    ] as const) {
      this.post(leg.account, asset, -leg.fee);
      this.post(FEES, asset, leg.fee);
      this.fill(trade, leg, side, asset, cost, at);
    }
  }

  private fill(trade: Traded, leg: Leg, side: 'BUY' | 'SELL', feeAsset: string, cost: Decimal, at: number): void {
    if (leg.account === HOUSE) return;
    const order = this.order(leg.orderId);
    order.executed = add(order.executed, trade.quantity);
    order.quote = add(order.quote, cost);
    const filled = order.executed + order.decremented === order.wanted;
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

function stood({ order }: OrderStands): Placed {
  const { id, price, quantity, stopPrice, selfTradePrevention, executed, executedQuote, placedAs, ...rest } = order;
  const { account, symbol, side, type, timeInForce, placedAt, status, clientOrderId, workingAt, updatedAt } = rest;
  const isOver = status !== 'NEW' && status !== 'PARTIALLY_FILLED';
  return {
    ...{ account, symbol, side, type, timeInForce, placedAt, status, orderId: id },
    clientOrderId: placedAs ?? clientOrderId,
    amendedClientOrderId: placedAs === undefined ? null : clientOrderId,
    price: format(price),
    quantity: format(quantity),
    stopPrice: stopPrice === undefined ? null : format(stopPrice),
    selfTradePrevention: selfTradePrevention ?? 'NONE',
    triggeredAt: stopPrice === undefined ? null : workingAt,
    closedAt: isOver ? updatedAt : null,
    executedQty: format(executed),
    executedQuote: format(executedQuote),
    executed,
    quote: executedQuote,
    wanted: quantity,
    decremented: order.decremented ?? 0n,
  };
}
