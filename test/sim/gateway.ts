// One gateway process of a history: the production system, actors and session host, wired as bin/gateway.ts does, on
// simulated ports. In the place of the sandbox stands the script of the history.
import { BUS } from '../../actors/bus/messages.ts';
import type { ExchangeSession, OpenExchange } from '../../actors/exchanges/exchange.ts';
import { actors } from '../../actors/index.ts';
import { createMarketHub } from '../../actors/provider/market-hub.ts';
import { createSessionHost, type SessionHost } from '../../actors/provider/session.ts';
import { DEFAULT_LIMITS } from '../../actors/risk/limits.ts';
import type { CrashPoint } from '../../actors/runtime/crash-points.ts';
import { textOf } from '../../actors/runtime/errors.ts';
import type { Log } from '../../actors/runtime/ports.ts';
import { createSystem, type System } from '../../actors/runtime/system.ts';
import type { SandboxHost } from '../../actors/strategy/sandbox-host.ts';
import { type NodeStarted, SUPERVISOR } from '../../actors/supervisor/messages.ts';
import { createSimBooks } from './books.ts';
import { Life } from './life.ts';
import { CONCURRENT_MAX, INSTANCE, ORDER_PREFIX, PROVIDER, SCOPE } from './names.ts';
import type { Random } from './random.ts';
import { openSimExchange } from './session.ts';
import { createSimStore } from './store.ts';
import { SYMBOL } from './venue.ts';
import type { World } from './world.ts';

const quiet: Log = { debug() {}, info() {}, warn() {}, error() {} };

const CHILDREN = {
  risks: [
    {
      scope: SCOPE,
      limits: {
        ...DEFAULT_LIMITS,
        orderThrottle: 0,
        maxConcurrentOrders: CONCURRENT_MAX,
        allowedOrderTypes: ['Limit', 'Market', 'Stop', 'StopLimit'] as const,
        killSwitchEnabled: false,
      },
    },
  ],
  providers: [
    {
      name: PROVIDER,
      adapter: PROVIDER,
      settings: {
        restUrl: 'sim:rest',
        streamUrl: 'sim:stream',
        wsApiUrl: 'sim:ws',
        apiKey: 'env:KEY',
        apiSecret: 'env:SECRET',
      },
    },
  ],
  strategies: [
    {
      instanceId: INSTANCE,
      strategy: 'script',
      revision: 'sha256:1',
      config: {},
      scope: { [PROVIDER]: { symbols: [SYMBOL] } },
      riskScope: SCOPE,
      orderPrefix: ORDER_PREFIX,
    },
  ],
};

/** A venue that takes a request whenever it comes. */
function withoutDeadline(open: OpenExchange): OpenExchange {
  return async (settings, listener, signal) => {
    const session = await open(settings, listener, signal);
    const submit: ExchangeSession['submit'] = (request, calledOff) =>
      session.submit({ ...request, deadlineAt: Number.POSITIVE_INFINITY }, calledOff);
    return { ...session, capabilities: { ...session.capabilities, requestDeadline: false }, submit };
  };
}

export class Gateway {
  readonly life: Life;
  readonly system: System;
  /** Number of the sandbox the strategy started here last. */
  sandbox: number | null = null;
  readonly #world: World;
  readonly #onEnd: (gateway: Gateway) => void;
  readonly #deaths = new Set<() => void>();
  #isUp = false;
  #doomed: { readonly point: CrashPoint; visits: number } | null = null;

  constructor(world: World, name: string, onEnd: (gateway: Gateway) => void) {
    const random = world.random.fork(name);
    const { skewMs } = world.forecast;
    this.#world = world;
    this.#onEnd = onEnd;
    this.life = new Life(name, world.timeline, random.between(-skewMs, skewMs));
    const sessions: SessionHost = this.#sessions(random.fork('sessions'));
    const reached = {
      timeline: world.timeline,
      database: world.database,
      life: this.life,
      random: random.fork('store'),
      weather: () => world.weather,
    };
    this.system = createSystem({
      actors: world.flaws.actors ?? actors,
      store: createSimStore({ ...reached, flaws: world.flaws }),
      clock: this.life,
      log: quiet,
      ports: {
        exchanges: sessions,
        sessions,
        books: createSimBooks({ ...reached, random: random.fork('books') }),
        sandboxes: this.#sandboxes(),
      },
      node: name,
      bus: BUS,
      supervisor: SUPERVISOR,
      crash: (point) => this.#visit(point),
      onFailed: (error) => this.#failed(error),
    });
  }

  /** Booted, and can be asked. */
  get isUp(): boolean {
    return this.#isUp && this.isHolder && !this.life.paused;
  }

  /** Its strategy can decide. */
  get isTrading(): boolean {
    return this.isUp && this.sandbox !== null;
  }

  /** Owner of the shard by the database's word. */
  get isHolder(): boolean {
    return this.#world.database.node.holder === this.life && !this.life.dead;
  }

  async run(): Promise<void> {
    try {
      await this.system.start();
      await this.system.spawn(SUPERVISOR, {});
      const { epoch } = this.system.inspector.health();
      const started: NodeStarted = { type: 'NodeStarted', node: this.life.name, epoch, ...CHILDREN };
      await this.system.deliver(SUPERVISOR, started);
      this.#isUp = true;
    } catch {
      this.end();
    }
  }

  end(): void {
    if (this.life.dead) return;
    this.life.kill();
    for (const told of this.#deaths) told();
    this.#deaths.clear();
    this.#onEnd(this);
  }

  /** By itself only when it was taken over. */
  #failed(error: unknown): void {
    if (this.isHolder)
      this.#world.audit.find('GAVE_UP', `${this.life.name} owns the shard and stops: ${textOf(error)}`);
    this.end();
  }

  /** Dies at the nth visit of a point of the runtime's own list. */
  doom(point: CrashPoint, visits: number): void {
    this.#doomed = { point, visits };
  }

  /** Calls back when the process ends; the answer takes that back. */
  whenDead(told: () => void): () => void {
    this.#deaths.add(told);
    return () => this.#deaths.delete(told);
  }

  #visit(point: CrashPoint): void {
    if (this.#doomed?.point !== point) return;
    this.#doomed.visits -= 1;
    if (this.#doomed.visits <= 0) this.end();
  }

  #sessions(random: Random): SessionHost {
    const world = this.#world;
    const { timeline, venue, audit, database, flaws, forecast } = world;
    const open = openSimExchange({
      timeline,
      venue,
      life: this.life,
      random,
      weather: () => world.weather,
      amend: forecast.amend,
      onSending: (name, request) => {
        audit.sending(name, request, database);
        if (name === 'submitOrder') this.#strike(random);
      },
      onCut: () => {
        audit.counts.cuts += 1;
      },
    });
    const reached = forecast.deadline ? open : withoutDeadline(open);
    return createSessionHost({
      adapters: { [PROVIDER]: flaws.exchange?.(reached, world) ?? reached },
      secrets: () => 'secret',
      intake: {
        tell: (to, message, how) => this.system.tell(to, message, how),
        deliver: (to, message, how) => this.system.deliver(to, message, how),
        exists: (key) => this.system.exists(key),
      },
      hub: createMarketHub(() => {}),
      riskScopes: () => [SCOPE],
      orderPrefix: ORDER_PREFIX,
      clock: this.life,
      log: quiet,
    });
  }

  /** In the middle of a submit a process may die, or stop and go on when others have taken over. */
  #strike(random: Random): void {
    const { forecast, timeline, isStormy } = this.#world;
    if (!isStormy || !random.chance(forecast.struck)) return;
    const isKill = random.chance(0.6);
    const resumeMs = random.between(100, 20_000);
    this.life.after(random.between(0, 100), () => {
      if (isKill) return this.end();
      this.life.pause();
      timeline.after(resumeMs, () => this.life.resume());
    });
  }

  #sandboxes(): SandboxHost {
    return {
      start: async ({ sandbox }) => {
        this.sandbox = sandbox;
        return [];
      },
      stop: async ({ sandbox }) => {
        if (this.sandbox !== null && this.sandbox <= sandbox) this.sandbox = null;
      },
      notify: () => {},
      stopAll: async () => {},
    };
  }
}
