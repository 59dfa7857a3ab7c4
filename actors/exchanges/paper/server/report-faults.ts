// The part of the fault switch that sits before user streams: reports that come twice, after their successor, or not
// at all. Drawn per report and subscriber from the venue's seed.
import { z } from 'zod';
import { type Random, seeded } from '../core/random.ts';
import type { Host } from '../host.ts';
import type { Json } from './views.ts';

export type EventSink = (event: Json) => void;

const chance = z.number().min(0).max(1).default(0);
export const reportFaultForm = z.strictObject({
  duplicate: chance,
  reorder: chance,
  lose: chance,
  /** Every event of user streams comes so much later, in order. */
  delayMs: z.int().min(0).max(600_000).default(0),
  /** A report that was held back for its successor waits no longer. */
  holdMs: z.int().min(1).max(600_000).default(500),
});

export type ReportFaultTerms = z.output<typeof reportFaultForm>;

const NONE: ReportFaultTerms = reportFaultForm.parse({});

export class ReportFaults {
  private terms = NONE;
  private readonly random: Random;
  private readonly host: Host;
  private readonly held = new Map<EventSink, { readonly events: readonly Json[]; readonly stopClock: () => void }>();

  constructor(seed: number, host: Host) {
    this.random = seeded(seed, 'reports');
    this.host = host;
  }

  /** What is held back is let go when nothing is to be reordered any more. */
  set(terms: ReportFaultTerms = NONE): ReportFaultTerms {
    this.terms = terms;
    if (terms.reorder === 0) for (const sink of [...this.held.keys()]) this.letGo(sink);
    return terms;
  }

  /** Now, or later when the line is slow. */
  pass(sink: EventSink, event: Json): void {
    const { delayMs } = this.terms;
    if (delayMs === 0) this.deliver(sink, event);
    else this.host.after(delayMs, () => this.deliver(sink, event));
  }

  private deliver(sink: EventSink, event: Json): void {
    if (event['e'] !== 'executionReport' || this.terms === NONE) return sink(event);
    const { duplicate, reorder, lose, holdMs } = this.terms;
    const [twice, later, lost] = [duplicate, reorder, lose].map((probability) => this.random() < probability);
    if (lost) return;
    const events = twice ? [event, event] : [event];
    if (later && !this.held.has(sink)) {
      this.held.set(sink, { events, stopClock: this.host.after(holdMs, () => this.letGo(sink)) });
      return;
    }
    for (const each of events) sink(each);
    this.letGo(sink);
  }

  /** The subscriber is gone. */
  forget(sink: EventSink): void {
    this.held.get(sink)?.stopClock();
    this.held.delete(sink);
  }

  private letGo(sink: EventSink): void {
    const held = this.held.get(sink);
    this.forget(sink);
    for (const event of held?.events ?? []) sink(event);
  }
}
