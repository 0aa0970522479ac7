import type { AttemptRef } from '@gatepost/shared/vocabulary/attempt';
import type { Sha256 } from '@gatepost/shared/vocabulary/digest';
import type { Assignment } from './assignment.js';

/** Canonical gRPC codes a command can be refused with. */
export type RefusalCode =
  | 'INVALID_ARGUMENT'
  | 'NOT_FOUND'
  | 'RESOURCE_EXHAUSTED'
  | 'FAILED_PRECONDITION'
  | 'OUT_OF_RANGE'
  | 'DATA_LOSS'
  | 'UNAVAILABLE';

/** A command that is not carried out: what is wrong and how to mend it. */
export interface Refusal {
  readonly code: RefusalCode;
  readonly message: string;
}

export const refusal = (code: RefusalCode, message: string): Refusal => ({ code, message });

/** A dispatch, its fields checked for form. */
export interface DispatchOrder {
  readonly ref: AttemptRef;
  readonly inbox: string;
  readonly sequenceNumber: number;
  readonly inputSha256: Sha256;
  readonly inputSize: number;
  /** Empty when the dispatch leaves it to the assignment. */
  readonly taskType: string;
  /** Milliseconds since the Unix epoch; 0 when the dispatch leaves it to the assignment. */
  readonly deadlineMs: number;
}

/** What a dispatch and an assignment both say. */
type Said = Pick<Assignment, 'inputSha256' | 'inputSize' | 'sequenceNumber' | 'taskType' | 'deadlineMs'>;

/** What can be said against a dispatch before the inbox is looked at. */
export function checkDispatch(
  order: DispatchOrder,
  own: { readonly inbox: string; readonly maxInputBytes: number },
): Refusal | undefined {
  if (order.inbox !== own.inbox) {
    return refusal('FAILED_PRECONDITION', `this agent's inbox is ${own.inbox}, not ${order.inbox}`);
  }
  if (order.inputSize > own.maxInputBytes) {
    return refusal('OUT_OF_RANGE', `the input has ${order.inputSize} bytes; this agent takes ${own.maxInputBytes}`);
  }
  return undefined;
}

/** What a dispatch says differently from the inbox. */
export function compareWithInbox(order: Said, assignment: Said): Refusal | undefined {
  if (order.inputSha256 !== assignment.inputSha256 || order.inputSize !== assignment.inputSize) {
    return refusal('FAILED_PRECONDITION', 'digest or size of the input differ from the assignment on the inbox');
  }
  if (order.sequenceNumber !== assignment.sequenceNumber) {
    return refusal(
      'FAILED_PRECONDITION',
      `message ${order.sequenceNumber} does not assign it; message ${assignment.sequenceNumber} does`,
    );
  }
  const otherType = order.taskType !== '' && order.taskType !== assignment.taskType;
  const otherDeadline = order.deadlineMs !== 0 && order.deadlineMs !== assignment.deadlineMs;
  if (otherType || otherDeadline) {
    return refusal('FAILED_PRECONDITION', 'task type or deadline differ from the assignment on the inbox');
  }
  return undefined;
}
