// Starts modules: as a running instance, or only far enough to see what a module says about itself.
import type { Json } from '../../runtime/message.ts';
import { type Config, effectiveConfig } from './config.ts';
import { type Fault, Instance, type Sandbox } from './instance.ts';
import { Launch } from './launch.ts';
import { type SandboxLimits, sandboxLimits } from './limits.ts';
import { LogGate } from './log-gate.ts';
import { DRY_RUN, type ModuleMetadata } from './metadata.ts';
import type { Decision, LogLevel } from './output.ts';
import type { Account } from './protocol.ts';

export interface SandboxOptions {
  readonly instanceId: string;
  /** Text of the module. */
  readonly source: string;
  /** Its name in diagnostics. */
  readonly file?: string;
  readonly config: Config;
  readonly scope: { readonly [provider: string]: { readonly symbols: readonly string[] } };
  /** What the module last gave to saveState. */
  readonly state: Json;
  /** Orders of earlier incarnations that may still work, and what the instance holds. Nothing, when left out. */
  readonly account?: Account;
  /** What the clock inside shows until the first event, ms since 1970; 0 when left out. */
  readonly startedAt?: number;
  /** In call order. The callbacks must not throw. */
  readonly onDecision: (decision: Decision) => void;
  readonly onLog: (level: LogLevel, text: string) => void;
  readonly onFault: (fault: Fault) => void;
  readonly limits?: Partial<SandboxLimits>;
}

const NOTHING: Account = { orders: [], positions: [] };

/** Rejects with ModuleRejected when the module, or what it is given, will not do. */
export async function createSandbox(options: SandboxOptions): Promise<Sandbox> {
  const { instanceId, source, file = 'module.js', scope, state, account = NOTHING, startedAt = 0 } = options;
  const limits = sandboxLimits(options.limits);
  const gate = new LogGate(options.onLog, limits.logLinesPerSecond, () => performance.now());
  const launch = new Launch({ limits, gate, seed: instanceId, at: startedAt });
  try {
    await launch.evaluate(source, file);
    const metadata = await launch.metadata();
    const config = effectiveConfig(metadata, options.config);
    const dryRun = config[DRY_RUN.name] !== false;
    const symbols = Object.fromEntries(Object.entries(scope).map(([name, watched]) => [name, watched.symbols]));
    const { events } = metadata;
    await launch.create({ config, metadata, events, scope: symbols, state, dryRun, account });
    const { remote } = launch;
    const { onDecision, onFault } = options;
    return new Instance({ metadata, limits, remote, gate, scope, account, dryRun, startedAt, onDecision, onFault });
  } catch (error) {
    await launch.remote.end();
    throw error;
  }
}

/** Runs the top level of a module for what it says about itself. Rejects with ModuleRejected. */
export async function inspectModule(source: string, limits?: Partial<SandboxLimits>): Promise<ModuleMetadata> {
  const checked = sandboxLimits(limits);
  const gate = new LogGate(
    () => undefined,
    checked.logLinesPerSecond,
    () => 0,
  );
  const launch = new Launch({ limits: checked, gate, seed: '', at: 0 });
  try {
    await launch.evaluate(source, 'module.js');
    return await launch.metadata();
  } finally {
    await launch.remote.end();
  }
}
