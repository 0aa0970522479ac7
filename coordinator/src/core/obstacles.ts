import type { Plan } from '@gatepost/rules/plan/plan';
import type { IndexedRun } from '@gatepost/rules/run/journal-index';
import { type FeeUnit, type TokenTerms, unitText } from '@gatepost/shared/vocabulary/custom-fees';
import { type ExchangeRate, usdOf } from '@gatepost/shared/vocabulary/fees';
import type { TokenId } from '@gatepost/shared/vocabulary/ids';
import type { Estimate } from './estimate.js';
import { needsOf } from './funds.js';

/** What a plan would find if it was run now. */
export interface Standing {
  readonly token: TokenId;
  readonly terms: TokenTerms;
  /** Why the token cannot be paid in, each with what to do. */
  readonly troubles: readonly string[];
  /**
   * What the coordinator holds of the token, in tinybar, and of tokens in which custom fees are to be paid; undefined
   * of a token that it is not associated with.
   */
  readonly held: ReadonlyMap<FeeUnit, bigint | undefined>;
  /** An open run of a plan of the same name with another content. */
  readonly earlier: IndexedRun | undefined;
}

/**
 * What would keep `run` from starting a plan now, each with what to do.
 * @param standing undefined when only the plan's own limits are to be looked at.
 */
export function obstaclesOf(
  plan: Plan,
  estimated: Estimate,
  standing: Standing | undefined,
  rate: ExchangeRate | undefined,
): readonly string[] {
  const found: string[] = [];
  const { maxFeesUsd } = plan;
  if (maxFeesUsd !== undefined && usdOf(estimated.least.fees) > maxFeesUsd) {
    found.push(`the fees are over max_fees_usd ${maxFeesUsd}; raise it or shorten the plan`);
  }
  if (standing === undefined || rate === undefined) return found;
  const { token, troubles, held, earlier } = standing;
  const needs = needsOf(plan, estimated, token, rate);
  if (needs.some(({ unit }) => unit === token)) found.push(...troubles);
  for (const { unit, amount, customFees } of needs) {
    if ((held.get(unit) ?? 0n) >= amount) continue;
    const ofThem = customFees > 0n ? `, ${unitText(customFees, unit)} of it for custom fees` : '';
    found.push(
      `the plan needs at least ${unitText(amount, unit)}${ofThem}; ${unit === 'hbar' ? 'send the coordinator hbar' : 'mint or send the rest'} first`,
    );
  }
  if (earlier === undefined) return found;
  const { run, accepted, tasks: all } = earlier;
  const state = `${run} (${accepted.size} of ${all} accepted)`;
  const ways = 'cancel it, resume it with the plan as it was, or run this one beside it with --new';
  return [...found, `an earlier version of this plan has an open run: ${state}; ${ways}`];
}
