// The control plane around a fake inspector, with a clock the spec turns.
import { Registry } from 'prom-client';
import type { AccountLists } from '../../actors/control/routes/accounts.ts';
import { buildServer, type ControlOptions } from '../../actors/control/server.ts';
import type { Clock, Log } from '../../actors/runtime/ports.ts';
import { type FakeInspector, fakeInspector } from './fake-inspector.ts';

export const TOKEN = 'a-token-of-thirty-two-characters-or-more';
export const BEARER = { authorization: `Bearer ${TOKEN}` };

export interface Line {
  readonly level: keyof Log;
  readonly detail: object;
  readonly text: string;
}

export interface ManualClock extends Clock {
  advance(ms: number): void;
}

export function manualClock(start = 1_700_000_000_000): ManualClock {
  let now = start;
  let due: { at: number; fn: () => void }[] = [];
  return {
    now: () => now,
    after(delayMs, fn) {
      const entry = { at: now + delayMs, fn };
      due.push(entry);
      return () => {
        due = due.filter((other) => other !== entry);
      };
    },
    advance(ms) {
      now += ms;
      const ripe = due.filter((entry) => entry.at <= now);
      due = due.filter((entry) => entry.at > now);
      for (const entry of ripe) entry.fn();
    },
  };
}

export function memoryLog(): Log & { readonly lines: Line[] } {
  const lines: Line[] = [];
  const at = (level: keyof Log) => (detail: object, text: string) => void lines.push({ level, detail, text });
  return { lines, debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
}

export interface Rig extends ControlOptions {
  readonly inspector: FakeInspector;
  readonly clock: ManualClock;
  readonly log: ReturnType<typeof memoryLog>;
}

export function rig(changes: Partial<ControlOptions> = {}): Rig {
  const clock = manualClock();
  const fixed = { inspector: fakeInspector(clock.now), clock, log: memoryLog() };
  return {
    auth: { token: TOKEN },
    accounts: NO_ACCOUNTS,
    operate: { ask: refuse, redrive: refuse, types: () => [] },
    health: () => ({ ready: true, reasons: [] }),
    metrics: new Registry(),
    allowedHosts: [],
    ...changes,
    ...fixed,
  };
}

/** Nothing was ever traded. */
export const NO_ACCOUNTS: AccountLists = {
  listPositions: async () => [],
  listLedger: async () => [],
  listLedgerBalances: async () => [],
  listBalances: async () => [],
};

async function refuse(): Promise<never> {
  throw new Error('a spec that changes something brings its own');
}

/** Answers injected requests; `host` is right unless a test says otherwise. */
export function server(options: Rig = rig()) {
  const app = buildServer(options);
  const ask = (method: string, url: string, headers: { [name: string]: string } = {}) =>
    app.inject({ method: method as 'GET', url, headers: { host: 'localhost:8880', ...headers } });
  return { app, ask, ...options };
}
