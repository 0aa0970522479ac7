import type { AccountId } from '@gatepost/shared/vocabulary/ids';

/** Who gives the verdicts of a run. */
export const judgeOf = (run: {
  readonly coordinator: AccountId;
  readonly gatekeeper?: AccountId | undefined;
}): AccountId => run.gatekeeper ?? run.coordinator;
