// One module in one QuickJS with a memory of its own. Whatever happens inside stays in that memory; what can come
// out is text of bounded length.
import {
  newQuickJSWASMModuleFromVariant,
  newVariant,
  type QuickJSContext,
  type QuickJSHandle,
  RELEASE_SYNC,
} from 'quickjs-emscripten';
import { type Budget, createBudget } from './budget.ts';
import type { ShownClock } from './clock.ts';
import { faultText, isOutOfMemory } from './diagnostics.ts';
import { PRELUDE } from './inside/prelude.ts';
import { createMemory } from './memory.ts';
import type { Failure, Reply, Request, WorkerSetup } from './protocol.ts';

const JOBS_PER_LOOK = 50;

interface Engine {
  readonly context: QuickJSContext;
  readonly budget: Budget;
  /** Functions of the prelude. */
  readonly enter: QuickJSHandle;
  readonly flush: QuickJSHandle;
  readonly describe: QuickJSHandle;
}

/** After any failure but `threw` the machine is not to be used any more. */
export async function createVm(setup: WorkerSetup, clock: ShownClock): Promise<(request: Request) => Reply> {
  const memory = createMemory(setup.memoryBytes);
  const quickjs = await newQuickJSWASMModuleFromVariant(newVariant(RELEASE_SYNC, { wasmMemory: memory.wasmMemory }));
  clock.show(setup.seed);
  const engine = createEngine(quickjs.newContext(), setup);
  return (request) => {
    clock.show(request.at);
    memory.begin();
    engine.budget.begin(request.budgetMs);
    let reply: Reply;
    try {
      const failure = perform(engine, request);
      reply = failure ? { type: 'failed', failure } : flush(engine, setup.outputChars);
    } catch (error) {
      // A trap of WebAssembly, or V8's stack is used up: the engine's memory is not to be trusted any more.
      reply = failed('crashed', `QuickJS stopped: ${String(error)}`);
    }
    // Whether the module noticed or not: what it did not get, it may lack in the middle of anything.
    if (memory.exhausted()) return failed('memory', `out of memory: more than ${setup.memoryBytes} bytes`);
    return reply;
  };
}

function createEngine(context: QuickJSContext, setup: WorkerSetup): Engine {
  const budget = createBudget();
  context.runtime.setMaxStackSize(setup.stackBytes);
  context.runtime.setInterruptHandler(() => budget.spent());
  budget.begin(Number.POSITIVE_INFINITY);
  const boot = context.unwrapResult(context.evalCode(PRELUDE, 'prelude.js'));
  const bounds = context.newString(JSON.stringify(setup.bounds));
  const doors = context.unwrapResult(context.callFunction(boot, context.undefined, bounds));
  const door = (name: string) => context.getProp(doors, name);
  return { context, budget, enter: door('enter'), flush: door('flush'), describe: door('describe') };
}

/** Runs the request and the promise jobs it left. */
function perform(engine: Engine, request: Request): Failure | null {
  const { context } = engine;
  if (request.type === 'enter') {
    const input = context.newString(request.input);
    const result = context.callFunction(engine.enter, context.undefined, input);
    input.dispose();
    // `enter` catches what the module throws, so an error here is the engine's.
    if (result.error) return explain(engine, result.error, 'execute', 'crashed');
    result.value.dispose();
    return runJobs(engine);
  }
  const compiled = context.evalCode(request.source, request.file, { strict: true, compileOnly: true });
  if (compiled.error) return explain(engine, compiled.error, 'compile', 'threw');
  compiled.value.dispose();
  const evaluated = context.evalCode(request.source, request.file, { strict: true });
  if (evaluated.error) return explain(engine, evaluated.error, 'execute', 'threw');
  evaluated.value.dispose();
  return runJobs(engine);
}

/** An interrupt inside an async function only rejects its promise, so the budget is looked at between jobs. */
function runJobs({ context: { runtime }, budget }: Engine): Failure | null {
  while (runtime.hasPendingJob()) {
    const done = runtime.executePendingJobs(JOBS_PER_LOOK);
    if (done.error) done.error.dispose();
    if (budget.spent()) return tookTooLong();
  }
  return null;
}

function flush(engine: Engine, charsMax: number): Reply {
  const { context } = engine;
  const result = context.callFunction(engine.flush, context.undefined);
  if (result.error) return { type: 'failed', failure: explain(engine, result.error, 'execute', 'crashed') };
  using text = result.value;
  if (context.typeof(text) !== 'string') return failed('crashed', 'handed back no text');
  const chars = context.getProp(text, 'length').consume((length) => context.getNumber(length));
  if (chars <= charsMax) return { type: 'returned', output: context.getString(text) };
  return failed('memory', `one call handed back ${chars} characters, allowed: up to ${charsMax}`);
}

/** Why QuickJS gave an error, and where in the module. Takes the handle. */
function explain(
  engine: Engine,
  error: QuickJSHandle,
  stage: Failure['stage'],
  otherwise: 'threw' | 'crashed',
): Failure {
  const { context, budget } = engine;
  if (budget.spent()) return tookTooLong();
  const described = context.callFunction(engine.describe, context.undefined, error);
  error.dispose();
  if (budget.spent()) return tookTooLong();
  if (described.error) return failureOf('crashed', 'failed in a way that cannot be described');
  const text = described.value.consume((handle) => context.getString(handle));
  const { name, message, line, column } = JSON.parse(text) as { readonly [part: string]: unknown };
  const place = (value: unknown) => (Number.isSafeInteger(value) ? Number(value) : null);
  const kind = isOutOfMemory(name, message) ? 'memory' : otherwise;
  return { kind, stage, message: faultText(name, message), line: place(line), column: place(column) };
}

function tookTooLong(): Failure {
  return failureOf('timeout', 'ran out of its processor time and was interrupted');
}

function failed(kind: Failure['kind'], message: string): Reply {
  return { type: 'failed', failure: failureOf(kind, message) };
}

function failureOf(kind: Failure['kind'], message: string): Failure {
  return { kind, stage: 'execute', message, line: null, column: null };
}
