// The live sandboxes of this process, by instance: where a strategy's commands and its module's decisions meet.
//
// An instance numbers the sandboxes it asks for. The newest number wins; a start that comes through late is stopped
// again, and what an older sandbox decides is dropped here or by the machine.
//
// Decisions reach the instance in call order, each under an id of its own, so that one that is told again after a full
// mailbox is applied once. Order events wait for a sandbox that is still starting. Market data never waits: the
// sandbox conflates it. A crash loses what the module had in memory; the instance gives the next sandbox its saved
// state, its open orders and its positions.
import type { MarketEvent } from '../market/market-event.ts';
import { RuntimeError, textOf } from '../runtime/errors.ts';
import type { Intake } from '../runtime/intake.ts';
import type { Message } from '../runtime/message.ts';
import type { Clock, Log } from '../runtime/ports.ts';
import { DECISIONS_WAITING_MAX, EVENTS_WAITING_MAX, FAULT_REPORT_MS } from './bounds.ts';
import type { NotifySandbox, SandboxEvent, SandboxRef, StartSandbox, StrategyMessage } from './messages.ts';
import { strategyKey } from './messages.ts';
import type { createSandbox, Decision, Fault, LogLevel, OrderEvent, Sandbox, SandboxLimits } from './sandbox/index.ts';

/** What an account holds changed: told to modules beside market data, never journaled for them. */
export type BalanceUpdate = Extract<OrderEvent, { readonly type: 'BalanceUpdate' }>;
/** A venue changed what it says of an instrument: told like balances. */
export type InstrumentUpdate = Extract<OrderEvent, { readonly type: 'InstrumentUpdate' }>;
type HubEvent = MarketEvent | BalanceUpdate | InstrumentUpdate;

/** Where market data comes from; provider/market-hub.ts is one. */
export interface MarketSource {
  subscribe(
    interest: {
      readonly provider: string;
      readonly symbols: readonly string[];
      readonly types: readonly HubEvent['type'][];
    },
    listener: (event: HubEvent) => void,
  ): () => void;
}

export interface SandboxHostOptions {
  readonly createSandbox: typeof createSandbox;
  /** The text of a pinned revision; rejects when there is none. */
  readonly modules: { source(strategy: string, revision: string): Promise<string> };
  readonly market: MarketSource;
  readonly intake: Intake;
  readonly clock: Clock;
  readonly log: Log;
  /** Names this life of the process, so that its decisions never have an id of the life before: the lease epoch. */
  readonly run: string;
  readonly limits?: Partial<SandboxLimits>;
}

export interface SandboxHost {
  /** Stops the sandbox before it; answers what the module wants to hear. Rejects when the module will not do. */
  start(request: StartSandbox): Promise<readonly string[]>;
  /** Stops what runs up to this number. */
  stop(request: SandboxRef): Promise<void>;
  notify(request: NotifySandbox): void;
  /** Stops everything: the process ends. What the actors want is untouched. */
  stopAll(): Promise<void>;
}

interface Slot {
  /** Newest number asked for. */
  newest: number;
  live: Live | null;
  /** For the newest, while it is starting. */
  waiting: SandboxEvent[];
}
interface Live {
  readonly number: number;
  readonly sandbox: Sandbox;
  readonly outlet: Outlet;
  readonly unsubscribe: () => void;
}

const SYMBOL_TYPES = ['Trade', 'Ticker', 'BookSnapshot', 'KlineSummary', 'InstrumentUpdate'] as const;
const RETRY_MS = 50;
const REASON_CHARS = 500;

export function createSandboxHost(options: SandboxHostOptions): SandboxHost {
  return new Sandboxes(options);
}

class Sandboxes implements SandboxHost {
  readonly #options: SandboxHostOptions;
  readonly #slots = new Map<string, Slot>();
  #starts = 0;

  constructor(options: SandboxHostOptions) {
    this.#options = options;
  }

  async start(request: StartSandbox): Promise<readonly string[]> {
    const { instanceId, sandbox: number } = request;
    const slot = this.#slot(instanceId);
    if (number < slot.newest) throw overtaken(request);
    // 1. This is the newest: what ran before is over.
    this.#renew(slot, number);
    await this.#end(slot);
    // 2. The module, and what it says while it starts.
    const source = await this.#options.modules.source(request.strategy, request.revision);
    const outlet = this.#outlet(request);
    const sandbox = await this.#options.createSandbox({
      instanceId,
      source,
      file: `${request.strategy}.js`,
      config: request.config,
      scope: request.scope,
      state: request.state,
      account: request.account,
      startedAt: request.startedAt,
      limits: this.#options.limits ?? {},
      onDecision: (decision) => outlet.decided(decision),
      onLog: (level, text) => this.#log(request, level, text),
      onFault: (fault) => this.#faulted(request, outlet, fault),
    });
    // 3. Take it over, unless it came too late.
    if (slot.newest !== number) {
      outlet.close();
      await sandbox.stop();
      throw overtaken(request);
    }
    slot.live = { number, sandbox, outlet, unsubscribe: this.#subscribe(request, sandbox) };
    for (const event of slot.waiting.splice(0)) sandbox.order(event);
    return sandbox.metadata.events;
  }

  async stop({ instanceId, sandbox: number }: SandboxRef): Promise<void> {
    const slot = this.#slot(instanceId);
    if (number < slot.newest) return;
    this.#renew(slot, number);
    await this.#end(slot);
  }

  notify({ instanceId, sandbox: number, event }: NotifySandbox): void {
    const slot = this.#slot(instanceId);
    // Of an older sandbox: what it says is in the account the newer one began with.
    if (number < slot.newest) return;
    this.#renew(slot, number);
    if (slot.live?.number === number) return slot.live.sandbox.order(event);
    if (slot.waiting.length < EVENTS_WAITING_MAX) slot.waiting.push(event);
    else
      this.#options.log.error(
        { instanceId, event: event.type },
        'a starting sandbox has too many events waiting, this one is lost to it',
      );
  }

  async stopAll(): Promise<void> {
    await Promise.all([...this.#slots.values()].map((slot) => this.#end(slot)));
  }

  #slot(instanceId: string): Slot {
    const slot = this.#slots.get(instanceId) ?? { newest: 0, live: null, waiting: [] };
    this.#slots.set(instanceId, slot);
    return slot;
  }

  #renew(slot: Slot, number: number): void {
    if (number > slot.newest) slot.waiting = [];
    slot.newest = number;
  }

  async #end(slot: Slot): Promise<void> {
    const { live } = slot;
    slot.live = null;
    live?.unsubscribe();
    live?.outlet.close();
    await live?.sandbox.stop();
  }

  #subscribe({ scope }: StartSandbox, sandbox: Sandbox): () => void {
    const listener = (event: HubEvent): void =>
      event.type === 'BalanceUpdate' || event.type === 'InstrumentUpdate'
        ? sandbox.order(event)
        : sandbox.market(event);
    const ends = Object.entries(scope).flatMap(([provider, { symbols }]) => {
      const currencies = [...new Set(symbols.flatMap((symbol) => symbol.split('-')))];
      return [
        this.#options.market.subscribe({ provider, symbols, types: SYMBOL_TYPES }, listener),
        this.#options.market.subscribe({ provider, symbols: currencies, types: ['BalanceUpdate'] }, listener),
      ];
    });
    return () => {
      for (const end of ends) end();
    };
  }

  #outlet({ instanceId, sandbox }: SandboxRef): Outlet {
    const { intake, clock, log, run } = this.#options;
    this.#starts += 1;
    const prefix = `decision:${instanceId}:${sandbox}.${run}.${this.#starts}`;
    const tell = (message: StrategyMessage, id: string): Promise<void> =>
      intake.tell(strategyKey(instanceId), message satisfies Message, { id });
    return new Outlet({ sandbox, prefix, clock, log, tell, onFull: () => void this.stop({ instanceId, sandbox }) });
  }

  #log({ instanceId, sandbox }: SandboxRef, level: LogLevel, text: string): void {
    this.#options.log[level]({ instanceId, sandbox }, text);
  }

  #faulted({ instanceId, sandbox }: SandboxRef, outlet: Outlet, fault: Fault): void {
    const { kind, handler, message, fatal } = fault;
    this.#options.log[fatal ? 'error' : 'warn'](
      { instanceId, sandbox, handler, kind },
      `a strategy module faulted: ${message}`,
    );
    outlet.faulted(fault);
  }
}

interface OutletOptions {
  readonly sandbox: number;
  readonly prefix: string;
  readonly clock: Clock;
  readonly log: Log;
  readonly tell: (message: StrategyMessage, id: string) => Promise<void>;
  /** The module decides faster than its decisions are taken. */
  readonly onFull: () => void;
}

/** What one sandbox says, in order, one message at a time. */
class Outlet {
  readonly #options: OutletOptions;
  readonly #waiting: StrategyMessage[] = [];
  /** When a handler's last fault was told, and how many were not. */
  readonly #faults = new Map<string, { toldAt: number; kept: number }>();
  #told = 0;
  #open = true;
  #telling = false;

  constructor(options: OutletOptions) {
    this.#options = options;
  }

  decided(decision: Decision): void {
    this.#push({ ...decision, sandbox: this.#options.sandbox });
  }

  /** Fatal ones at once; of the others one per handler and pause, with the number of those before it. */
  faulted({ handler, message, fatal }: Fault): void {
    const at = this.#options.clock.now();
    const known = this.#faults.get(handler) ?? { toldAt: Number.NEGATIVE_INFINITY, kept: 0 };
    if (!fatal && at - known.toldAt < FAULT_REPORT_MS) {
      known.kept += 1;
      return;
    }
    const more = known.kept === 0 ? '' : ` (and ${known.kept} more)`;
    const reason = `${message.slice(0, REASON_CHARS)}${more}`;
    this.#faults.set(handler, { toldAt: at, kept: 0 });
    this.#push({ type: 'ModuleFaulted', sandbox: this.#options.sandbox, handler, reason, fatal });
  }

  /** What waits is not told any more, unless it is why the sandbox ends. */
  close(): void {
    if (!this.#open) return;
    this.#open = false;
    this.#waiting.length = 0;
  }

  #push(message: StrategyMessage): void {
    if (!this.#open) return;
    this.#waiting.push(message);
    if (this.#waiting.length > DECISIONS_WAITING_MAX) this.#overflow();
    if (!this.#telling) void this.#run();
  }

  /** Nothing is dropped in silence: the sandbox ends, and the instance hears why. */
  #overflow(): void {
    const { sandbox, onFull } = this.#options;
    const reason = `${this.#waiting.length} decisions wait, at most ${DECISIONS_WAITING_MAX} may`;
    this.#waiting.push({ type: 'ModuleFaulted', sandbox, handler: 'decisions', reason, fatal: true });
    this.#open = false;
    onFull();
  }

  async #run(): Promise<void> {
    this.#telling = true;
    for (let next = this.#waiting.shift(); next !== undefined; next = this.#waiting.shift()) {
      this.#told += 1;
      await this.#tell(next, `${this.#options.prefix}.${this.#told}`);
    }
    this.#telling = false;
  }

  async #tell(message: StrategyMessage, id: string): Promise<void> {
    const { clock, log, tell } = this.#options;
    for (;;) {
      try {
        await tell(message, id);
        return;
      } catch (error) {
        if (!(error instanceof RuntimeError && error.code === 'MAILBOX_FULL')) {
          log.error({ id, type: message.type, error: textOf(error) }, 'a decision of a strategy was not accepted');
          return;
        }
        await new Promise<void>((resolve) => clock.after(RETRY_MS, resolve));
      }
    }
  }
}

function overtaken({ instanceId, sandbox }: SandboxRef): Error {
  return new Error(`sandbox ${sandbox} of ${instanceId} was overtaken by a newer request`);
}
