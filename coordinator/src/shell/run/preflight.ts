import { planCost } from '@gatepost/rules/plan/budget';
import type { Plan } from '@gatepost/rules/plan/plan';
import type { Connection } from '@gatepost/shared/hedera/connection';
import { GatepostError } from '@gatepost/shared/vocabulary/errors';
import { formatUsd, usdOf } from '@gatepost/shared/vocabulary/fees';
import type { TokenId, TopicId } from '@gatepost/shared/vocabulary/ids';
import { estimatePlan } from '../../core/estimate.js';

/** A plan whose fees cannot stay within its own limit is not started. @throws GatepostError INVALID_PLAN */
export function checkFees(plan: Plan, settleAfter: number): void {
  if (plan.maxFeesUsd === undefined) return;
  const { fees } = estimatePlan(plan, settleAfter).least;
  if (usdOf(fees) <= plan.maxFeesUsd) return;
  throw new GatepostError(
    'INVALID_PLAN',
    `${plan.name}: fees of ${formatUsd(fees)} are to be expected, the budget allows $${plan.maxFeesUsd}; raise max_fees`,
  );
}

/**
 * A plan that the account cannot pay is not started.
 * @param paid what its run has paid already.
 * @throws GatepostError INVALID_CONFIG, NOT_FOUND, MIRROR_UNREACHABLE
 */
export async function checkFunds(connection: Connection, token: TokenId, plan: Plan, paid: bigint): Promise<void> {
  const needed = planCost(plan.tasks) - paid;
  const held = await connection.mirror.tokenBalance(connection.account, token);
  if (needed <= 0n || (held !== undefined && held >= needed)) return;
  throw new GatepostError(
    'INVALID_CONFIG',
    `${connection.account} holds ${held ?? 'none'} of ${token}, the plan needs ${needed}; nothing was started`,
  );
}

/**
 * A topic that only the coordinator may write to is an agent's inbox, or one like it: no agent could report there.
 * @throws GatepostError INVALID_CONFIG, NOT_FOUND, MIRROR_UNREACHABLE
 */
export async function checkJournal(connection: Connection, journal: TopicId): Promise<void> {
  const { submit_key: submitKey, deleted } = await connection.mirror.topic(journal);
  const own = connection.key.publicKey.toStringRaw();
  if (deleted !== true && submitKey?.key !== own) return;
  const what =
    deleted === true ? 'is deleted' : 'takes messages of this coordinator alone, as an inbox of an agent does';
  throw new GatepostError(
    'INVALID_CONFIG',
    `journal: topic ${journal} ${what}; nothing was written. Name the topic that "coordinator init" made for this`,
    { journal },
  );
}
