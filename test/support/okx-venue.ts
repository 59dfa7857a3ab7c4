// A small OKX with one spot market and one account: it takes, fills and cancels orders as the API v5 guide says, so
// that the adapter is tried against what a venue does and not only against what it says once. Everybody else's orders
// are one list; there is no other account. Not simulated: fees other than 0.1 % in what is received, algo orders, the
// least value of an order.
import { add, compare, format, mul, parse, sub, ZERO } from '../../actors/market/decimal.ts';
import { OkxFeeds } from './okx-feeds.ts';
import { type OkxRequest, type OkxServer, okxServer, success } from './okx-server.ts';
import {
  BAD_KEY,
  cost,
  crosses,
  FEE,
  type Fill,
  isLive,
  isRefused,
  least,
  leftAt,
  leftOf,
  listed,
  OKX_INSTRUMENT,
  type Order,
  parametersOf,
  type Resting,
  refused,
  type Side,
  type Text,
  takes,
  textsIn,
  tgtCcyOf,
  view,
} from './okx-words.ts';

/** lostAnswer: done, and cut before the answer. lostRequest: cut, and nothing done. busy: done, and 50013 answered. */
export type OkxFault = 'lostAnswer' | 'lostRequest' | 'busy' | { readonly delayMs: number };

export class OkxVenue {
  readonly server: OkxServer;
  readonly feeds: OkxFeeds;
  /** Before the next order or cancel. */
  fault: { readonly path: 'order' | 'cancel-order'; readonly meets: OkxFault } | null = null;
  clockOffsetMs = 0;
  /** Every push of an order comes twice. */
  repeats = false;
  readonly #cash: { [asset: string]: { avail: bigint; frozen: bigint } } = {
    USDT: { avail: parse('100000'), frozen: ZERO },
    BTC: { avail: parse('2'), frozen: ZERO },
  };
  readonly #orders: Order[] = [];
  readonly #fills: Fill[] = [];
  #others: Resting[] = [];
  #lastId = 1_000;

  constructor(server: OkxServer) {
    this.server = server;
    this.feeds = new OkxFeeds(server);
    const answers: { readonly [name: string]: (request: OkxRequest) => object | null | Promise<object | null> } = {
      'GET /api/v5/public/time': () => success([{ ts: String(this.#now()) }]),
      'GET /api/v5/public/instruments': () => success([OKX_INSTRUMENT]),
      'GET /api/v5/account/balance': () => success([{ uTime: String(this.#now()), details: this.#details() }]),
      'POST /api/v5/trade/order': (request) => this.#faulty('order', () => this.#post(request)),
      'POST /api/v5/trade/cancel-order': (request) => this.#faulty('cancel-order', () => this.#cancel(request)),
      'GET /api/v5/trade/order': (request) => this.#get(request),
      'GET /api/v5/trade/orders-pending': (request) => this.#pending(request),
      'GET /api/v5/trade/fills-history': (request) => this.#history(request),
    };
    for (const [name, answer] of Object.entries(answers)) {
      server.answers.set(name, (request) => (isRefused(request) ? BAD_KEY : answer(request)));
    }
  }

  static async open(): Promise<OkxVenue> {
    return new OkxVenue(await okxServer());
  }

  /** Somebody else's limit order: it trades with what the account has resting, and rests with the remainder. */
  others(side: Side, px: string, sz: string): void {
    const rest: Resting = { side, px, sz };
    const resting = this.#orders.filter((order) => isLive(order) && order.side !== side && crosses(rest, order.px));
    for (const order of resting) {
      if (parse(rest.sz) === ZERO) break;
      const size = least(rest.sz, leftOf(order));
      rest.sz = format(sub(parse(rest.sz), parse(size)));
      this.#fill(order, size, order.px, 'M');
    }
    if (parse(rest.sz) > ZERO) this.#others.push(rest);
  }

  /** An order of the account that this process did not place; gives the venue's id. */
  byHand(side: Side, px: string, sz: string): string {
    return this.#accept({ side, px, sz, ordType: 'limit', clOrdId: '' }).ordId;
  }

  #now(): number {
    return Date.now() + this.clockOffsetMs;
  }

  async #faulty(path: 'order' | 'cancel-order', act: () => object): Promise<object | null> {
    const { fault } = this;
    if (fault?.path !== path) return act();
    this.fault = null;
    if (fault.meets === 'lostRequest') return null;
    if (typeof fault.meets === 'object') {
      const { delayMs } = fault.meets;
      await new Promise((resolve) => setTimeout(resolve, delayMs));
      return act();
    }
    act();
    return fault.meets === 'busy'
      ? { code: '50013', msg: 'Systems are busy. Please try again later.', data: [] }
      : null;
  }

  #post({ body, headers }: OkxRequest): object {
    const wish = textsIn(body);
    const expires = Number(headers['exptime'] ?? Number.POSITIVE_INFINITY);
    const refusal = expires < this.#now() ? (['51149', 'Order timed out.'] as const) : this.#refusal(wish);
    if (refusal) return refused(refusal[0], refusal[1]);
    const order = this.#accept(wish);
    return success([
      { clOrdId: order.clOrdId, ordId: order.ordId, tag: '', ts: String(order.cTime), sCode: '0', sMsg: '' },
    ]);
  }

  #refusal({ clOrdId = '', sz = '', px = '', side = '', ordType = '' }: Text): readonly [string, string] | null {
    if (this.#orders.some((order) => order.clOrdId !== '' && order.clOrdId === clOrdId)) {
      return ['51016', 'Client order ID already exists.'];
    }
    if (compare(parse(sz), parse(OKX_INSTRUMENT.minSz)) < 0)
      return ['51020', 'Your order should meet the minimum amount.'];
    if (ordType !== 'market' && parse(px) % parse(OKX_INSTRUMENT.tickSz) !== ZERO)
      return ['51000', 'Parameter px error'];
    const [asset, amount] = side === 'sell' ? ['BTC', parse(sz)] : ['USDT', mul(parse(px || '0'), parse(sz))];
    const poor = amount > this.#of(asset).avail;
    return poor ? ['51008', `Order failed. Insufficient ${asset} balance in account.`] : null;
  }

  #accept(wish: Text): Order {
    const { side = '', px = '', sz = '', ordType = '', clOrdId = '' } = wish;
    this.#lastId += 1;
    const at = this.#now();
    const known = {
      ordId: String(this.#lastId),
      clOrdId,
      side: side === 'sell' ? 'sell' : 'buy',
      ordType,
      px,
      sz,
      tgtCcy: tgtCcyOf(wish),
    } as const;
    const order: Order = { ...known, cTime: at, state: 'live', accFillSz: '0', uTime: at };
    this.#orders.push(order);
    this.#hold(order, order.sz, 1n);
    this.#push(order, null);
    this.#match(order);
    return order;
  }

  #match(order: Order): void {
    const meets = this.#others.filter((rest) => rest.side !== order.side && takes(order, rest.px));
    const there = meets.reduce((sum, { sz }) => add(sum, parse(sz)), ZERO);
    const isBlocked = order.ordType === 'post_only' && meets.length > 0;
    const isShort = order.ordType === 'fok' && there < parse(order.sz);
    if (isBlocked || isShort) return this.#end(order);
    for (const rest of meets) {
      if (!isLive(order)) break;
      const size = least(rest.sz, leftAt(order, rest.px, this.#fills));
      if (parse(size) === ZERO) break;
      rest.sz = format(sub(parse(rest.sz), parse(size)));
      this.#fill(order, size, rest.px, 'T');
    }
    this.#others = this.#others.filter(({ sz }) => parse(sz) > ZERO);
    if (isLive(order) && order.ordType !== 'limit' && order.ordType !== 'post_only') this.#end(order);
  }

  #fill(order: Order, fillSz: string, fillPx: string, execType: 'M' | 'T'): void {
    this.#lastId += 1;
    const fill: Fill = { order, tradeId: String(this.#lastId), fillSz, fillPx, execType, ts: this.#now() };
    this.#fills.push(fill);
    this.#hold(order, fillSz, -1n);
    const [gets, pays] = order.side === 'buy' ? ['BTC', 'USDT'] : ['USDT', 'BTC'];
    const [got, paid] = order.side === 'buy' ? [parse(fillSz), cost(fill)] : [cost(fill), parse(fillSz)];
    this.#of(gets).avail += got - mul(got, FEE);
    this.#of(pays).avail -= paid;
    order.accFillSz = format(add(parse(order.accFillSz), parse(fillSz)));
    order.state = parse(leftAt(order, fillPx, this.#fills)) === ZERO ? 'filled' : 'partially_filled';
    order.uTime = fill.ts;
    this.#push(order, fill);
  }

  #end(order: Order): void {
    this.#hold(order, leftOf(order), -1n);
    order.state = 'canceled';
    order.uTime = this.#now();
    this.#push(order, null);
  }

  #cancel({ body }: OkxRequest): object {
    const { ordId, clOrdId } = textsIn(body);
    const order = this.#find(ordId, clOrdId);
    if (!order || !isLive(order)) return refused('51400', 'Cancellation failed as the order does not exist.');
    this.#end(order);
    return success([{ clOrdId: order.clOrdId, ordId: order.ordId, sCode: '0', sMsg: '' }]);
  }

  #get({ path }: OkxRequest): object {
    const asked = parametersOf(path);
    const order = this.#find(asked.get('ordId'), asked.get('clOrdId'));
    if (!order) return { code: '51603', msg: 'Order does not exist', data: [] };
    return success([view(order, this.#fills.findLast((fill) => fill.order === order) ?? null)]);
  }

  #pending({ path }: OkxRequest): object {
    const after = Number(parametersOf(path).get('after') ?? Number.POSITIVE_INFINITY);
    const live = this.#orders.filter((order) => isLive(order) && Number(order.ordId) < after).toReversed();
    return success(live.slice(0, 100).map((order) => view(order, null)));
  }

  /** Newest first, at most a hundred. */
  #history({ path }: OkxRequest): object {
    const asked = parametersOf(path);
    const [begin, end] = [Number(asked.get('begin') ?? 0), Number(asked.get('end') ?? Number.POSITIVE_INFINITY)];
    const ordId = asked.get('ordId');
    const fits = ({ order, ts }: Fill): boolean => ts >= begin && ts <= end && (ordId ?? order.ordId) === order.ordId;
    return success(
      this.#fills
        .filter(fits)
        .toReversed()
        .slice(0, Number(asked.get('limit') ?? 100))
        .map(listed),
    );
  }

  #find(ordId: string | null | undefined, clOrdId: string | null | undefined): Order | undefined {
    return this.#orders.find((order) =>
      ordId ? order.ordId === ordId : order.clOrdId !== '' && order.clOrdId === clOrdId,
    );
  }

  #push(order: Order, fill: Fill | null): void {
    const frame = { arg: { channel: 'orders', instType: 'SPOT', uid: '1' }, data: [view(order, fill)] };
    for (let time = 0; time < (this.repeats ? 2 : 1); time += 1) this.server.push(frame);
    const data = [{ uTime: String(this.#now()), details: this.#details() }];
    this.server.push({ arg: { channel: 'account', uid: '1' }, data });
  }

  #hold(order: Order, sz: string, sign: bigint): void {
    if (order.ordType === 'market') return;
    const asset = order.side === 'sell' ? 'BTC' : 'USDT';
    const amount = sign * (order.side === 'sell' ? parse(sz) : mul(parse(order.px), parse(sz)));
    const held = this.#of(asset);
    held.avail -= amount;
    held.frozen += amount;
  }

  #of(asset: string): { avail: bigint; frozen: bigint } {
    const held = this.#cash[asset] ?? { avail: ZERO, frozen: ZERO };
    this.#cash[asset] = held;
    return held;
  }

  #details(): object[] {
    return Object.entries(this.#cash).map(([ccy, { avail, frozen }]) => {
      const whole = format(avail + frozen);
      return {
        ccy,
        availBal: format(avail),
        frozenBal: format(frozen),
        cashBal: whole,
        eq: whole,
        uTime: String(this.#now()),
      };
    });
  }
}
