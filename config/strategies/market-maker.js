// Quotes one bid and one ask around the mid price of one instrument, and keeps its inventory inside a limit.
//
// A quote that is too far from where it should be is cancelled, and its successor is placed only when the venue has
// said that the old one is over: so there is never more than one order a side, and what both could fill at worst is
// always inside the inventory limit. After a reject it stays out for a number of market events, twice as many
// after every further one. What it knows of its orders and position comes from the runtime, so a restart loses
// nothing: quotes of the run before are found in openOrders() and replaced like its own.
module.exports.metadata = {
  name: 'market-maker',
  tag: 'v1.0.0',
  displayName: 'Market maker',
  description: 'Quotes a bid and an ask around the mid price, skewed by inventory',
  events: ['Trade', 'Ticker', 'ExecReport', 'RiskControl'],
  config: [
    { name: 'provider', type: 'string', default: '', description: 'Provider to quote on; the first one when empty' },
    { name: 'symbol', type: 'string', default: '', description: 'Instrument to quote; the first one when empty' },
    { name: 'spread_bps', type: 'float', default: '5', description: 'Distance of each quote from the mid' },
    { name: 'order_size', type: 'float', default: '0.001', description: 'Base quantity of a quote' },
    { name: 'requote_bps', type: 'float', default: '2', description: 'A quote this far from its place is replaced' },
    {
      name: 'requote_trades',
      type: 'int',
      default: 50,
      description: 'Trades after which a quote off its place, however little, is replaced; 0 = never',
    },
    {
      name: 'inventory_limit',
      type: 'float',
      default: '0.01',
      description: 'Base quantity, long or short, never exceeded',
    },
    { name: 'skew_bps', type: 'float', default: '4', description: 'Shift of both quotes against a full inventory' },
    { name: 'max_open_orders', type: 'int', default: 2, description: 'Orders that may work at once' },
    { name: 'post_only', type: 'bool', default: true, description: 'Never take liquidity' },
    { name: 'price_tick', type: 'float', default: '0.01', description: 'Step of the price' },
    { name: 'min_notional', type: 'float', default: '5', description: 'Smallest order in quote currency' },
    {
      name: 'backoff_events',
      type: 'int',
      default: 20,
      description: 'Market events without new quotes after a reject',
    },
    { name: 'dry_run', type: 'bool', default: true, description: 'When true, orders are logged and not placed' },
  ],
};

const BACKOFF_TIMES_MAX = 64;
const CANCEL_AGAIN_EVENTS = 200;
const EPSILON = 1e-9;

module.exports.create = function create({ config, helpers, runtime }) {
  const settings = readSettings(config);
  const provider = config.provider || runtime.providers()[0];
  const quoter = createQuoter(runtime, settings);
  const desk = createDesk(runtime, settings);
  let rejects = 0;

  function onMarket(event) {
    const mine = event.provider === provider && (config.symbol === '' || event.symbol === config.symbol);
    if (mine && runtime.isTradingActive()) quoter.review({ provider, symbol: event.symbol }, desk);
  }

  function backOff(reason) {
    rejects += 1;
    const pause = settings.backoffEvents * Math.min(2 ** (rejects - 1), BACKOFF_TIMES_MAX);
    quoter.pause(pause);
    helpers.log(`no new quotes for ${pause} market events: ${reason}`);
  }

  return {
    onTicker: (_context, event) => onMarket(event),
    onTrade(_context, event) {
      desk.countTrade();
      onMarket(event);
    },
    onOrderAcknowledged() {
      rejects = 0;
    },
    onOrderRejected: (_context, _event, _report, reason) => backOff(`order rejected: ${reason}`),
    onRiskControl(_context, _event, risk) {
      if (risk.status === 'CLEARED') quoter.halt(false);
      else if (risk.killSwitchEngaged || risk.circuitBreakerOpen) quoter.halt(true);
      else backOff(`risk: ${risk.reason}`);
    },
  };
};

/** Decides, at every market event, which quotes stay, go and come. */
function createQuoter(runtime, settings) {
  let events = 0;
  let resumeAt = 0;
  let halted = false;

  function review(at, desk) {
    events += 1;
    const market = runtime.getMarketState(at.provider, at.symbol);
    if (!(market.bid > 0) || !(market.ask > market.bid)) return;
    const mid = (market.bid + market.ask) / 2;
    const position = Number(runtime.position(at.symbol, at.provider));
    const prices = halted ? { Buy: null, Sell: null } : quotePrices(settings, market, mid, position);
    const orders = desk.working(at);
    let count = orders.length;
    for (const side of ['Buy', 'Sell']) {
      const mine = orders.filter((order) => order.side === side);
      const price = fits(settings, side, position, mine[0]) ? prices[side] : null;
      for (const [index, order] of mine.entries()) {
        if (index > 0 || !desk.stands(order, price, mid)) desk.cancel(order, events);
      }
      const free = mine.length === 0 && count < settings.maxOpenOrders && events >= resumeAt;
      if (!free || price === null || settings.size * Number(price) < settings.minNotional) continue;
      desk.place(at, side, price);
      count += 1;
    }
  }

  return {
    review,
    pause: (count) => {
      resumeAt = events + count;
    },
    halt: (on) => {
      halted = on;
    },
  };
}

/** The orders of this instance on an instrument. In a dry run: the quotes that would be there. */
function createDesk(runtime, settings) {
  const dryQuotes = new Map();
  const cancelledAt = new Map();
  const placedAtTrade = { Buy: 0, Sell: 0 };
  let trades = 0;
  const idOf = (order) => order.clientOrderId || order.ref;

  function working({ provider, symbol }) {
    const open = runtime.isDryRun() ? [...dryQuotes.values()] : runtime.openOrders();
    for (const id of cancelledAt.keys()) if (!open.some((order) => idOf(order) === id)) cancelledAt.delete(id);
    return open.filter((order) => order.provider === provider && order.symbol === symbol);
  }

  function place({ provider, symbol }, side, price) {
    const quantity = settings.sizeText;
    const ref = runtime.submitOrder(provider, side, quantity, price, { symbol, postOnly: settings.postOnly });
    placedAtTrade[side] = trades;
    const quote = { ref, provider, symbol, side, price, quantity, filledQuantity: '0' };
    if (runtime.isDryRun()) dryQuotes.set(ref, quote);
  }

  /** A cancel that brings no answer is asked for again. */
  function cancel(order, events) {
    const id = idOf(order);
    if (!cancelledAt.has(id)) cancelledAt.set(id, events);
    if (order.cancelling && events - cancelledAt.get(id) < CANCEL_AGAIN_EVENTS) return;
    cancelledAt.set(id, events);
    if (!dryQuotes.delete(id)) runtime.cancelOrder(id);
  }

  /** Whether the order may stay where it is, given where it should be. */
  function stands(order, price, mid) {
    if (price === null) return false;
    const offBps = (Math.abs(Number(order.price) - Number(price)) / mid) * 10_000;
    if (offBps > settings.requoteBps) return false;
    const old = settings.requoteTrades > 0 && trades - placedAtTrade[order.side] >= settings.requoteTrades;
    return !old || Number(order.price) === Number(price);
  }

  const countTrade = () => {
    trades += 1;
  };
  return { working, place, cancel, stands, countTrade };
}

function readSettings(config) {
  const tick = Number(config.price_tick);
  const size = Number(config.order_size);
  if (!(tick > 0) || !(size > 0)) throw new RangeError('price_tick and order_size have to be above 0');
  return {
    tick,
    places: (String(config.price_tick).split('.')[1] || '').length,
    size,
    sizeText: String(config.order_size),
    spreadBps: Number(config.spread_bps),
    requoteBps: Number(config.requote_bps),
    requoteTrades: Number(config.requote_trades),
    inventoryLimit: Number(config.inventory_limit),
    skewBps: Number(config.skew_bps),
    maxOpenOrders: Number(config.max_open_orders),
    postOnly: config.post_only,
    minNotional: Number(config.min_notional),
    backoffEvents: Number(config.backoff_events),
  };
}

/** Prices on the tick, as text: around the mid, moved against the inventory, never through the other side's best. */
function quotePrices({ tick, places, spreadBps, skewBps, inventoryLimit }, market, mid, position) {
  const load = inventoryLimit > 0 ? Math.max(-1, Math.min(1, position / inventoryLimit)) : 0;
  const centre = mid * (1 - (skewBps * load) / 10_000);
  const bid = Math.min(centre * (1 - spreadBps / 10_000), market.ask - tick);
  const ask = Math.max(centre * (1 + spreadBps / 10_000), market.bid + tick);
  const text = (ticks) => (ticks > 0 ? (ticks * tick).toFixed(places) : null);
  return { Buy: text(Math.floor(bid / tick + EPSILON)), Sell: text(Math.ceil(ask / tick - EPSILON)) };
}

/** Whether the position stays inside the limit when the side's order (or a new one) fills whole. */
function fits({ inventoryLimit, size }, side, position, order) {
  const rest = order ? Number(order.quantity) - Number(order.filledQuantity) : size;
  const after = side === 'Buy' ? position + rest : position - rest;
  return Math.abs(after) <= inventoryLimit + EPSILON || Math.abs(after) < Math.abs(position);
}
