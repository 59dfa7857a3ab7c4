// The supervisor: brings its children to life when a node starts, and decides what becomes of actors that fail.
//
// booting   no node has started yet
// running   a node owns the shard
// stopping  the node is leaving; children keep what they want and go on with the next node
//
// Its pauses are durable timers, one per suspended actor: a node that takes over resumes on time.
import { enqueueActions, setup } from 'xstate';
import * as children from './children.ts';
import * as supervisor from './context.ts';
import { heard, type Outcome, type SupervisorContext, type SupervisorEffect, type SupervisorEvent } from './context.ts';
import * as failures from './failures.ts';

interface Queue {
  assign(changes: Partial<SupervisorContext>): void;
  emit(effect: SupervisorEffect): void;
}
function take(queue: Queue, { changes, effects }: Outcome): void {
  queue.assign(changes);
  for (const effect of effects) queue.emit(effect);
}

const timerOf = (key: string): string => `resume ${key}`;

const machine = setup({
  types: {
    context: {} as SupervisorContext,
    events: {} as SupervisorEvent,
    emitted: {} as SupervisorEffect,
  },
  actions: {
    startNode: enqueueActions(({ context, event, enqueue }) => {
      take(enqueue, children.startNode(context, heard(event, 'NodeStarted')));
    }),
    addChild: enqueueActions(({ context, event, enqueue }) => {
      const added = heard(event, 'AddProvider', 'AddStrategy', 'AddRisk');
      take(enqueue, children.addChild(context, children.wishOf(added), added.type !== 'AddRisk' && added.start));
    }),
    removeChild: enqueueActions(({ context, event, enqueue }) => {
      take(enqueue, children.removeChild(context, heard(event, 'RemoveChild')));
    }),
    judge: enqueueActions(({ context, event, enqueue }) => {
      const failed = heard(event, 'ActorFailed');
      const { delayMs, ...outcome } = failures.judge(context, failed);
      const { key, at, messageId } = failed;
      const id = timerOf(key);
      take(enqueue, outcome);
      if (delayMs === null) enqueue.cancel(id);
      else enqueue.raise({ type: 'ResumeDue', key, at, messageId }, { id, delay: delayMs });
    }),
    resumeDue: enqueueActions(({ context, event, enqueue }) => {
      take(enqueue, failures.resumeDue(context, heard(event, 'ResumeDue')));
    }),
    resumeActor: enqueueActions(({ context, event, enqueue }) => {
      const resumed = heard(event, 'ResumeActor');
      take(enqueue, failures.resumeActor(context, resumed));
      enqueue.cancel(timerOf(resumed.key));
    }),
  },
});

export const supervisorMachine = machine.createMachine({
  id: 'supervisor',
  version: '1',
  options: { maxIterations: 100 },
  context: () => supervisor.createContext(),
  initial: 'booting',
  on: {
    NodeStarted: { target: '.running', actions: 'startNode' },
    NodeStopping: '.stopping',
    AddProvider: { actions: 'addChild' },
    AddStrategy: { actions: 'addChild' },
    AddRisk: { actions: 'addChild' },
    RemoveChild: { actions: 'removeChild' },
    ActorFailed: { actions: 'judge' },
    ResumeDue: { actions: 'resumeDue' },
    ResumeActor: { actions: 'resumeActor' },
  },
  states: { booting: {}, running: {}, stopping: {} },
});
