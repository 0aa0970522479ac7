import type { Gate } from '../plan/plan.js';
import type { AttemptVerdict } from './attempt.js';

/** The gate of a verdict on a quorum's member whose agent was lost: another takes its seat in the round. */
export const LOST_GATE = 'lost';

/** The gate of a verdict on an attempt without a result in time. */
export const DEADLINE_GATE = 'deadline';

/** The gate of a verdict on an attempt that its agent does not take, whatever is said to it. */
export const DECLINED_GATE = 'declined';

/** The gate of a verdict on a result that is itself a failure. */
export const FAILURE_GATE = 'result';

/** The gate of a verdict that the arbiter gives, or gives instead of another. */
export const ARBITER_GATE = 'arbiter';

/** Gates of the verdict on a review: the review is paid either way, and says so. */
export const REVIEW_ACCEPTS = 'review-accepts';
export const REVIEW_REJECTS = 'review-rejects';

/** Verdicts that say something of an attempt and nothing of its output, which may have come at the last moment. */
const NOT_ON_OUTPUT = [
  LOST_GATE,
  FAILURE_GATE,
  DEADLINE_GATE,
  DECLINED_GATE,
  'superseded',
  'cancelled',
  'unassignable',
  'budget',
] as const;

/** What a coordinator writes as the gate of a verdict; what it reads may be any text. */
export type VerdictGate =
  /** What of the plan decided; all of a task's gates when they accept. */
  | Gate['kind']
  | `${Gate['kind']}+${string}`
  /** The output itself could not be had, or is no review. */
  | 'output'
  | 'review'
  | typeof REVIEW_ACCEPTS
  | typeof REVIEW_REJECTS
  | (typeof NOT_ON_OUTPUT)[number];

/** Longest gate name a record may carry. */
const MAX_GATE_CHARS = 64;

/** What a verdict that all gates of a task agree on names. */
export const nameOfGates = (gates: readonly Gate[]): VerdictGate =>
  gates
    .map(({ kind }) => kind)
    .join('+')
    .slice(0, MAX_GATE_CHARS) as VerdictGate;

const saysNothingOfOutput: ReadonlySet<string> = new Set(NOT_ON_OUTPUT);

/** Whether a gate looked at the output and rejected it. */
export const rejectsOutput = ({ accepted, gate }: AttemptVerdict): boolean =>
  !accepted && !saysNothingOfOutput.has(gate);

/** Whether a verdict is about what the agent did or did not do, and not about what others or the run decided. */
export const countsAgainstAgent = (verdict: AttemptVerdict): boolean =>
  rejectsOutput(verdict) || [FAILURE_GATE, DEADLINE_GATE, DECLINED_GATE].includes(verdict.gate);
