// The composition root: from plain options to a running gateway, in stages. serve.ts makes the options from the
// configuration, the crash tests from their own; neither wires anything itself.
import { randomUUID } from 'node:crypto';
import os from 'node:os';
import { BUS } from '../actors/bus/messages.ts';
import {
  type Control,
  createControl,
  type Operate,
  type ReadinessReport,
  readinessOf,
} from '../actors/control/index.ts';
import { openBinance } from '../actors/exchanges/binance/index.ts';
import { openCcxt, openOkx } from '../actors/exchanges/ccxt/index.ts';
import type { OpenExchange } from '../actors/exchanges/exchange.ts';
import { type Ports, actors as productionActors } from '../actors/index.ts';
import type { AccountBooks } from '../actors/market/books.ts';
import type { ProviderContext } from '../actors/provider/context.ts';
import { createMarketHub } from '../actors/provider/market-hub.ts';
import type { ProviderInput } from '../actors/provider/messages.ts';
import { createSessionHost } from '../actors/provider/session.ts';
import type { RiskInput } from '../actors/risk/messages.ts';
import type { ActorDefinition } from '../actors/runtime/actor.ts';
import type { RuntimeBounds } from '../actors/runtime/bounds.ts';
import type { CrashHook } from '../actors/runtime/crash-points.ts';
import { textOf } from '../actors/runtime/errors.ts';
import type { RuntimeHealth } from '../actors/runtime/inspect.ts';
import type { Intake } from '../actors/runtime/intake.ts';
import { createSystem, type System } from '../actors/runtime/system.ts';
import type { StrategyInput } from '../actors/strategy/messages.ts';
import { createSandbox } from '../actors/strategy/sandbox/index.ts';
import { createSandboxHost } from '../actors/strategy/sandbox-host.ts';
import { SUPERVISOR, type SupervisorMessage } from '../actors/supervisor/messages.ts';
import type { RootLog } from '../actors/telemetry/log.ts';
import { createMetrics, type Metrics, type ReconcileCounts } from '../actors/telemetry/metrics.ts';
import type { ADAPTERS } from '../config/schema.ts';
import { createStore, type StoreOptions } from '../persistence/index.ts';
import { systemClock } from './clock.ts';
import type { Modules } from './modules.ts';

export interface GatewayOptions {
  readonly store: Omit<StoreOptions, 'log'>;
  readonly children: {
    readonly providers: readonly ProviderInput[];
    readonly strategies: readonly StrategyInput[];
    readonly risks: readonly RiskInput[];
  };
  /** Resolves a credential reference at use. */
  readonly secrets: (reference: string) => string;
  /** What the client order ids of this deployment begin with: an order of it that nobody knows is an alarm. */
  readonly orderPrefix?: string;
  readonly modules: Modules;
  readonly api: { readonly address: string; readonly token: string; readonly allowedHosts: readonly string[] };
  readonly environment: string;
  /** Made before, to count the migrations too. */
  readonly metrics?: Metrics;
  readonly log: RootLog;
  readonly bounds?: Partial<RuntimeBounds>;
  readonly leaseWaitMs?: number;
  /** The kinds, where they are not the production ones: the crash test's mutants. */
  readonly actors?: readonly ActorDefinition[];
  readonly crash?: CrashHook;
  /** Aborted when the process is to end, which it may be while it still waits for the lease. */
  readonly signal?: AbortSignal;
  /** The runtime stopped by itself. */
  readonly onFailed: (error: unknown) => void;
}

export interface Gateway {
  readonly system: System;
  /** Of the control API, without the token. */
  readonly url: string;
  readonly recovered: { readonly actors: number; readonly quarantined: number };
  /** Within 10 s: no more intake, the group in flight lands, sessions and sandboxes close, the lease is given back. */
  stop(): Promise<void>;
}

export async function startGateway(options: GatewayOptions): Promise<Gateway> {
  const { log, api, environment } = options;
  const node = `${os.hostname()}:${process.pid}:${randomUUID().slice(0, 8)}`;
  // 1. What the actors need: a store, and hosts for what lives outside of transitions.
  const store = createStore({ ...options.store, log: log.subsystem('persistence') });
  const metrics = options.metrics ?? createMetrics({ environment, process: true });
  metrics.watchPool('primary', () => ({ constructing: 0, ...store.poolCounts() }));
  const hosts = createHosts(options, node, store.books, () => system);
  const definitions = options.actors ?? productionActors;
  const system: System = createSystem({
    actors: definitions,
    store,
    clock: systemClock,
    log: log.subsystem('runtime'),
    ports: hosts.ports,
    meter: metrics.meter,
    node,
    bus: BUS,
    supervisor: SUPERVISOR,
    onFailed: options.onFailed,
    ...(options.bounds !== undefined && { bounds: options.bounds }),
    ...(options.leaseWaitMs !== undefined && { leaseWaitMs: options.leaseWaitMs }),
    ...(options.crash !== undefined && { crash: options.crash }),
  });
  metrics.watchReconciliation(() => reconcileCounts(system));
  // 2. The control plane first: while the system boots it says so.
  const control = createControl({
    inspector: system.inspector,
    accounts: store.read,
    operate: operateOf(system, definitions),
    auth: { token: api.token },
    health: () => readiness(system.inspector.health()),
    metrics: metrics.registry,
    clock: systemClock,
    log: log.subsystem('control'),
    allowedHosts: api.allowedHosts,
  });
  try {
    const url = await control.listen(api.address);
    // 3. Recovery, then the children of the configuration.
    const recovered = await startUnless(options.signal, system);
    await system.spawn(SUPERVISOR, {});
    const started: SupervisorMessage = {
      type: 'NodeStarted',
      node,
      epoch: system.inspector.health().epoch,
      ...options.children,
    };
    await system.deliver(SUPERVISOR, started);
    const stop = (): Promise<void> => stopAll(system, control, hosts, store, log);
    return { system, url, recovered: { actors: recovered.actors, quarantined: recovered.quarantined.length }, stop };
  } catch (error) {
    await control.close();
    await system.stop();
    await store.close();
    throw error;
  }
}

/** Of every identifier that the configuration knows: one that is missing here is an error of types. */
const OPENING: { readonly [identifier in Exclude<(typeof ADAPTERS)[number], 'paper'>]: OpenExchange } = {
  binance: openBinance,
  okx: openOkx,
  ccxt: openCcxt,
};

const PROVIDERS_MAX = 1_000;

function reconcileCounts(system: System): ReconcileCounts[] {
  const now = systemClock.now();
  return system.inspector.list({ kind: 'provider', limit: PROVIDERS_MAX }).flatMap(({ key }) => {
    const context = system.snapshot(key)?.context as ProviderContext | undefined;
    if (context === undefined) return [];
    const { totals, doneAt } = context.rounds;
    const { done, failed, skewed, unexplained, missing } = totals;
    const ageMs = doneAt === null ? null : Math.max(0, now - doneAt);
    const rounds = { done, failed, skewed };
    return [{ provider: context.name, rounds, differences: unexplained, missingExecutions: missing, ageMs }];
  });
}

function operateOf(system: System, definitions: readonly ActorDefinition[]): Operate {
  const types = new Map(definitions.map(({ kind, messages }) => [kind, Object.keys(messages)]));
  return {
    ask: (to, message, how) => system.ask(to, message, how),
    redrive: (id) => system.redrive(id),
    types: (kind) => types.get(kind) ?? [],
  };
}

/** Starting may take as long as another process holds the lease: a signal ends the wait. */
async function startUnless(signal: AbortSignal | undefined, system: System): ReturnType<System['start']> {
  signal?.throwIfAborted();
  const stop = (): void => void system.stop();
  signal?.addEventListener('abort', stop, { once: true });
  try {
    return await system.start();
  } finally {
    signal?.removeEventListener('abort', stop);
  }
}

/** While it runs, the only thing amiss is a database that does not answer. The reason itself names where that is. */
function readiness(runtime: RuntimeHealth): ReadinessReport {
  const isCutOff = runtime.phase === 'running' && runtime.reason !== null;
  return readinessOf(runtime, isCutOff ? ['the database does not answer'] : []);
}

interface Hosts {
  readonly ports: Ports;
  close(): Promise<void>;
}

function createHosts(options: GatewayOptions, node: string, books: AccountBooks, system: () => System): Hosts {
  const log = options.log;
  const intake: Intake = {
    tell: (to, message, how) => system().tell(to, message, how),
    deliver: (to, message, how) => system().deliver(to, message, how),
    exists: (key) => system().exists(key),
  };
  const hub = createMarketHub((error, event) =>
    log.subsystem('market').error({ type: event.type, error: textOf(error) }, 'a listener of market data threw'),
  );
  const scopes = options.children.risks.map(({ scope }) => scope);
  const sessions = createSessionHost({
    adapters: OPENING,
    secrets: options.secrets,
    intake,
    hub,
    riskScopes: () => scopes,
    ...(options.orderPrefix !== undefined && { orderPrefix: options.orderPrefix }),
    clock: systemClock,
    log: log.subsystem('provider'),
  });
  const sandboxes = createSandboxHost({
    createSandbox,
    modules: options.modules,
    market: hub,
    intake,
    clock: systemClock,
    log: log.subsystem('strategy'),
    run: node,
  });
  return {
    ports: { exchanges: sessions, sessions, books, sandboxes },
    async close() {
      await Promise.all([sandboxes.stopAll(), sessions.closeAll()]);
    },
  };
}

async function stopAll(
  system: System,
  control: Control,
  hosts: Hosts,
  store: { close(): Promise<void> },
  log: RootLog,
): Promise<void> {
  const step = async (what: string, work: Promise<unknown>): Promise<void> => {
    await work.catch((error: unknown) => log.warn({ error: textOf(error) }, `${what} did not end well`));
  };
  // The supervisor hears first, so that nobody is restarted for ending.
  await step(
    'the supervisor',
    system.inspector.health().phase === 'running'
      ? system.deliver(SUPERVISOR, { type: 'NodeStopping' })
      : Promise.resolve(),
  );
  await step('strategies and sessions', hosts.close());
  await step('the runtime', system.stop());
  await step('the control API', control.close());
  await step('the database sessions', store.close());
}
