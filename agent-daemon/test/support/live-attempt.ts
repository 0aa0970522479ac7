import { sha256 } from '@gatepost/shared/vocabulary/digest';
import type { Assignment } from '../../src/core/assignment.js';
import { type LiveAttempt, newLiveAttempt } from '../../src/shell/work/live-attempt.js';

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
  return newLiveAttempt(assignment, { unacknowledged: 10, logLines: 10 });
}
