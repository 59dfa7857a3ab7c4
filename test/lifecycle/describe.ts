// A machine as a document: per region a drawn chart and a table of what each state does with each message. Made from
// the machine itself, so that it cannot say anything else.
import type { AnyStateMachine, AnyStateNode } from 'xstate';

export interface Step {
  readonly from: string;
  readonly event: string;
  readonly guard: string;
  /** Itself when it stays. */
  readonly to: string;
  readonly actions: readonly string[];
}

export interface Region {
  readonly name: string;
  readonly initial: string;
  readonly states: readonly { readonly name: string; readonly entry: readonly string[]; readonly rests: boolean }[];
  readonly steps: readonly Step[];
}

/** Of a parallel machine: its regions, in order. */
export function regionsOf(machine: AnyStateMachine): readonly Region[] {
  return Object.values(machine.root.states).map((region) => {
    const inside = nodesBelow(region);
    return {
      name: region.key,
      initial: pathOf(region, initialOf(region)),
      states: inside.map((node) => ({
        name: pathOf(region, node),
        entry: node.entry.flatMap(named),
        rests: node.tags.includes('resting'),
      })),
      steps: [region, ...inside].flatMap((node) => stepsOf(region, node)),
    };
  });
}

export function documentOf(machine: AnyStateMachine, title: string, preface: string): string {
  const parts = regionsOf(machine).map((region) =>
    [`## ${region.name}`, chartOf(region), stateTable(region), stepTable(region)].join('\n\n'),
  );
  return `${[`# ${title}`, preface, ...parts].join('\n\n')}\n`;
}

function nodesBelow(node: AnyStateNode): AnyStateNode[] {
  return Object.values(node.states).flatMap((child) => [child, ...nodesBelow(child)]);
}

function initialOf(node: AnyStateNode): AnyStateNode {
  return node.initial.target[0] as AnyStateNode;
}

/** Within the region; the region itself is every state. */
function pathOf(region: AnyStateNode, node: AnyStateNode): string {
  return node === region ? 'any' : node.path.slice(region.path.length).join('.');
}

function stepsOf(region: AnyStateNode, node: AnyStateNode): Step[] {
  const from = pathOf(region, node);
  const delayed = new Map(node.after.map((after) => [after.eventType, `after ${String(after.delay)}`]));
  const all = [...(node.always ?? []).map((step) => ({ event: 'at once', step }))];
  for (const [type, steps] of node.transitions)
    for (const step of steps) all.push({ event: delayed.get(type) ?? type, step });
  return all.map(({ event, step }) => {
    const target = step.target?.[0];
    return {
      from,
      event,
      guard: step.guard === undefined ? '' : nameOf(step.guard),
      to: target === undefined ? from : pathOf(region, target),
      actions: step.actions.flatMap(named),
    };
  });
}

/** A name, or a name and what it is given where that is a plain word. */
function nameOf(what: unknown): string {
  if (typeof what === 'string') return what;
  if (typeof what !== 'object' || what === null || !('type' in what)) throw new TypeError('a guard without a name');
  const given = 'params' in what && typeof what.params !== 'function' ? ` ${String(what.params)}` : '';
  return `${String(what.type)}${given}`;
}

/** Without the functions by which XState itself arms and disarms what is in `after`. */
function named(action: unknown): readonly string[] {
  return typeof action === 'function' ? [] : [nameOf(action)];
}

/** Every pair of states between which there is a way, with the messages that lead along it. */
function chartOf({ initial, states, steps }: Region): string {
  const id = (name: string): string => name.replaceAll('.', '_');
  const ways = Map.groupBy(
    steps.filter(({ from, to }) => from !== to && from !== 'any'),
    ({ from, to }) => `${id(from)} --> ${id(to)}`,
  );
  const arrows = [...ways].map(([way, along]) => {
    const events = [...new Set(along.map(({ event }) => event))].filter((event) => event !== 'at once');
    return events.length === 0 ? way : `${way}: ${events.join(', ')}`;
  });
  const nested = states.filter(({ name }) => name.includes('.')).map(({ name }) => `${id(name)}: ${name}`);
  return ['```mermaid', 'stateDiagram-v2', `[*] --> ${id(initial)}`, ...nested, ...arrows, '```'].join('\n');
}

function stateTable({ states }: Region): string {
  return table(
    ['state', 'on entry', ''],
    states.map(({ name, entry, rests }) => [name, entry.join(', '), rests ? 'rests' : '']),
  );
}

function stepTable({ steps }: Region): string {
  return table(
    ['state', 'message', 'when', 'next', 'does'],
    steps.map(({ from, event, guard, to, actions }) => [
      from,
      event,
      guard,
      to === from ? '' : to,
      actions.length === 0 && to === from ? 'nothing' : actions.join(', '),
    ]),
  );
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}
