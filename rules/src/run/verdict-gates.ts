import type { AttemptVerdict } from './attempt.js';

/** The gate of a verdict on a quorum's member whose agent was lost: another takes its seat in the round. */
export const LOST_GATE = 'lost';

/** Verdicts that say something of an attempt and nothing of its output, which may have come at the last moment. */
const NOT_ON_OUTPUT: ReadonlySet<string> = new Set([
  LOST_GATE,
  'result',
  'deadline',
  'superseded',
  'cancelled',
  'unassignable',
  'budget',
]);

/** Whether a gate looked at the output and rejected it. */
export const rejectsOutput = ({ accepted, gate }: AttemptVerdict): boolean => !accepted && !NOT_ON_OUTPUT.has(gate);
