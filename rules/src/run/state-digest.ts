import { canonicalJson, type Sha256, sha256OfAll } from '@gatepost/shared/vocabulary/digest';
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

/** An attempt as canonical JSON, written out member by member in its order: there may be many. */
const attemptText = ({ agent, attempt, input, output, paid, price, task, verdict }: DigestedAttempt): string =>
  `{"agent":${canonicalJson(agent)},"attempt":${canonicalJson(attempt)},"input":${canonicalJson(input)},` +
  `"output":${canonicalJson(output)},"paid":"${paid}","price":${canonicalJson(price)},"task":${canonicalJson(task)},` +
  `"verdict":${canonicalJson(verdict)}}`;

/** The canonical JSON of all that the digest covers, in pieces: a copy of all of it would be garbage at once. */
function* digestedText(
  plan: Sha256,
  token: string,
  attempts: Iterable<DigestedAttempt>,
  mode: RunMode,
): Generator<string> {
  const { arbiter, ...rest } = modeIn(mode);
  yield `{${arbiter === undefined ? '' : `"arbiter":${canonicalJson(arbiter)},`}"attempts":[`;
  let separator = '';
  for (const attempt of attempts) {
    yield `${separator}${attemptText(attempt)}`;
    separator = ',';
  }
  yield `],${canonicalJson({ ...rest, plan, token }).slice(1)}`;
}

/** SHA-256 of the canonical JSON of a run's plan, token, mode and attempts, these by task and number. */
export const digestOfAttempts = (
  plan: Sha256,
  token: string,
  attempts: readonly DigestedAttempt[],
  mode: RunMode = {},
): Sha256 => sha256OfAll(digestedText(plan, token, [...attempts].sort(byTask), mode));

function* inOrder({ tasks }: RunState): Generator<DigestedAttempt> {
  for (const id of [...tasks.keys()].sort()) {
    const attempts = tasks.copyOf(id)?.attempts ?? [];
    for (const attempt of [...attempts].sort((a, b) => a.number - b.number)) yield digested(attempt);
  }
}

/**
 * The digest of a state: equal for the live fold and for a replay from empty. Agents' lives are left out, since they
 * go on beside the run; so are results that came after the verdict, since the fold ignores them.
 */
export function stateDigest(state: RunState): Sha256 {
  const { plan, token } = state.context;
  return sha256OfAll(digestedText(plan.digest, token, inOrder(state), state.context));
}
