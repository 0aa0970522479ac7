import type { RecordOf } from '@gatepost/shared/records/schema';
import { sha256 } from '@gatepost/shared/vocabulary/digest';

/** Run of the benchmark's attempts. */
export const RUN = 'bench';

/** Assignments in one inbox message: as many as always fit. */
export const PER_MESSAGE = 3;

/** The work order of the n-th attempt, from 0; both sides make it on their own. */
export const workOrder = (n: number): Buffer => Buffer.from(`{"input":${n}}`, 'utf8');

export const taskOf = (n: number): string => `t${n}`;

/** Sequence number of the inbox message that assigns the n-th attempt. */
export const sequenceOf = (n: number): number => Math.floor(n / PER_MESSAGE) + 1;

export function assignmentOf(n: number, deadlineMs: number): RecordOf<'assign'> {
  const bytes = workOrder(n);
  return {
    type: 'assign',
    task: taskOf(n),
    attempt: 1,
    task_type: 'noop',
    input_sha256: sha256(bytes),
    input_size: bytes.length,
    deadline_ms: deadlineMs,
    price: '1',
    token: '0.0.40',
  };
}
