// What a durable machine may not contain, found before the first actor runs. Each finding would otherwise be silent:
// function actions never run, a misspelt delay fires at once, an invoked child starts again at every restore.
import type { AnyStateMachine, AnyStateNode } from 'xstate';
import { RuntimeError } from './errors.ts';

/** As much of a definition as is judged here. */
interface Definition {
  readonly kind: string;
  readonly version: number;
  readonly machine: AnyStateMachine;
  readonly effects?: { readonly [name: string]: { readonly afterCrash: string; readonly interrupted?: unknown } };
  readonly upgrade?: { readonly [fromVersion: number]: unknown };
}

const KIND = /^[a-z][a-z0-9-]{0,31}$/;
const BUILT_IN = new Set(['xstate.assign', 'xstate.emit', 'xstate.raise', 'xstate.cancel', 'xstate.enqueueActions']);

/** Throws MACHINE_UNFIT with every finding. */
export function lint(options: Definition): void {
  const findings = [...lintDefinition(options), ...lintMachine(options.machine)];
  if (findings.length > 0) throw new RuntimeError('MACHINE_UNFIT', `${options.kind}: ${findings.join('; ')}`);
}

function lintDefinition(options: Definition): string[] {
  const findings: string[] = [];
  if (!KIND.test(options.kind))
    findings.push(`kind ${JSON.stringify(options.kind)} must be 1 to 32 of a-z, 0-9 and - and begin with a letter`);
  if (!Number.isInteger(options.version) || options.version < 1)
    findings.push(`version ${options.version} must be an integer from 1`);
  const declared = options.machine.version;
  if (declared !== String(options.version))
    findings.push(`the machine says version ${String(declared)}, the definition ${options.version}`);
  for (const [name, effect] of Object.entries(options.effects ?? {})) {
    if (effect.afterCrash === 'askFirst' && effect.interrupted === undefined)
      findings.push(`effect ${name} is askFirst and needs interrupted()`);
  }
  for (let version = 1; version < options.version; version += 1) {
    if (options.upgrade !== undefined && !(version in options.upgrade) && Object.keys(options.upgrade).length > 0) {
      findings.push(`upgrade from version ${version} is missing`);
    }
  }
  return findings;
}

export function lintMachine(machine: AnyStateMachine): string[] {
  const findings: string[] = [];
  const config = machine.config as { context?: unknown };
  if (config.context !== undefined && typeof config.context !== 'function')
    findings.push('context must be a factory: a literal is shared by all actors');
  if (
    !Number.isFinite(
      (machine.options as { maxIterations?: number } | undefined)?.maxIterations ?? Number.POSITIVE_INFINITY,
    )
  ) {
    findings.push('options.maxIterations must be set: an always cycle would hang the process');
  }
  visit(machine.root as AnyStateNode, machine, findings);
  return findings;
}

function visit(node: AnyStateNode, machine: AnyStateMachine, findings: string[]): void {
  const implementations = machine.implementations as {
    actions: Record<string, unknown>;
    guards: Record<string, unknown>;
    delays: Record<string, unknown>;
  };
  if (node.invoke.length > 0) findings.push(`${node.id} invokes: ask with an effect, answer with a message`);
  const lists: (readonly unknown[])[] = [node.entry, node.exit];
  for (const [type, transitions] of node.transitions) {
    if (type === '*' || type.endsWith('.*')) findings.push(`${node.id} handles ${type}: name the messages`);
    for (const transition of transitions) {
      lists.push(transition.actions);
      checkGuard(transition.guard, node, implementations.guards, findings);
    }
  }
  for (const always of node.always ?? []) {
    lists.push(always.actions);
    checkGuard(always.guard, node, implementations.guards, findings);
  }
  for (const action of lists.flat()) checkAction(action, node, implementations.actions, findings);
  for (const { delay } of node.after) checkDelay(delay, node, implementations.delays, findings);
  for (const child of Object.values(node.states)) visit(child as AnyStateNode, machine, findings);
}

function checkAction(action: unknown, node: AnyStateNode, known: Record<string, unknown>, findings: string[]): void {
  const type = builtInType(action);
  if (type !== null) {
    if (!BUILT_IN.has(type)) findings.push(`${node.id} uses ${type}: only assign, emit, raise and cancel are durable`);
    const raise = action as { delay?: unknown; id?: unknown };
    if (type === 'xstate.raise' && raise.delay !== undefined && raise.id === undefined)
      findings.push(`${node.id} raises with a delay and no id`);
    return;
  }
  if (typeof action === 'function') {
    findings.push(`${node.id} has a function action: it would never run`);
    return;
  }
  const name = typeof action === 'string' ? action : (action as { type: string }).type;
  const implementation = known[name];
  if (implementation === undefined) {
    findings.push(`${node.id} names the action ${name}, which does not exist`);
    return;
  }
  const inner = builtInType(implementation);
  if (inner === null || !BUILT_IN.has(inner))
    findings.push(`action ${name} must be an assign, emit, raise or cancel: anything else would never run`);
}

/** XState's built-in actions are functions that carry their type. */
function builtInType(action: unknown): string | null {
  const type =
    (typeof action === 'function' || typeof action === 'object') && action !== null
      ? (action as { type?: unknown }).type
      : undefined;
  return typeof type === 'string' && type.startsWith('xstate.') ? type : null;
}

function checkGuard(guard: unknown, node: AnyStateNode, known: Record<string, unknown>, findings: string[]): void {
  if (guard === undefined || typeof guard === 'function') return;
  const name = typeof guard === 'string' ? guard : (guard as { type: string }).type;
  if (!(name in known)) findings.push(`${node.id} names the guard ${name}, which does not exist`);
}

function checkDelay(delay: unknown, node: AnyStateNode, known: Record<string, unknown>, findings: string[]): void {
  if (typeof delay === 'number' && Number.isFinite(delay)) return;
  if (typeof delay === 'string' && (delay in known || Number.isFinite(Number(delay)))) return;
  findings.push(`${node.id} waits ${String(delay)}, which is no known delay: it would fire at once`);
}
