// Who should live: the bus, and the risks, providers and strategies of configuration and operators.
// A configuration is told when it differs from what was told before, so that what an operator changed since stays.
import { BUS } from '../bus/messages.ts';
import { type ProviderInput, providerKey } from '../provider/messages.ts';
import { type RiskInput, riskKey } from '../risk/messages.ts';
import { reply, send, spawn } from '../runtime/effect.ts';
import { type ActorKey, kindOf } from '../runtime/message.ts';
import { type StrategyInput, strategyKey } from '../strategy/messages.ts';
import { CHILDREN_MAX } from './bounds.ts';
import {
  audit,
  type Child,
  type Heard,
  type Outcome,
  type SupervisorContext,
  type SupervisorEffect,
} from './context.ts';

type Wish =
  | { readonly kind: 'risk'; readonly input: RiskInput }
  | { readonly kind: 'provider'; readonly input: ProviderInput }
  | { readonly kind: 'strategy'; readonly input: StrategyInput };

/** In the order in which they must exist: who is asked before who asks. */
export function startNode(context: SupervisorContext, event: Heard<'NodeStarted'>): Outcome {
  const { node, epoch } = event;
  const wishes: Wish[] = [
    ...event.risks.map((input) => ({ kind: 'risk' as const, input })),
    ...event.providers.map((input) => ({ kind: 'provider' as const, input })),
    ...event.strategies.map((input) => ({ kind: 'strategy' as const, input })),
  ];
  const named = new Set<string>(wishes.map(keyOf));
  const dropped = Object.keys(context.children).filter((key) => isDropped(context, key, named)) as ActorKey[];
  const children = without(context.children, dropped);
  const effects: SupervisorEffect[] = [spawn(BUS, {}), ...dropped.flatMap(stopped)];
  // Those an operator added are told of the node like all others.
  const added = (Object.keys(children) as ActorKey[]).filter((key) => !named.has(key));
  for (const wish of wishes) effects.push(...begin(children, wish));
  for (const key of added) effects.push(...nodeStarted(key));
  return { changes: { node, epoch, children }, effects };
}

function isDropped({ children }: SupervisorContext, key: string, named: ReadonlySet<string>): boolean {
  return children[key]?.origin === 'file' && !named.has(key);
}

function without(children: SupervisorContext['children'], keys: readonly string[]): { [key: string]: Child } {
  return Object.fromEntries(Object.entries(children).filter(([key]) => !keys.includes(key)));
}

/** One configured child at the start of a node; notes it in `children`. */
function begin(children: { [key: string]: Child }, wish: Wish): readonly SupervisorEffect[] {
  const key = keyOf(wish);
  const known = children[key];
  if (known === undefined && Object.keys(children).length >= CHILDREN_MAX) {
    return [audit('ChildRefused', { key, allowed: CHILDREN_MAX })];
  }
  const digest = digestOf(wish.input);
  children[key] = { origin: 'file', digest };
  if (known === undefined) return [spawn(key, wish.input), ...nodeStarted(key), ...started(key)];
  return [...(known.digest === digest ? [] : [configure(wish)]), ...nodeStarted(key)];
}

export function wishOf(event: Heard<'AddProvider' | 'AddStrategy' | 'AddRisk'>): Wish {
  if (event.type === 'AddRisk') return { kind: 'risk', input: event.input };
  if (event.type === 'AddProvider') return { kind: 'provider', input: event.input };
  return { kind: 'strategy', input: event.input };
}

export function addChild(context: SupervisorContext, wish: Wish, start: boolean): Outcome {
  const key = keyOf(wish);
  const { children } = context;
  if (Object.hasOwn(children, key)) return refuse(`${key} exists already`);
  if (Object.keys(children).length >= CHILDREN_MAX) return refuse(`at most ${CHILDREN_MAX} children are allowed`);
  const child: Child = { origin: 'operator', digest: digestOf(wish.input) };
  // It may have lived before it was removed: then spawn finds it, and configure changes it.
  const birth: SupervisorEffect[] = [spawn(key, wish.input), configure(wish), ...(start ? started(key) : [])];
  return {
    changes: { children: { ...children, [key]: child } },
    effects: [...birth, audit('ChildAdded', { key, start }), reply({ accepted: true, detail: '' })],
  };
}

export function removeChild({ children }: SupervisorContext, { key }: Heard<'RemoveChild'>): Outcome {
  const child = children[key];
  if (child === undefined) return refuse(`there is no child ${key}`);
  if (child.origin === 'file') return refuse(`${key} is named by the configuration: remove it there`);
  const effects = [
    ...stopped(key),
    ...removed(key),
    audit('ChildRemoved', { key }),
    reply({ accepted: true, detail: '' }),
  ];
  return { changes: { children: without(children, [key]) }, effects };
}

function refuse(detail: string): Outcome {
  return { changes: {}, effects: [reply({ accepted: false, detail })] };
}

function keyOf(wish: Wish): ActorKey {
  if (wish.kind === 'risk') return riskKey(wish.input.scope);
  return wish.kind === 'provider' ? providerKey(wish.input.name) : strategyKey(wish.input.instanceId);
}

function configure(wish: Wish): SupervisorEffect {
  const key = keyOf(wish);
  if (wish.kind === 'risk') return send(key, { type: 'SetLimits', limits: wish.input.limits });
  if (wish.kind === 'provider') {
    const { adapter, settings } = wish.input;
    return send(key, { type: 'Configure', adapter, settings });
  }
  const { revision, config, scope } = wish.input;
  return send(key, { type: 'Configure', revision, config, scope });
}

function nodeStarted(key: ActorKey): SupervisorEffect[] {
  return isRunnable(key) ? [send(key, { type: 'NodeStarted' })] : [];
}

function started(key: ActorKey): SupervisorEffect[] {
  return isRunnable(key) ? [send(key, { type: 'Start' })] : [];
}

function stopped(key: ActorKey): SupervisorEffect[] {
  return isRunnable(key) ? [send(key, { type: 'Stop' })] : [];
}

/** A provider's routes go with it; where an order still needs it, it stays stopped and says so. */
function removed(key: ActorKey): SupervisorEffect[] {
  return kindOf(key) === 'provider' ? [send(key, { type: 'Remove', by: 'supervisor/main' })] : [];
}

/** A risk scope has no life of its own: it judges from its first message on. */
function isRunnable(key: ActorKey): boolean {
  return kindOf(key) !== 'risk';
}

/**
 * 64 bits of FNV-1a over the JSON text with its keys in order: equal configurations have equal digests, and a change
 * is overlooked once in 2^64.
 */
export function digestOf(input: object): string {
  const text = JSON.stringify(input, (_, value: unknown) => inOrder(value));
  let hash = 0xcbf29ce484222325n;
  for (let index = 0; index < text.length; index += 1) {
    hash = BigInt.asUintN(64, (hash ^ BigInt(text.charCodeAt(index))) * 0x100000001b3n);
  }
  return hash.toString(16).padStart(16, '0');
}

function inOrder(value: unknown): unknown {
  if (value === null || typeof value !== 'object' || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([left], [right]) => (left < right ? -1 : 1)));
}
