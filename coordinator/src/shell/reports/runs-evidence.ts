import { reviewedAttempt } from '@gatepost/rules/run/review-id';
import { factsOf } from '@gatepost/rules/verify/facts';
import { attemptsOf, type RunHistory } from '@gatepost/rules/verify/history';
import { replay } from '@gatepost/rules/verify/replay';
import type { MirrorRest } from '@gatepost/shared/hedera/mirror-rest';
import type { TopicId } from '@gatepost/shared/vocabulary/ids';
import type { Nanos } from '@gatepost/shared/vocabulary/time';
import { billOf, type RunBill } from './bill-evidence.js';
import { gatherEvidence } from './verify-evidence.js';

/** A run of a journal and what it cost. */
export interface RunLine extends RunBill {
  readonly plan: string;
  readonly tasks: number;
  readonly accepted: number;
  readonly outcome: 'complete' | 'failed' | 'cancelled' | 'open';
  readonly openedAt: Nanos;
  /** Undefined while it is open. */
  readonly closedAt: Nanos | undefined;
}

/**
 * The runs of a journal that were not closed before a time, in the order of their opening, each with its bill.
 * @throws GatepostError NOT_FOUND, MIRROR_UNREACHABLE
 */
export async function gatherRuns(mirror: MirrorRest, journal: TopicId, since: Nanos): Promise<readonly RunLine[]> {
  const evidence = await gatherEvidence(mirror, journal);
  const lines: RunLine[] = [];
  for (const history of replay(evidence).runs.values()) {
    const { opened, closed } = history;
    if (closed !== undefined && closed.at < since) continue;
    lines.push({
      ...(await billOf(mirror, evidence, history)),
      plan: opened.record.plan_sha256,
      tasks: opened.record.tasks,
      accepted: acceptedTasks(history).size,
      outcome: closed?.record.outcome ?? 'open',
      openedAt: opened.at,
      closedAt: closed?.at,
    });
  }
  return lines;
}

/** Tasks of the plan whose work was accepted. */
function acceptedTasks(run: RunHistory): ReadonlySet<string> {
  const accepted = new Set<string>();
  for (const attempt of attemptsOf(run)) {
    const { verdict } = factsOf(run, attempt);
    if (verdict?.record.accepted === true && reviewedAttempt(attempt.task) === undefined) accepted.add(attempt.task);
  }
  return accepted;
}
