import { planCost } from '@gatepost/rules/plan/budget';
import type { Plan } from '@gatepost/rules/plan/plan';
import { requireFit, takeLooks } from '@gatepost/shared/doctor/finding';
import type { Connection } from '@gatepost/shared/hedera/connection';
import { formatTinybar } from '@gatepost/shared/vocabulary/amount';
import { GatepostError } from '@gatepost/shared/vocabulary/errors';
import { formatUsd, toTinybar, usdOf } from '@gatepost/shared/vocabulary/fees';
import type { TokenId } from '@gatepost/shared/vocabulary/ids';
import { estimatePlan } from '../../core/estimate.js';
import { paidByCoordinator } from '../../core/obstacles.js';
import { payingLooks } from '../doctor/examine.js';

/** A plan whose fees cannot stay within its own limit is not started. @throws GatepostError INVALID_PLAN */
export function checkFees(plan: Plan): void {
  if (plan.maxFeesUsd === undefined) return;
  const { fees } = estimatePlan(plan).least;
  if (usdOf(fees) <= plan.maxFeesUsd) return;
  throw new GatepostError(
    'INVALID_PLAN',
    `${plan.name}: fees of at least ${formatUsd(fees)} are to be expected, the budget allows $${plan.maxFeesUsd}; raise max_fees`,
  );
}

/**
 * A plan that the account cannot pay is not started.
 * @param paid what its run has paid already.
 * @throws GatepostError INVALID_CONFIG, NOT_FOUND, MIRROR_UNREACHABLE
 */
export async function checkFunds(connection: Connection, token: TokenId, plan: Plan, paid: bigint): Promise<void> {
  const needed = planCost(plan.tasks) - paid;
  if (needed <= 0n) return;
  requireFit(await takeLooks(payingLooks(connection, token)));
  const held = await connection.mirror.tokenBalance(connection.account, token);
  if (held !== undefined && held >= needed) return;
  throw new GatepostError(
    'INVALID_CONFIG',
    `${connection.account} holds ${held ?? 'none'} of ${token}, the plan needs ${needed}; nothing was started`,
  );
}

/**
 * A new run whose least fees the account cannot pay is not started.
 * @throws GatepostError INVALID_CONFIG, MIRROR_UNREACHABLE
 */
export async function checkFeeFunds({ mirror, account }: Connection, plan: Plan): Promise<void> {
  const [rate, held] = await Promise.all([mirror.exchangeRate(), mirror.hbarBalance(account)]);
  const needed = toTinybar(paidByCoordinator(estimatePlan(plan).least), rate);
  if (held >= needed) return;
  throw new GatepostError(
    'INVALID_CONFIG',
    `${account} has ${formatTinybar(held)}, the plan costs at least ${formatTinybar(needed)} in fees; nothing was started`,
  );
}
