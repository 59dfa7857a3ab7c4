// The stages of starting a module: worker, top level, metadata, create(env). Each runs under limits and throws
// ModuleRejected with what the module's author has to know. The worker is ended by whoever gives up (host.ts).
import { createHash } from 'node:crypto';
import { z } from 'zod';
import { type Diagnostic, faultText, ModuleRejected } from './diagnostics.ts';
import type { SandboxLimits } from './limits.ts';
import type { LogGate } from './log-gate.ts';
import { type ModuleMetadata, readMetadata } from './metadata.ts';
import { type Output, readOutput } from './output.ts';
import type { CreateInput, Failure, PreludeInput, Reply } from './protocol.ts';
import { Remote } from './remote.ts';

export interface LaunchOptions {
  readonly limits: SandboxLimits;
  readonly gate: LogGate;
  /** Of Math.random inside. */
  readonly seed: string;
  /** What the clock inside shows until the first event. */
  readonly at: number;
}

const createdShape = z.object({ crossProvider: z.boolean() });

export class Launch {
  readonly remote: Remote;
  readonly #options: LaunchOptions;

  constructor(options: LaunchOptions) {
    const { memoryBytes, stackBytes, outputChars } = options.limits;
    const { decisionsPerCall, logLinesPerCall, logTextChars, stateChars } = options.limits;
    const bounds = { decisionsPerCall, logLinesPerCall, logTextChars, stateChars };
    this.#options = options;
    this.remote = new Remote({ memoryBytes, stackBytes, outputChars, bounds, seed: seedOf(options) });
  }

  /** Runs the top level. */
  async evaluate(source: string, file: string): Promise<void> {
    const { limits, at } = this.#options;
    const bytes = Buffer.byteLength(source);
    if (bytes > limits.sourceBytes) {
      const message = `source has ${bytes} bytes, allowed: up to ${limits.sourceBytes}`;
      throw rejected(`compile module "${file}" failed`, { stage: 'compile', message });
    }
    const ready = await this.remote.ready(limits.bootMs);
    if (ready.type === 'failed') throw new Error(`the sandbox worker did not start: ${ready.failure.message}`);
    const request = { type: 'evaluate', at, budgetMs: limits.startMs, source, file } as const;
    const reply = await this.remote.ask(request, limits.startMs * limits.killFactor);
    const compiled = reply.type !== 'failed' || reply.failure.stage !== 'compile';
    this.#take(reply, compiled ? 'execute module failed' : `compile module "${file}" failed`);
  }

  async metadata(): Promise<ModuleMetadata> {
    return readMetadata(await this.#enter({ op: 'metadata' }, 'metadata export invalid'));
  }

  /** Calls create(env). */
  async create(input: Omit<CreateInput, 'op'>): Promise<void> {
    const providers = Object.keys(input.scope);
    if (!Object.values(input.scope).some((symbols) => symbols.length > 0)) throw badScope('it names no symbol');
    const created = createdShape.safeParse(await this.#enter({ op: 'create', ...input }, 'create(env) failed'));
    if (providers.length < 2 || created.data?.crossProvider === true) return;
    throw badScope(`it names providers ${providers.join(', ')}, and wantsCrossProviderEvents is not true`);
  }

  async #enter(input: PreludeInput, otherwise: string): Promise<unknown> {
    const { limits, at } = this.#options;
    const request = { type: 'enter', at, budgetMs: limits.startMs, input: JSON.stringify(input) } as const;
    return this.#take(await this.remote.ask(request, limits.startMs * limits.killFactor), otherwise);
  }

  /** The value a stage handed back. */
  #take(reply: Reply, otherwise: string): unknown {
    if (reply.type === 'ready') throw new Error('the sandbox worker started twice');
    if (reply.type === 'failed') throw rejected(otherwise, diagnosticOf(reply.failure));
    const { fault, logs, logsDropped, value } = this.#read(reply.output, otherwise);
    for (const [level, text] of logs) this.#options.gate.write(level, text);
    this.#options.gate.lost('log lines of the module were left out', logsDropped);
    if (fault === null) return value;
    const hint = fault.handler === 'create' ? 'create(env)' : 'module.exports';
    const message = faultText(fault.name, fault.message);
    throw rejected(otherwise, { ...diagnosticOf({ ...fault, stage: 'execute', message }), hint });
  }

  /** Decisions are refused: nobody could act on one yet. */
  #read(json: string, otherwise: string): Output {
    try {
      return readOutput(json, { scope: {}, nextRef: 1, decisionsPerCall: 0, stateChars: 0 });
    } catch (error) {
      const message = `handed back what it must not: ${String(error)}`;
      throw new ModuleRejected(otherwise, { diagnostics: [{ stage: 'execute', message }], cause: error });
    }
  }
}

function diagnosticOf({ stage, message, line, column }: Omit<Failure, 'kind'>): Diagnostic {
  return { stage, message, ...(line && { line }), ...(column && { column }) };
}

function badScope(message: string): ModuleRejected {
  return rejected('scope of the instance refused', { stage: 'validation', message, hint: 'scope' });
}

function rejected(message: string, diagnostic: Diagnostic): ModuleRejected {
  return new ModuleRejected(message, { diagnostics: [diagnostic] });
}

/** 48 bits: the same instance started at the same time draws the same numbers. */
function seedOf({ seed, at }: LaunchOptions): number {
  return createHash('sha256').update(`${seed} ${at}`).digest().readUIntBE(0, 6);
}
