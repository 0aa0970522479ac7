import { planCost } from '@gatepost/rules/plan/budget';
import type { Plan } from '@gatepost/rules/plan/plan';
import type { FeeUnit } from '@gatepost/shared/vocabulary/custom-fees';
import { type ExchangeRate, type Tinycents, toTinybar } from '@gatepost/shared/vocabulary/fees';
import type { TokenId } from '@gatepost/shared/vocabulary/ids';
import type { CaseEstimate, Estimate } from './estimate.js';

/** What the coordinator itself pays in fees. */
export const paidByCoordinator = ({ kinds }: CaseEstimate): Tinycents =>
  kinds.reduce((sum, { payer, price }) => (payer === 'coordinator' ? sum + price : sum), 0n);

/** What a coordinator has to hold in one currency to begin with a plan. */
export interface Need {
  readonly unit: FeeUnit;
  readonly amount: bigint;
  /** Of it, for custom fees of the token. */
  readonly customFees: bigint;
}

/**
 * What a coordinator has to hold before a plan is begun: the prices and the custom fees at most, and the least that the
 * network charges. Currencies of which nothing is needed are left out.
 */
export function needsOf({ tasks }: Plan, estimated: Estimate, token: TokenId, rate: ExchangeRate): readonly Need[] {
  const besides = new Map<FeeUnit, bigint>([
    ['hbar', toTinybar(paidByCoordinator(estimated.least), rate)],
    [token, planCost(tasks)],
  ]);
  const atMost = estimated.owesCustomFees ? estimated.most.customFees : [];
  const units = new Set([...besides.keys(), ...atMost.map(({ unit }) => unit)]);
  return [...units].flatMap((unit) => {
    const customFees = atMost.reduce((sum, fee) => (fee.unit === unit ? sum + fee.amount : sum), 0n);
    const amount = (besides.get(unit) ?? 0n) + customFees;
    return amount > 0n ? [{ unit, amount, customFees }] : [];
  });
}
