// What the operator of a venue does to it that no client asked for: trades taken back, orders ended, markets closed,
// clocks that are wrong, readings that lag. Answered when it is durable. What moves money or orders, and whether a
// market is open, is in the ledger; clock and lag end with the process.
import type { ServerResponse } from 'node:http';
import { z } from 'zod';
import { type BustWish, bust } from '../core/busts.ts';
import type { Fact, TradeBusted } from '../core/facts.ts';
import type { Order } from '../core/order.ts';
import type { Venue } from '../venue.ts';
import { amountForm, type Routes, reading, refuse, reply } from './admin-form.ts';

const HOUR_MS = 3_600_000;
const trade = { account: z.string().optional(), symbol: z.string(), tradeId: z.int(), orderId: z.int().optional() };
const bustForm = z.strictObject(trade);
const correctForm = z
  .strictObject({ ...trade, price: amountForm.optional(), quantity: amountForm.optional() })
  .refine(({ price, quantity }) => price !== undefined || quantity !== undefined, 'price or quantity must be given');
const endForm = z.strictObject({
  account: z.string().optional(),
  symbol: z.string().optional(),
  orderId: z.int().optional(),
  clientOrderId: z.string().optional(),
});
const marketForm = z.strictObject({
  symbol: z.string().optional(),
  status: z.enum(['TRADING', 'CANCEL_ONLY', 'HALT']),
});
const clockForm = z.strictObject({ offsetMs: z.int().min(-HOUR_MS).max(HOUR_MS) });
const lagForm = z.strictObject({ lagMs: z.int().min(0).max(HOUR_MS) });
const tickForm = z.strictObject({ ticks: z.int().min(1).max(10_000).default(1) });

export function operatorRoutes(venue: Venue): Routes {
  return [
    ['POST /venue/bust', reading(bustForm, (wish, response) => take(venue, { ...wish, correction: null }, response))],
    [
      'POST /venue/correct',
      reading(correctForm, ({ price, quantity, ...wish }, response) =>
        take(venue, { ...wish, correction: { price, quantity } }, response),
      ),
    ],
    ['POST /venue/cancel', reading(endForm, (wish, response) => end(venue, wish, 'CANCELED', response))],
    ['POST /venue/expire', reading(endForm, (wish, response) => end(venue, wish, 'EXPIRED', response))],
    ['POST /venue/market', reading(marketForm, (wish, response) => setMarket(venue, wish, response))],
    [
      'POST /venue/clock',
      reading(clockForm, ({ offsetMs }, response) => {
        venue.setClock(offsetMs);
        reply(response, 200, { offsetMs, serverTime: venue.host.now() });
      }),
    ],
    [
      'POST /venue/lag',
      reading(lagForm, ({ lagMs }, response) => {
        venue.setReadLag(lagMs);
        reply(response, 200, { lagMs });
      }),
    ],
    [
      'POST /venue/tick',
      reading(tickForm, ({ ticks }, response) => {
        for (let count = 0; count < ticks; count += 1) venue.tick();
        venue.show(() => reply(response, 200, { ticks }));
      }),
    ],
  ];
}

function take(venue: Venue, wish: BustWish, response: ServerResponse): void {
  const done = bust(venue.state, wish, venue.now());
  if (typeof done === 'string') return refuse(response, done, 409);
  venue.commit(done);
  const sides = done.facts.filter((fact): fact is TradeBusted => fact.type === 'TradeBusted');
  const busted = sides.map(({ account, orderId, busted: { id }, corrected }) => ({
    account,
    orderId,
    tradeId: id,
    correctedBy: corrected?.id ?? null,
  }));
  venue.show(() => reply(response, 200, { busted }));
}

/** All open orders of clients that fit, and those of their lists; no fields fit every one. */
function end(
  venue: Venue,
  wish: z.output<typeof endForm>,
  status: 'CANCELED' | 'EXPIRED',
  response: ServerResponse,
): void {
  const fits = (order: Order): boolean =>
    (wish.account ?? order.account) === order.account &&
    (wish.symbol ?? order.symbol) === order.symbol &&
    (wish.orderId ?? order.id) === order.id &&
    (wish.clientOrderId ?? order.clientOrderId) === order.clientOrderId;
  const orders = venue.state.histories
    .all()
    .flatMap(([, history]) => [...history.open.values()])
    .filter(fits);
  const outcome = venue.engine.close(orders, status, null, venue.now());
  venue.commit(outcome);
  const ended = outcome.facts.flatMap((fact) => (fact.type === 'OrderClosed' ? fact.orderId : []));
  venue.show(() => reply(response, 200, { ended }));
}

function setMarket(venue: Venue, { symbol, status }: z.output<typeof marketForm>, response: ServerResponse): void {
  const symbols = symbol === undefined ? [...venue.state.symbols.keys()] : [symbol];
  const stranger = symbols.find((name) => !venue.state.symbols.has(name));
  if (stranger !== undefined) return refuse(response, `no such symbol: ${stranger}`);
  const facts = symbols.map((name): Fact => ({ type: 'StatusSet', symbol: name, status }));
  venue.commit(venue.engine.record(facts, venue.now()));
  venue.show(() => reply(response, 200, { symbols, status }));
}
