import { replay } from '@gatepost/rules/verify/replay';
import type { MirrorRest } from '@gatepost/shared/hedera/mirror-rest';
import type { TopicId } from '@gatepost/shared/vocabulary/ids';
import type { Nanos } from '@gatepost/shared/vocabulary/time';
import { acceptedTasks } from '../../core/report/accepted-tasks.js';
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
  const replayed = replay(evidence);
  for (const history of replayed.runs.values()) {
    const { opened, closed } = history;
    if (closed !== undefined && closed.at < since) continue;
    lines.push({
      ...(await billOf(mirror, evidence, replayed, history)),
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
