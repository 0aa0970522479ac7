import { attemptKey } from '@gatepost/shared/vocabulary/attempt';
import { sha256 } from '@gatepost/shared/vocabulary/digest';
import type { Assignment } from '../../src/core/assignment.js';
import { newAttempt } from '../../src/core/attempt.js';
import { EventLog } from '../../src/core/event-log.js';
import type { LiveAttempt } from '../../src/shell/work/live-attempt.js';

/** The first attempt of a task, assigned and with its work order, canonical JSON. */
export function liveAttempt(task: string, taskType = 'echo', workOrder = '{}'): LiveAttempt {
  const assignment: Assignment = {
    ref: { run: 'r', task, attempt: 1 },
    numbered: '#1',
    taskType,
    inputSha256: sha256(workOrder),
    inputSize: workOrder.length,
    inlineInput: workOrder,
    deadlineMs: 60_000,
    price: '1',
    token: '0.0.40',
    sequenceNumber: 1,
  };
  return {
    key: attemptKey(assignment.ref),
    ref: assignment.ref,
    attempt: newAttempt(assignment),
    log: new EventLog(0, { unacknowledged: 10, logLines: 10 }),
    input: Buffer.from(workOrder),
    hasInput: true,
    output: undefined,
    outputText: undefined,
    kept: undefined,
    abort: new AbortController(),
    stop: undefined,
    startedAtMs: undefined,
    cancelDeadline: undefined,
    successor: undefined,
  };
}
