import type { AttemptVerdict } from './attempt.js';

/** The gate of a verdict on a quorum's member whose agent was lost: another takes its seat in the round. */
export const LOST_GATE = 'lost';

/** The gate of a verdict on an attempt without a result in time. */
export const DEADLINE_GATE = 'deadline';

/** The gate of a verdict on an attempt that its agent does not take, whatever is said to it. */
export const DECLINED_GATE = 'declined';

/** The gate of a verdict on a result that is itself a failure. */
export const FAILURE_GATE = 'result';

/** Verdicts that say something of an attempt and nothing of its output, which may have come at the last moment. */
const NOT_ON_OUTPUT: ReadonlySet<string> = new Set([
  LOST_GATE,
  FAILURE_GATE,
  DEADLINE_GATE,
  DECLINED_GATE,
  'superseded',
  'cancelled',
  'unassignable',
  'budget',
]);

/** Whether a gate looked at the output and rejected it. */
export const rejectsOutput = ({ accepted, gate }: AttemptVerdict): boolean => !accepted && !NOT_ON_OUTPUT.has(gate);

/** Whether a verdict is about what the agent did or did not do, and not about what others or the run decided. */
export const countsAgainstAgent = (verdict: AttemptVerdict): boolean =>
  rejectsOutput(verdict) || [FAILURE_GATE, DEADLINE_GATE, DECLINED_GATE].includes(verdict.gate);
