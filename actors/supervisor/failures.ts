// The restart policy. An actor whose turn failed is held for a while that grows with its failures, and goes on with
// its next message; more than `intensity` failures within the period, and it is given up until an operator resumes it.
import { publish, reply, supervise } from '../runtime/effect.ts';
import type { ActorKey } from '../runtime/message.ts';
import { FAILURES_MAX, GIVEN_UP_MAX } from './bounds.ts';
import { audit, type Failure, type Heard, type Outcome, type SupervisorContext } from './context.ts';
import type { ActorFailed, ActorGivenUp } from './messages.ts';

export const SUPERVISOR_TOPIC = 'supervisor';

export interface Judgement extends Outcome {
  /** Until the actor may go on; null when it is given up. */
  readonly delayMs: number | null;
}

export function judge(context: SupervisorContext, event: Heard<'ActorFailed'>): Judgement {
  const { key, policy, at } = event;
  // Messages that failed together with the last straw: it is given up already, and stays so.
  if (context.givenUp.recent.includes(key)) return { changes: {}, effects: [], delayMs: null };
  // 1. What is still remembered of it, and of the others.
  const remembered = prune(context.failures, at, policy.periodMs);
  const before = context.failures[key]?.times ?? [];
  const times = [...before.filter((time) => time > at - policy.periodMs), at].slice(-policy.intensity - 1);
  // 2. Too often, or no room to remember it: given up.
  const isFull = !Object.hasOwn(remembered, key) && Object.keys(remembered).length >= FAILURES_MAX;
  if (times.length > policy.intensity || isFull)
    return giveUp({ ...context, failures: remembered }, event, times.length);
  // 3. Held for a while.
  const delayMs = delayOf(policy, times.length);
  const failures = { ...remembered, [key]: { times, dueAt: at + delayMs } };
  return { changes: { failures }, effects: [supervise(key, 'suspend')], delayMs };
}

/** Twice as long with each failure. */
function delayOf({ backoffMs, maxBackoffMs }: ActorFailed['policy'], failures: number): number {
  return Math.min(maxBackoffMs, backoffMs * 2 ** Math.min(failures - 1, 30));
}

/** Forgets actors that run again and have not failed for a period. The periods of others are not known here. */
function prune(failures: SupervisorContext['failures'], at: number, periodMs: number): { [key: string]: Failure } {
  const isRecent = ({ times, dueAt }: Failure): boolean => dueAt !== null || (times.at(-1) ?? 0) > at - periodMs;
  return Object.fromEntries(Object.entries(failures).filter(([, failure]) => isRecent(failure)));
}

function giveUp(context: SupervisorContext, event: Heard<'ActorFailed'>, failures: number): Judgement {
  const { key, reason, at } = event;
  const { count, recent } = context.givenUp;
  const others = recent.filter((one) => one !== key);
  const news: ActorGivenUp = { type: 'ActorGivenUp', key, reason, failures, timestamp: at };
  return {
    changes: {
      failures: without(context.failures, key),
      givenUp: { count: count + 1, recent: [...others, key].slice(-GIVEN_UP_MAX) },
    },
    effects: [
      supervise(key, 'fail'),
      publish(SUPERVISOR_TOPIC, news),
      audit('ActorGivenUp', { key, reason, failures }),
    ],
    delayMs: null,
  };
}

/** The pause is over. Its failures stay remembered: the next one within the period pauses longer. */
export function resumeDue({ failures }: SupervisorContext, { key }: Heard<'ResumeDue'>): Outcome {
  const failure = failures[key];
  if (failure === undefined || failure.dueAt === null) return { changes: {}, effects: [] };
  return {
    changes: { failures: { ...failures, [key]: { ...failure, dueAt: null } } },
    effects: [supervise(key, 'resume')],
  };
}

export function resumeActor({ failures, givenUp }: SupervisorContext, { key }: Heard<'ResumeActor'>): Outcome {
  const recent = givenUp.recent.filter((one) => one !== key);
  return {
    changes: { failures: without(failures, key), givenUp: { ...givenUp, recent } },
    effects: [supervise(key, 'resume'), audit('ActorResumed', { key }), reply({ accepted: true, detail: '' })],
  };
}

function without(failures: SupervisorContext['failures'], key: ActorKey): SupervisorContext['failures'] {
  const { [key]: _gone, ...rest } = failures;
  return rest;
}
