// A message of the venue's, by whichever way it came, as one shape.
import type { Execution, ExecutionRef, VenueOrder } from '../market/execution.ts';
import type { MessageOf } from './facts.ts';

/** What the venue said, by whichever way it came. */
export interface VenueWord {
  readonly order: VenueOrder;
  readonly executions: readonly Execution[];
  /** Taken back; an execution beside one corrects it. */
  readonly busted: readonly ExecutionRef[];
  readonly reason: string | null;
  /** Answers a question: never a cause to ask the next one at once, or two could go on for ever. */
  readonly isAnswer: boolean;
}

export type Evidence = MessageOf<'SubmitAcked' | 'CancelAcked' | 'AmendAcked' | 'OrderFound' | 'OrderReported'>;

export function wordOf(message: Evidence): VenueWord {
  const { order } = message;
  const plain = { order, executions: [], busted: [], reason: null, isAnswer: false };
  switch (message.type) {
    case 'OrderReported': {
      const { execution, busted, reason } = message;
      const executions = execution === null ? [] : [execution];
      return { ...plain, executions, busted: busted === undefined ? [] : [busted], reason };
    }
    case 'CancelAcked':
    case 'AmendAcked':
      return plain;
    default:
      return { ...plain, executions: message.executions, isAnswer: message.type === 'OrderFound' };
  }
}
