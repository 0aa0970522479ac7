import { jsonDigest, type Sha256 } from '@gatepost/shared/vocabulary/digest';
import type { Attempt } from './attempt.js';
import { modeIn, type RunMode } from './run-mode.js';
import type { RunState } from './run-state.js';

/** An attempt as it enters the digest: only what records say, so that it can be had without the plan. */
export interface DigestedAttempt {
  readonly task: string;
  readonly attempt: number;
  readonly agent: string;
  readonly price: string;
  readonly input: Sha256;
  /** Digest of the output; `failed` for a failure, empty without a result. */
  readonly output: string;
  /** `accepted` or `rejected` and the gate; empty while undecided. */
  readonly verdict: string;
  /** What was paid; `0` when nothing was. */
  readonly paid: string;
}

function digested(attempt: Attempt): DigestedAttempt {
  const { result, verdict } = attempt;
  return {
    task: attempt.task,
    attempt: attempt.number,
    agent: attempt.agent,
    price: attempt.price.toString(),
    input: attempt.inputSha256,
    output: result === undefined ? '' : result.ok ? (result.outputSha256 ?? '') : 'failed',
    verdict: verdict === undefined ? '' : `${verdict.accepted ? 'accepted' : 'rejected'} ${verdict.gate}`,
    paid: (attempt.payment?.amount ?? 0n).toString(),
  };
}

const byTask = (a: DigestedAttempt, b: DigestedAttempt): number =>
  a.task === b.task ? a.attempt - b.attempt : a.task < b.task ? -1 : 1;

/** SHA-256 of the canonical JSON of a run's plan, token, mode and attempts, these by task and number. */
export function digestOfAttempts(
  plan: Sha256,
  token: string,
  attempts: readonly DigestedAttempt[],
  mode: RunMode = {},
): Sha256 {
  return jsonDigest({ plan, token, ...modeIn(mode), attempts: [...attempts].sort(byTask) });
}

/**
 * The digest of a state: equal for the live fold and for a replay from empty. Agents' lives are left out, since they
 * go on beside the run; so are results that came after the verdict, since the fold ignores them.
 */
export function stateDigest(state: RunState): Sha256 {
  const attempts: DigestedAttempt[] = [];
  for (const task of state.tasks.values()) for (const attempt of task.attempts) attempts.push(digested(attempt));
  return digestOfAttempts(state.context.plan.digest, state.context.token, attempts, state.context);
}
