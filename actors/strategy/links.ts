// The providers an instance trades through: what it asks them to send, and which of them are ready.
import { BUS } from '../bus/messages.ts';
import { type ProviderMessage, providerKey, type Route } from '../provider/messages.ts';
import { send } from '../runtime/effect.ts';
import { type Heard, type Outcome, own, type StrategyContext, type StrategyEffect } from './context.ts';
import { strategyKey } from './messages.ts';
import { notify } from './own-orders.ts';

const ROUTE_TYPES = ['Trade', 'Ticker', 'BookSnapshot', 'KlineSummary'] as const;

/** Tickers always: risk judges prices by them, whatever the module listens to. */
export function routesOf({ scope, events }: StrategyContext, provider: string): Route[] {
  const types = ROUTE_TYPES.filter((type) => type === 'Ticker' || events.includes(type));
  return (scope[provider]?.symbols ?? []).flatMap((symbol) => types.map((type) => ({ type, symbol })));
}

export function watchProviders(context: StrategyContext): Outcome {
  const watcher = strategyKey(context.instanceId);
  const effects = Object.keys(context.scope).map((provider) => {
    const routes = routesOf(context, provider);
    return send<ProviderMessage>(providerKey(provider), { type: 'WatchRequested', watcher, routes });
  });
  return { changes: {}, effects };
}

export function endWatches({ instanceId, scope }: StrategyContext): Outcome {
  const watcher = strategyKey(instanceId);
  const effects = Object.keys(scope).map((provider) =>
    send<ProviderMessage>(providerKey(provider), { type: 'WatchEnded', watcher }),
  );
  return { changes: { links: {} }, effects };
}

/** Reports about its orders and the controls of its risk scope; a second subscription is the same one. */
export function subscriptions({ instanceId, riskScope }: StrategyContext): readonly StrategyEffect[] {
  const subscriber = strategyKey(instanceId);
  const topics = [`orders/${instanceId}`, `risk/${riskScope}`];
  return topics.map((topic) => send(BUS, { type: 'Subscribe', topic, subscriber } as const));
}

export function areAllReady({ scope, links }: StrategyContext): boolean {
  return Object.keys(scope).every((provider) => Object.hasOwn(links, provider));
}

/** `tells` is whether a sandbox is there to hear that it may trade again. */
export function noteReady(context: StrategyContext, event: Heard<'ProviderReady'>, tells: boolean): Outcome {
  const { provider, venue, account, fenceMarginMs, recvWindowMs, amends, orderTypes, at } = event;
  const symbols = own(context.scope, provider)?.symbols;
  if (symbols === undefined) return { changes: {}, effects: [] };
  const known = event.instruments.filter(({ symbol }) => symbols.includes(symbol));
  const instruments = Object.fromEntries(known.map((instrument) => [instrument.symbol, instrument]));
  const link = { venue, account, fenceMarginMs, recvWindowMs, amends, orderTypes, instruments };
  const isBack = tells && !Object.hasOwn(context.links, provider);
  const effects = isBack ? [tradingNotice(context, provider, at, null)] : [];
  return { changes: { links: { ...context.links, [provider]: link } }, effects };
}

export function noteLost(context: StrategyContext, event: Heard<'ProviderLost'>, tells: boolean): Outcome {
  const { provider, reason, at } = event;
  const { [provider]: link, ...links } = context.links;
  const effects = tells && link !== undefined ? [tradingNotice(context, provider, at, reason)] : [];
  // While it starts, this is what it waits for.
  return { changes: tells ? { links } : { links, reason: `${provider}: ${reason}` }, effects };
}

function tradingNotice(context: StrategyContext, provider: string, timestamp: number, lostFor: string | null) {
  const payload = { kind: 'trading', active: lostFor === null, reason: lostFor };
  return notify(context, { type: 'Extension', provider, symbol: '', payload, timestamp });
}
