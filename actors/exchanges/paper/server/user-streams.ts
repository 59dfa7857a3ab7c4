// Events of an account for those who subscribed to it: executionReport or balanceUpdate, then outboundAccountPosition.
// As on Binance there is no sequence number and no backfill: who was not connected has to ask.
import type { Decimal } from '../../../market/decimal.ts';
import { executionId } from '../core/execution-id.ts';
import type { Outcome, Position } from '../core/outcome.ts';
import type { SymbolRules } from '../core/symbol.ts';
import type { Venue } from '../venue.ts';
import type { EventSink, ReportFaults } from './report-faults.ts';
import { eight, executionReport, type Json, listStatus } from './views.ts';

export class UserStreams {
  private readonly sinks = new Map<string, Set<EventSink>>();
  private readonly venue: Venue;
  private readonly faults: ReportFaults;

  constructor(venue: Venue, faults: ReportFaults) {
    this.venue = venue;
    this.faults = faults;
    venue.onCommit((outcome, number) => () => this.release(outcome, number));
  }

  /** The returned function ends it. */
  subscribe(account: string, sink: EventSink): () => void {
    const sinks = this.sinks.get(account) ?? new Set();
    this.sinks.set(account, sinks.add(sink));
    return () => {
      sinks.delete(sink);
      this.faults.forget(sink);
    };
  }

  private release(outcome: Outcome, number: number): void {
    for (const [index, report] of outcome.reports.entries()) {
      const rules = this.venue.state.symbols.get(report.order.symbol) as SymbolRules;
      this.send(report.order.account, () => executionReport(report, rules, executionId(number, index), outcome.at));
    }
    for (const report of outcome.lists) this.send(report.list.account, () => listStatus(report, outcome.at));
    for (const fact of outcome.facts) {
      if (fact.type !== 'Transferred') continue;
      this.send(fact.account, () => balanceUpdate(fact.asset, fact.amount, outcome.at));
    }
    for (const position of outcome.positions) this.send(position.account, () => accountPosition(position, outcome.at));
  }

  private send(account: string, event: () => Json): void {
    const sinks = this.sinks.get(account);
    if (!sinks || sinks.size === 0) return;
    const made = event();
    for (const sink of sinks) this.faults.pass(sink, made);
  }
}

/** Absolute balances, not differences. */
function accountPosition({ balances }: Position, at: number): Json {
  const entries = balances.map(({ asset, free, locked }) => ({ a: asset, f: eight(free), l: eight(locked) }));
  return { e: 'outboundAccountPosition', E: at, u: at, B: entries };
}

/** For value that entered or left the account without an order. */
function balanceUpdate(asset: string, delta: Decimal, at: number): Json {
  return { e: 'balanceUpdate', E: at, a: asset, d: eight(delta), T: at };
}
