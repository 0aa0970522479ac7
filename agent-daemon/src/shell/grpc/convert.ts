import {
  type AttemptEvent,
  type AttemptRef as AttemptRefMessage,
  type Dispatch,
  Outcome as OutcomeMessage,
  type Usage,
} from '@gatepost/proto/gen/gatepost/agent/v1/agent';
import type { AttemptRef } from '@gatepost/shared/vocabulary/attempt';
import { MAX_ASSIGNED_ID, MAX_ATTEMPT, MAX_RUN_ID } from '@gatepost/shared/vocabulary/id-bounds';
import { status } from '@grpc/grpc-js';
import type { Ending, Outcome } from '../../core/attempt.js';
import type { EventKind, NumberedEvent } from '../../core/event-log.js';
import type { DispatchOrder, Refusal } from '../../core/refusal.js';
import type { ReportedUsage } from '../../core/usage.js';

const OUTCOMES: Readonly<Record<Outcome, OutcomeMessage>> = {
  ok: OutcomeMessage.OUTCOME_OK,
  failed: OutcomeMessage.OUTCOME_FAILED,
  timed_out: OutcomeMessage.OUTCOME_TIMED_OUT,
  cancelled: OutcomeMessage.OUTCOME_CANCELLED,
};

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const EMPTY = new Uint8Array(0);

/** A ref with all its parts, each within the bounds of records; undefined for another. */
export function attemptRef(message: AttemptRefMessage | undefined): AttemptRef | undefined {
  if (message === undefined) return undefined;
  const { run, task, attempt } = message;
  const named = run !== '' && run.length <= MAX_RUN_ID && task !== '' && task.length <= MAX_ASSIGNED_ID;
  return named && attempt >= 1 && attempt <= MAX_ATTEMPT ? { run, task, attempt } : undefined;
}

/** A dispatch with all its fields; undefined for an incomplete one. */
export function dispatchOrder(message: Dispatch): DispatchOrder | undefined {
  const ref = attemptRef(message.ref);
  if (ref === undefined || message.inputSha256.length !== 32) return undefined;
  return {
    ref,
    inbox: message.inboxTopicId,
    sequenceNumber: Number(message.inboxSequenceNumber),
    inputSha256: hex(message.inputSha256),
    inputSize: Number(message.inputSize),
    taskType: message.taskType,
    deadlineMs: Number(message.deadlineUnixMs),
  };
}

/** Finds the bytes of a small output. */
export type OutputLookup = (sha256: string, size: number) => Uint8Array | undefined;

const MICRO = 1_000_000;

const usageMessage = ({ tokens, costUsd }: ReportedUsage): Usage => ({
  tokens: tokens === undefined ? undefined : BigInt(tokens),
  costMicrousd: costUsd === undefined ? undefined : BigInt(Math.round(costUsd * MICRO)),
});

function finished({ outcome, reason, output, usage }: Ending, lookup: OutputLookup): AttemptEvent['kind'] {
  const bytes = output === undefined ? undefined : lookup(output.sha256, output.size);
  return {
    $case: 'finished',
    value: {
      outcome: OUTCOMES[outcome],
      reason,
      outputSha256: output === undefined ? EMPTY : Buffer.from(output.sha256, 'hex'),
      outputSize: BigInt(output?.size ?? 0),
      output: bytes ?? EMPTY,
      usage: usage === undefined ? undefined : usageMessage(usage),
    },
  };
}

function kindMessage(kind: EventKind, lookup: OutputLookup): AttemptEvent['kind'] {
  switch (kind.type) {
    case 'accepted':
      return { $case: 'accepted', value: { queuedBefore: kind.queuedBefore } };
    case 'started':
      return { $case: 'started', value: {} };
    case 'progress':
      return { $case: 'progress', value: { fraction: kind.fraction, message: kind.message } };
    case 'log':
      return { $case: 'log', value: { line: kind.line, droppedBefore: BigInt(kind.droppedBefore) } };
    case 'finished':
      return finished(kind.ending, lookup);
  }
}

export function eventMessage(ref: AttemptRef, event: NumberedEvent, lookup: OutputLookup): AttemptEvent {
  return {
    ref,
    event: BigInt(event.number),
    atUnixMs: BigInt(Math.trunc(event.atMs)),
    kind: kindMessage(event.kind, lookup),
  };
}

export function refusedMessage(ref: AttemptRef | undefined, { code, message }: Refusal, output?: Uint8Array) {
  return { ref, code: status[code], message, outputSha256: output ?? EMPTY };
}
