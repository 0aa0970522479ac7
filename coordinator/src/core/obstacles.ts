import { planCost } from '@gatepost/rules/plan/budget';
import type { Plan } from '@gatepost/rules/plan/plan';
import type { IndexedRun } from '@gatepost/rules/run/journal-index';
import { formatTinybar } from '@gatepost/shared/vocabulary/amount';
import { type ExchangeRate, type Tinycents, toTinybar, usdOf } from '@gatepost/shared/vocabulary/fees';
import type { CaseEstimate, Estimate } from './estimate.js';

/** What a plan would find if it was run now. */
export interface Standing {
  /** What the coordinator holds of the token; undefined when it is not associated. */
  readonly tokens: bigint | undefined;
  readonly tinybar: bigint;
  /** An open run of a plan of the same name with another content. */
  readonly earlier: IndexedRun | undefined;
}

/** What the coordinator itself pays in fees. */
export const paidByCoordinator = ({ kinds }: CaseEstimate): Tinycents =>
  kinds.reduce((sum, { payer, price }) => (payer === 'coordinator' ? sum + price : sum), 0n);

/**
 * What would keep `run` from starting a plan now, each with what to do.
 * @param standing undefined when only the plan's own limits are to be looked at.
 */
export function obstaclesOf(
  { maxFeesUsd, tasks }: Plan,
  { least }: Estimate,
  standing: Standing | undefined,
  rate: ExchangeRate | undefined,
): readonly string[] {
  const found: string[] = [];
  if (maxFeesUsd !== undefined && usdOf(least.fees) > maxFeesUsd) {
    found.push(`the fees are over max_fees_usd ${maxFeesUsd}; raise it or shorten the plan`);
  }
  if (standing === undefined || rate === undefined) return found;
  const { tokens, tinybar, earlier } = standing;
  const prices = planCost(tasks);
  if ((tokens ?? 0n) < prices) found.push(`the plan needs ${prices} tokens; mint or send the rest first`);
  const fees = toTinybar(paidByCoordinator(least), rate);
  if (tinybar < fees) found.push(`the fees are at least ${formatTinybar(fees)}; send the coordinator hbar first`);
  if (earlier === undefined) return found;
  const { run, accepted, tasks: all } = earlier;
  const state = `${run} (${accepted.size} of ${all} accepted)`;
  const ways = 'cancel it, resume it with the plan as it was, or run this one beside it with --new';
  return [...found, `an earlier version of this plan has an open run: ${state}; ${ways}`];
}
