import { unpackMessage } from '@gatepost/shared/records/codec';
import type { RecordOf } from '@gatepost/shared/records/schema';
import type { AttemptRef } from '@gatepost/shared/vocabulary/attempt';
import { canonicalJson } from '@gatepost/shared/vocabulary/digest';
import type { Assignment } from './assignment.js';

/** What the fold needs of a topic message. */
export interface InboxMessage {
  readonly sequenceNumber: number;
  /** The account the network saw paying. */
  readonly payer: string;
  readonly message: Uint8Array;
  readonly chunk: { readonly total: number };
}

/** One instruction of the inbox. */
export type Instruction =
  | { readonly kind: 'assign'; readonly assignment: Assignment }
  | { readonly kind: 'cancel'; readonly ref: AttemptRef; readonly reason: string };

/** What a message says; `ignored` tells why it, or a part of it, has no effect. */
export interface InboxReading {
  readonly instructions: readonly Instruction[];
  readonly ignored: string | undefined;
}

const nothing = (ignored: string): InboxReading => ({ instructions: [], ignored });

function assignment(run: string, record: RecordOf<'assign'>, sequenceNumber: number): Instruction {
  return {
    kind: 'assign',
    assignment: {
      ref: { run, task: record.task, attempt: record.attempt },
      numbered: record.numbered ?? '',
      taskType: record.task_type,
      inputSha256: record.input_sha256,
      inputSize: record.input_size,
      inlineInput: record.input === undefined ? undefined : canonicalJson(record.input),
      deadlineMs: record.deadline_ms,
      price: record.price,
      token: record.token,
      ...(record.judge === undefined ? {} : { judge: record.judge }),
      sequenceNumber,
    },
  };
}

/** Reads one inbox message. Only the coordinator's own messages have an effect; never throws. */
export function readInboxMessage(message: InboxMessage, coordinator: string): InboxReading {
  if (message.payer !== coordinator) return nothing(`author ${message.payer} is not the coordinator`);
  if (message.chunk.total !== 1) return nothing('a chunked message');
  const decoded = unpackMessage(message.message);
  if ('malformed' in decoded) return nothing(decoded.malformed);
  const { run } = decoded;
  if (run === undefined) return nothing('no run is named');
  const instructions: Instruction[] = [];
  const foreign: string[] = [...decoded.unknownTypes];
  for (const record of decoded.records) {
    if (record.type === 'assign') instructions.push(assignment(run, record, message.sequenceNumber));
    else if (record.type === 'cancel') {
      const ref = { run, task: record.task, attempt: record.attempt };
      instructions.push({ kind: 'cancel', ref, reason: record.reason });
    } else foreign.push(record.type);
  }
  return { instructions, ignored: foreign.length === 0 ? undefined : `record types ${foreign.join(', ')}` };
}
