import { outputReference, outputValue, referencedTasks } from '@gatepost/party/core/work-order';
import type { PlanTask } from '@gatepost/rules/plan/plan';
import { MAX_MESSAGE_BYTES, packRecords } from '@gatepost/shared/records/codec';
import type { AnyRecord, RecordOf } from '@gatepost/shared/records/schema';
import { namesOf, REVIEW_MARK } from '@gatepost/shared/records/task-names';
import { canonicalJson, type Json, sha256 } from '@gatepost/shared/vocabulary/digest';
import { MAX_INLINE_OUTPUT_BYTES } from '@gatepost/shared/vocabulary/limits';
import { withInput } from './assign-record.js';

/** Stand for what is not known yet: as short, and as long, as it can be or usually is. */
export const RUN = '0'.repeat(14);
export const INSTANCE = '0'.repeat(36);
export const SHA256 = '0'.repeat(64);
export const TRANSFER = `@1700000000.${'0'.repeat(9)}`;
/** Milliseconds since the Unix epoch: as long as any of these days. */
export const BEGIN_MS = 1_700_000_000_000;

/** How long that is which only the run will tell. */
export interface Size {
  /** An id of an account or a token. */
  readonly entity: string;
  /** Why a result is rejected, or a task cancelled. */
  readonly reason: string;
  readonly output: string;
  /** Whether all outputs are the same; otherwise each attempt has one of its own. */
  readonly isSame: boolean;
}
export const SHORT: Size = { entity: '0.0.1001', reason: '', output: '', isSame: true };
export const LONG: Size = { entity: '0.0.9999999999', reason: 'x'.repeat(400), output: 'x'.repeat(600), isSame: false };

const FRAME = '{"output":""}';

/** An output of so many bytes as it usually is, a JSON object. */
export const usualOutput = (bytes: number): string =>
  bytes < FRAME.length ? 'x'.repeat(bytes) : `{"output":"${'x'.repeat(bytes - FRAME.length)}"}`;

/** An attempt of a task, or of a review, which has the task's plan but an id and terms of its own. */
export interface EstimatedAttempt {
  readonly task: Pick<PlanTask, 'id' | 'type' | 'price' | 'deadlineMs' | 'input'>;
  readonly attempt: number;
}

export interface EstimatedPayment {
  readonly task: string;
  readonly attempt: number;
  readonly to: string;
  readonly amount: string;
}

const refOf = ({ task: { id: task }, attempt }: EstimatedAttempt) => ({ task, attempt });

export const startedRecord = (of: EstimatedAttempt): AnyRecord => ({ type: 'started', ...refOf(of) });

export const cancelRecord = (of: EstimatedAttempt, { reason }: Size): AnyRecord => ({
  type: 'cancel',
  ...refOf(of),
  reason,
});

/**
 * What is longer than a daemon tells in full is told by its digest, unless it is to be the longest record there can be.
 * Attempts of one output share what a message says of it.
 */
export function resultRecord(of: EstimatedAttempt, { output, isSame }: Size): AnyRecord {
  const output_sha256 = isSame ? SHA256 : sha256(`${of.task.id}.${of.attempt}`);
  const own = isSame ? output : output.replace(/\w+/, (word) => `${output_sha256}${word}`.slice(0, word.length));
  const plain = { type: 'result', ...refOf(of), outcome: 'ok', output_sha256, output_size: output.length } as const;
  return output.length > MAX_INLINE_OUTPUT_BYTES && output !== LONG.output ? plain : { ...plain, output: own };
}

export const verdictRecord = (of: EstimatedAttempt, gate: string, { reason }: Size): AnyRecord => ({
  type: 'verdict',
  ...refOf(of),
  accepted: true,
  gate,
  reason,
});

export const settledRecord = (payments: readonly EstimatedPayment[], { entity }: Size): AnyRecord => ({
  type: 'settled',
  token: entity,
  transfer: `${entity}${TRANSFER}`,
  payments: [...payments],
});

/** An input with such outputs of others in the places of references to them. */
function filledWith(input: Json, output: string): Json {
  const value = outputValue(Buffer.from(output, 'utf8'));
  const filled = (_key: string, given: Json): Json => (outputReference(given) === undefined ? given : value);
  return JSON.parse(JSON.stringify(input), filled) as Json;
}

/** Inputs that fit come along; of those that hold outputs of others the shortest does not, and the longest just does. */
export function assignmentRecord({ task, attempt }: EstimatedAttempt, size: Size, nowMs = BEGIN_MS): AnyRecord {
  const { id, type, price, deadlineMs, input: given } = task;
  const { entity, reason, output } = size;
  const isOpen = referencedTasks(given).size > 0;
  const input = isOpen && size !== SHORT && size !== LONG ? filledWith(given, output) : given;
  const order = reason === '' ? { input } : { input, feedback: reason };
  const bytes = canonicalJson(order).length;
  const assign: RecordOf<'assign'> = {
    type: 'assign',
    task: id,
    attempt,
    task_type: type,
    input_sha256: SHA256,
    input_size: bytes,
    deadline_ms: nowMs + deadlineMs,
    price: price.toString(),
    token: entity,
  };
  if (isOpen && size === SHORT) return assign;
  const names = namesOf([id.slice(id.indexOf(REVIEW_MARK) + 1)]);
  if (!isOpen || size !== LONG) {
    return withInput(RUN, assign, order, names);
  }
  const room = MAX_MESSAGE_BYTES - (packRecords(RUN, [{ ...assign, input: '' }], names)[0]?.length ?? 0);
  return { ...assign, input: 'x'.repeat(Math.max(0, room)) };
}
