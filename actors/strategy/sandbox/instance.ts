// A running module: events in, decisions out, one call at a time. A call that throws keeps what it had decided (the
// module knows those refs). A call that is cut off loses all of it, and ends the instance: a module stopped in the
// middle of a handler cannot be trusted to go on.
import type { MarketEvent } from '../../market/market-event.ts';
import { AccountView } from './account.ts';
import { faultText, isOutOfMemory } from './diagnostics.ts';
import { type Call, marketCall, type OrderEvent, orderCall, Sequence } from './events.ts';
import type { SandboxLimits } from './limits.ts';
import type { LogGate } from './log-gate.ts';
import type { ModuleMetadata } from './metadata.ts';
import { type Decision, type Output, readOutput, wishesOf } from './output.ts';
import type { Account, CallInput, Failure } from './protocol.ts';
import { EventQueue, type Waiting } from './queue.ts';
import type { Remote } from './remote.ts';

export interface Fault {
  readonly kind: 'threw' | 'timeout' | 'memory' | 'crashed';
  readonly handler: string;
  readonly message: string;
  /** The sandbox is over: nothing more comes out of it, and it takes nothing more. */
  readonly fatal: boolean;
}

export interface SandboxStats {
  readonly calls: number;
  readonly faults: number;
  /** Events that are not handled yet, the one at hand included. */
  readonly waiting: number;
  /** Tickers and books that a newer one replaced. */
  readonly conflated: number;
  /** Trades and bars that were pushed out. */
  readonly dropped: number;
}

export interface Sandbox {
  readonly metadata: ModuleMetadata;
  /** Fast lane: conflated under pressure. */
  market(event: MarketEvent): void;
  /** Never dropped, in order, before market data that waits. */
  order(event: OrderEvent): void;
  stats(): SandboxStats;
  /** Ends the worker at once, in the middle of a call too. Nothing is heard of the instance afterwards. */
  stop(): Promise<void>;
}

/** What an instance is made of once its module has started. The callbacks must not throw. */
export interface InstanceParts {
  readonly metadata: ModuleMetadata;
  readonly limits: SandboxLimits;
  readonly remote: Remote;
  readonly gate: LogGate;
  readonly scope: { readonly [provider: string]: { readonly symbols: readonly string[] } };
  readonly account: Account;
  readonly dryRun: boolean;
  readonly startedAt: number;
  readonly onDecision: (decision: Decision) => void;
  readonly onFault: (fault: Fault) => void;
}

export class Instance implements Sandbox {
  readonly #parts: InstanceParts;
  readonly #queue: EventQueue;
  readonly #account: AccountView;
  readonly #sequence = new Sequence();
  #closed = false;
  #running = false;
  #at: number;
  #nextRef = 1;
  #calls = 0;
  #faults = 0;
  #faultsInRow = 0;

  constructor(parts: InstanceParts) {
    this.#parts = parts;
    this.#queue = new EventQueue(parts.limits);
    this.#account = new AccountView(parts.account);
    this.#at = parts.startedAt;
  }

  get metadata(): ModuleMetadata {
    return this.#parts.metadata;
  }

  market(event: MarketEvent): void {
    if (this.#closed) return;
    const { dropped } = this.#queue.counts;
    this.#queue.pushMarket(event);
    const lost = this.#queue.counts.dropped - dropped;
    if (lost > 0) this.#parts.gate.lost('market events were dropped: the module is slower than its market', lost);
    void this.#run();
  }

  order(event: OrderEvent): void {
    if (this.#closed) return;
    if (this.#queue.pushOrder(event)) void this.#run();
    else this.#fatal('timeout', event.type, `${this.#parts.limits.orderDepth} order events wait: it does not keep up`);
  }

  stats(): SandboxStats {
    const { waiting, ...counts } = this.#queue.counts;
    return { calls: this.#calls, faults: this.#faults, waiting: waiting + (this.#running ? 1 : 0), ...counts };
  }

  async stop(): Promise<void> {
    this.#close();
    await this.#parts.remote.end();
  }

  async #run(): Promise<void> {
    if (this.#running) return;
    this.#running = true;
    for (let next = this.#queue.shift(); next !== null; next = this.#queue.shift()) {
      const call = this.#prepare(next);
      if (call) await this.#perform(call.call, call.account);
    }
    this.#running = false;
  }

  #prepare(next: Waiting): { call: Call; account: Account | null } | null {
    if (next.lane === 'market') {
      const call = marketCall(next.event, this.#sequence);
      return call && { call, account: null };
    }
    if (next.event.type === 'ExecReport') this.#account.reported(next.event);
    const call = orderCall(next.event, this.#sequence);
    // Upstream's rule: extension events are for modules that name them. The runtime inside hears of all.
    const named = next.event.type !== 'Extension' || this.metadata.events.includes('Extension');
    return { call: named ? call : { ...call, handler: '' }, account: this.#account.view() };
  }

  async #perform(call: Call, account: Account | null): Promise<void> {
    const { limits, remote, scope } = this.#parts;
    // 1. The clock inside never runs back, whatever the venue's times do.
    this.#at = Math.max(this.#at, call.at);
    const input: CallInput = { op: 'call', ...call, at: this.#at, account };
    this.#calls += 1;
    // 2. The module's turn.
    const request = { type: 'enter', at: this.#at, budgetMs: limits.callMs, input: JSON.stringify(input) } as const;
    const reply = await remote.ask(request, limits.callMs * limits.killFactor);
    if (this.#closed) return;
    if (reply.type !== 'returned') {
      const failure = reply.type === 'failed' ? reply.failure : null;
      return this.#fatal(failure?.kind ?? 'crashed', call.handler, failure?.message ?? 'no answer');
    }
    // 3. Believe only what was checked.
    let output: Output;
    try {
      output = readOutput(reply.output, { scope, nextRef: this.#nextRef, ...limits });
    } catch (error) {
      return this.#fatal('crashed', call.handler, `handed back what it must not: ${String(error)}`);
    }
    // 4. Hand it on.
    this.#tell(output);
    for (const decision of output.decisions) this.#decide(decision);
    this.#judge(call.handler, output);
  }

  #tell(output: Output): void {
    for (const [level, text] of output.logs) this.#parts.gate.write(level, text);
    this.#parts.gate.lost('log lines of the module were left out', output.logsDropped);
  }

  #decide(decision: Decision): void {
    this.#nextRef += wishesOf(decision).length;
    if (this.#parts.dryRun && decision.type !== 'SaveState') {
      this.#parts.gate.write('info', `dry run: ${JSON.stringify(decision)}`);
      return;
    }
    this.#account.decided(decision);
    if (!this.#closed) this.#parts.onDecision(decision);
  }

  #judge(handler: string, { fault, value }: Output): void {
    if (this.#closed) return;
    if (fault === null) {
      if (wasCalled(value)) this.#faultsInRow = 0;
      return;
    }
    this.#faultsInRow += 1;
    const message = faultText(fault.name, fault.message);
    const { faultsInRow } = this.#parts.limits;
    if (isOutOfMemory(fault.name, fault.message)) this.#fatal('memory', handler, message);
    else if (this.#faultsInRow >= faultsInRow) {
      this.#fatal('threw', handler, `${message} (${faultsInRow} calls in a row failed)`);
    } else {
      this.#faults += 1;
      this.#parts.onFault({ kind: 'threw', handler, message, fatal: false });
    }
  }

  #fatal(kind: Failure['kind'], handler: string, message: string): void {
    this.#faults += 1;
    this.#close();
    void this.#parts.remote.end();
    this.#parts.onFault({ kind, handler, message, fatal: true });
  }

  #close(): void {
    this.#closed = true;
    this.#queue.clear();
    this.#parts.gate.tell();
  }
}

function wasCalled(value: unknown): boolean {
  return typeof value === 'object' && value !== null && 'called' in value && value.called === true;
}
