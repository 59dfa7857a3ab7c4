// Inside QuickJS (see prelude.ts): prices a module has been shown, and what it may ask about its venues.
import type { Envelope } from '../protocol.ts';
import type { Context, Market } from './context.ts';

/** Last prices per provider and symbol. */
export function createMarket(): Market {
  const seen = new Map<string, { last: number; bid: number; ask: number }>();
  const at = (provider: string, symbol: string) => seen.get(`${provider} ${symbol}`) ?? { last: 0, bid: 0, ask: 0 };
  const pricesOf = (type: string, payload: { [name: string]: unknown }) => {
    const best = (levels: unknown) => Number((levels as { price: string }[])[0]?.price ?? 0);
    if (type === 'Trade') return { last: Number(payload['price']) };
    if (type === 'BookSnapshot') return { bid: best(payload['bids']), ask: best(payload['asks']) };
    if (type !== 'Ticker') return null;
    return { last: Number(payload['lastPrice']), bid: Number(payload['bidPrice']), ask: Number(payload['askPrice']) };
  };
  const apply: Market['apply'] = ({ type, provider, symbol, payload }) => {
    const next = pricesOf(type, payload as { [name: string]: unknown });
    if (next) seen.set(`${provider} ${symbol}`, { ...at(provider, symbol), ...next });
  };
  const state = (provider: string, symbol: string) => {
    const { last, bid, ask } = at(provider, symbol);
    const spread = bid > 0 && ask > 0 ? ask - bid : 0;
    return { last, bid, ask, spread, spreadPct: bid > 0 ? (spread / bid) * 100 : 0 };
  };
  return { apply, state };
}

/** The instrument a call means that names none: the event's, else the first symbol of the (first) provider. */
export function whereabouts(context: Context, provider: unknown, symbol: unknown) {
  const named = typeof provider === 'string' ? provider.trim() : '';
  const here = context.where && (named === '' || named === context.where.provider) ? context.where : null;
  const chosen = named || (here?.provider ?? Object.keys(context.scope).sort()[0] ?? '');
  const first = Object.hasOwn(context.scope, chosen) ? context.scope[chosen]?.[0] : undefined;
  return { provider: chosen, symbol: typeof symbol === 'string' && symbol ? symbol : (here?.symbol ?? first ?? '') };
}

/** The instance is told with `{ kind: 'trading', active }` when a provider goes away and when it is back. */
export function noteTrading(context: Context, { type, provider, payload }: Envelope): void {
  if (type !== 'Extension') return;
  const { kind, active } = (payload ?? {}) as { readonly kind?: unknown; readonly active?: unknown };
  if (kind !== 'trading') return;
  const others = context.offline.filter((name) => name !== provider);
  context.offline = active === false ? [...others, provider] : others;
}

export function createVenueView(context: Context) {
  const providers = Object.keys(context.scope).sort();
  const state = (provider?: unknown, symbol?: unknown) => {
    const at = whereabouts(context, provider, symbol);
    return context.market.state(at.provider, at.symbol);
  };
  const selectProvider = (seed: unknown) => {
    if (providers.length === 0) throw new Error('the instance has no provider');
    const given = typeof seed === 'string' && seed.trim() !== '' ? Number(seed) : seed;
    const number = typeof given === 'number' && Number.isFinite(given) ? given : Date.now();
    return providers[Math.trunc(Math.abs(number)) % providers.length];
  };
  return {
    isTradingActive: (provider?: unknown) => !context.offline.includes(whereabouts(context, provider, '').provider),
    isDryRun: () => context.dryRun,
    providers: () => [...providers],
    selectProvider,
    getMarketState: state,
    getLastPrice: (provider?: unknown, symbol?: unknown) => state(provider, symbol).last,
    getBidPrice: (provider?: unknown, symbol?: unknown) => state(provider, symbol).bid,
    getAskPrice: (provider?: unknown, symbol?: unknown) => state(provider, symbol).ask,
  };
}
