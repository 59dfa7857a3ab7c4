// The link of a session: what the venue says of itself when it is there, and whether it is there.
import { ExchangeFault, type ExchangeSession } from '../exchanges/exchange.ts';
import type { Instrument } from '../market/instrument.ts';
import type { Link } from './context.ts';
import type { OpenSession } from './messages.ts';
import { recvWindowOf } from './settings.ts';

export interface Opened {
  readonly link: Link;
  readonly instruments: readonly Instrument[];
}

/** What a session says about its link, held back until the session is taken over. */
export class LinkWatch {
  /** Null: it is up again. */
  readonly #tell: (lostFor: string | null) => void;
  #begun = false;
  #lostFor: string | null = null;

  constructor(tell: (lostFor: string | null) => void) {
    this.#tell = tell;
  }

  get isUp(): boolean {
    return this.#lostFor === null;
  }

  up(): void {
    const wasDown = this.#lostFor !== null;
    this.#lostFor = null;
    if (this.#begun && wasDown) this.#tell(null);
  }

  down(reason: string): void {
    this.#lostFor = reason;
    if (this.#begun) this.#tell(reason);
  }

  begin(): void {
    this.#begun = true;
    if (this.#lostFor !== null) this.#tell(this.#lostFor);
  }
}

/** What the provider must know of the venue before it is ready. */
export async function describe(
  exchange: ExchangeSession,
  { settings }: OpenSession,
  deployment: Pick<Link, 'riskScopes' | 'orderPrefix'>,
  signal: AbortSignal,
): Promise<{ readonly link: Link; readonly all: readonly Instrument[] }> {
  const { venue, account, capabilities } = exchange;
  const skewMs = Math.round(await exchange.clockSkewMs(signal));
  if (Math.abs(skewMs) > capabilities.skewMs) {
    const detail = `skewMs=${skewMs}, allowed: up to ${capabilities.skewMs}`;
    throw new ExchangeFault(`CLOCK_SKEWED: ${detail}; set the clock of this machine`, { retryable: true });
  }
  const all = await exchange.instruments(signal);
  const hasDeadline = capabilities.requestDeadline && capabilities.queryByClientOrderId;
  const recvWindowMs = hasDeadline ? recvWindowOf(settings) : 0;
  const { skewMs: skewMax, processingMs, readLagMs, amend: amends, orderTypes } = capabilities;
  const fenceMarginMs = skewMax + processingMs + readLagMs;
  const times = { fenceMarginMs, recvWindowMs, skewMs, readLagMs };
  return { link: { venue, account, ...times, amends, orderTypes, ...deployment }, all };
}
