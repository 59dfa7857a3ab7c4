// What surrounds a module inside QuickJS: `module`, `exports`, `console`, and the doors the host comes in by.
// The functions of this folder are handed to QuickJS as text, so they use nothing but each other, the language and
// types. A module can bend this code (it shares its realm) and gains nothing by it: what comes out is text, and the
// host believes only what it has checked (../output.ts).
import type { Bounds, CallInput, CreateInput, PreludeInput } from '../protocol.ts';
import type { Context, Described, Outbox } from './context.ts';
import { createMarket, createVenueView, noteTrading, whereabouts } from './market.ts';
import {
  createAmends,
  createOrderEntry,
  createOrderView,
  decimalText,
  goodTillAt,
  linkOf,
  ocoPrices,
  orderHow,
  orderNamed,
  orderOptions,
  orderTypeOf,
  plainNumber,
  sideOf,
  tradedPlace,
} from './orders.ts';

/** Starts with the bounds of the instance; gives the host its three doors. Text in, text out. */
function boot(boundsText: string) {
  const { parse, stringify } = JSON;
  const bounds = parse(boundsText) as Bounds;
  const outbox = createOutbox(bounds, stringify);
  const account = { orders: [], positions: [] };
  const unknown = { scope: {}, dryRun: true, refs: 0, account, offline: [], where: null };
  const context: Context = { outbox, market: createMarket(), bounds, ...unknown };
  const module: { exports: { metadata?: unknown; create?: unknown } } = { exports: {} };
  Object.assign(globalThis, { module, exports: module.exports, console: createConsole(outbox) });
  const caller = createCaller(context);
  const run = (input: PreludeInput) => {
    if (input.op === 'call') return caller.deliver(input);
    if (input.op === 'create') return caller.adopt(createHandlers(module.exports?.create, createEnv(input, context)));
    return { metadata: module.exports?.metadata ?? null, creates: typeof module.exports?.create === 'function' };
  };
  const enter = (text: string) => {
    const input = parse(text) as PreludeInput;
    try {
      outbox.answer(run(input));
    } catch (error) {
      outbox.fault(input.op === 'call' ? input.handler : input.op, describe(error));
    }
  };
  return { enter, flush: outbox.flush, describe: (error: unknown) => stringify(describe(error)) };
}

function createOutbox(bounds: Bounds, stringify: (value: unknown) => string): Outbox {
  const fresh = () => ({
    value: null as unknown,
    decisions: [] as object[],
    logs: [] as [string, string][],
    logsDropped: 0,
    fault: null as null | ({ handler: string } & Described),
  });
  let kept = fresh();
  let opened = false;
  const decide = (decision: object) => {
    if (!opened) throw new Error('decisions are taken by handlers: create(env) runs before the instance does');
    if (kept.decisions.length >= bounds.decisionsPerCall) {
      throw new RangeError(`more than ${bounds.decisionsPerCall} decisions in one call`);
    }
    kept.decisions[kept.decisions.length] = decision;
  };
  const log = (level: string, parts: readonly unknown[]) => {
    if (kept.logs.length >= bounds.logLinesPerCall) kept.logsDropped += 1;
    else kept.logs[kept.logs.length] = [level, logText(parts, bounds.logTextChars, stringify)];
  };
  const flush = () => {
    const text = stringify(kept);
    kept = fresh();
    return text;
  };
  return {
    answer: (value) => {
      kept.value = value;
    },
    open: () => {
      opened = true;
    },
    decide,
    log,
    fault: (handler, error) => {
      kept.fault ??= { handler, ...error };
    },
    flush,
  };
}

/** The parts joined with blanks, as upstream's log helper does; objects as JSON. */
function logText(parts: readonly unknown[], chars: number, stringify: (value: unknown) => string): string {
  let text = '';
  for (let index = 0; index < parts.length && text.length < chars; index += 1) {
    const part = parts[index];
    if (index > 0) text += ' ';
    try {
      text += typeof part === 'object' && part !== null ? stringify(part) : String(part);
    } catch {
      text += '[unprintable]';
    }
  }
  return text.length > chars ? `${text.slice(0, chars)}…` : text;
}

function createConsole(outbox: Outbox) {
  const at =
    (level: string) =>
    (...parts: unknown[]) =>
      outbox.log(level, parts);
  return { log: at('info'), info: at('info'), warn: at('warn'), error: at('error'), debug: at('debug') };
}

/** Name, first line of the message, and where in the module's source it happened. */
function describe(error: unknown): Described {
  try {
    const { name, message, stack } = error instanceof Error ? error : { name: '', message: String(error), stack: '' };
    const place = /:(\d+):(\d+)\)?\s*$/m.exec(String(stack ?? ''));
    const text = String(message).split('\n', 1)[0] ?? '';
    return {
      name: String(name).slice(0, 64),
      message: text.slice(0, 256),
      line: place ? Number(place[1]) : null,
      column: place ? Number(place[2]) : null,
    };
  } catch {
    return { name: '', message: 'threw a value that cannot be printed', line: null, column: null };
  }
}

function createEnv(input: CreateInput, context: Context) {
  context.scope = input.scope;
  context.dryRun = input.dryRun;
  context.account = input.account;
  let warned = false;
  const sleep = () => {
    if (!warned) context.outbox.log('warn', ['helpers.sleep does nothing: a waiting handler would hold up its events']);
    warned = true;
  };
  return {
    config: input.config,
    metadata: input.metadata,
    events: input.events,
    state: input.state,
    helpers: { log: (...parts: unknown[]) => context.outbox.log('info', parts), sleep },
    runtime: {
      ...createVenueView(context),
      ...createOrderEntry(context),
      ...createAmends(context),
      ...createOrderView(context),
    },
  };
}

function createHandlers(create: unknown, env: object): object {
  if (typeof create !== 'function') throw new TypeError('module.exports.create is not a function');
  const handlers: unknown = Reflect.apply(create, undefined, [env]);
  if (typeof handlers === 'object' && handlers !== null) return handlers;
  throw new TypeError('create(env) did not return an object of handlers');
}

function createCaller(context: Context) {
  const { Promise: NativePromise, Reflect: reflect } = globalThis;
  const then = NativePromise.prototype.then;
  let handlers: { [name: string]: unknown } = {};
  const adopt = (created: object) => {
    handlers = created as typeof handlers;
    const wants = handlers['wantsCrossProviderEvents'];
    return { crossProvider: Boolean(typeof wants === 'function' ? wants.call(handlers) : wants) };
  };
  const deliver = ({ handler, at, event, extra, account }: CallInput) => {
    context.outbox.open();
    if (account) context.account = account;
    context.where = context.scope[event.provider]?.includes(event.symbol) ? event : null;
    context.market.apply(event);
    noteTrading(context, event);
    const method = handlers[handler];
    if (typeof method !== 'function') return { called: false };
    const result: unknown = method.call(handlers, { at }, event, event.payload, ...extra);
    if (result instanceof NativePromise) {
      const failed = (error: unknown) => context.outbox.fault(handler, describe(error));
      void reflect.apply(then, result, [undefined, failed]);
    }
    return { called: true };
  };
  return { adopt, deliver };
}

const PARTS = [
  boot,
  createOutbox,
  logText,
  createConsole,
  describe,
  createEnv,
  createHandlers,
  createCaller,
  createMarket,
  createVenueView,
  noteTrading,
  whereabouts,
  createAmends,
  createOrderEntry,
  createOrderView,
  decimalText,
  goodTillAt,
  linkOf,
  ocoPrices,
  orderHow,
  orderNamed,
  orderOptions,
  orderTypeOf,
  plainNumber,
  sideOf,
  tradedPlace,
];

/** Evaluates to `boot`. */
export const PRELUDE = `(function () {'use strict';\n${PARTS.map(String).join('\n')}\nreturn boot;})()`;
