import { planCost } from '@gatepost/rules/plan/budget';
import type { Plan } from '@gatepost/rules/plan/plan';
import { requireFit, takeLooks } from '@gatepost/shared/doctor/finding';
import type { Connection } from '@gatepost/shared/hedera/connection';
import { termsFor } from '@gatepost/shared/hedera/payer-fees';
import { FREE_TERMS, unitText } from '@gatepost/shared/vocabulary/custom-fees';
import { GatepostError } from '@gatepost/shared/vocabulary/errors';
import { formatUsd, usdOf } from '@gatepost/shared/vocabulary/fees';
import type { AccountId, TokenId } from '@gatepost/shared/vocabulary/ids';
import { type Estimate, estimatePlan } from '../../core/estimate.js';
import { needsOf } from '../../core/funds.js';
import { payingLooks } from '../doctor/examine.js';

/** A plan whose fees cannot stay within its own limit is not started. @throws GatepostError INVALID_PLAN */
export function checkFees(plan: Plan, estimated?: Estimate): void {
  if (plan.maxFeesUsd === undefined) return;
  const { fees } = (estimated ?? estimatePlan(plan)).least;
  if (usdOf(fees) <= plan.maxFeesUsd) return;
  throw new GatepostError(
    'INVALID_PLAN',
    `${plan.name}: fees of at least ${formatUsd(fees)} are to be expected, the budget allows $${plan.maxFeesUsd}; raise max_fees`,
  );
}

/**
 * A plan that cannot be paid is not started.
 * @param holder whose tokens pay: the escrow, or the account itself.
 * @param paid what its run has paid already.
 * @throws GatepostError INVALID_CONFIG, NOT_FOUND, MIRROR_UNREACHABLE
 */
export async function checkFunds(
  connection: Connection,
  holder: AccountId,
  token: TokenId,
  plan: Plan,
  paid: bigint,
): Promise<void> {
  const needed = planCost(plan.tasks) - paid;
  if (needed <= 0n) return;
  requireFit(await takeLooks(payingLooks({ ...connection, account: holder }, token)));
  const held = await connection.mirror.tokenBalance(holder, token);
  if (held !== undefined && held >= needed) return;
  throw new GatepostError(
    'INVALID_CONFIG',
    `${holder} holds ${held ?? 'none'} of ${token}, the plan needs ${needed}; nothing was started`,
  );
}

/**
 * A new run is not started when the account cannot pay its least fees, and all prices with the custom fees of the token.
 * @param holder whose tokens pay.
 * @throws GatepostError INVALID_CONFIG, INVALID_PLAN when the fees cannot stay within the plan's limit, MIRROR_UNREACHABLE
 */
export async function checkFeeFunds(
  { mirror, account }: Connection,
  holder: AccountId,
  token: TokenId,
  plan: Plan,
): Promise<void> {
  const terms = planCost(plan.tasks) > 0n ? termsFor(account, await mirror.token(token)) : FREE_TERMS;
  const estimated = estimatePlan(plan, terms);
  checkFees(plan, estimated);
  for (const { unit, amount, customFees } of needsOf(plan, estimated, token, await mirror.exchangeRate())) {
    const whose = unit === token ? holder : account;
    const held = unit === 'hbar' ? await mirror.hbarBalance(account) : await mirror.tokenBalance(whose, unit);
    if (held !== undefined && held >= amount) continue;
    const has = held === undefined ? `holds none of ${unit}` : `has ${unitText(held, unit)}`;
    const fees = customFees > 0n ? `, ${unitText(customFees, unit)} of it for custom fees of ${token}` : '';
    throw new GatepostError(
      'INVALID_CONFIG',
      `${whose} ${has}, the plan costs at least ${unitText(amount, unit)}${unit === 'hbar' ? ' in fees' : ''}${fees}; nothing was started`,
    );
  }
}
