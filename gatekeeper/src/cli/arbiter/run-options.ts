import { loadPlan } from '@gatepost/party/plan/plan-file';
import type { NamedRun } from '@gatepost/party/run/open-run';
import { accountId, topicId } from '@gatepost/shared/vocabulary/ids';

/** Which run is meant, as it is said on the command line. */
export interface RunOptions {
  readonly journal: string;
  readonly coordinator: string;
  readonly run: string;
  readonly plan: string;
}

/** @throws GatepostError USAGE, INVALID_PLAN */
export const namedRun = ({ journal, coordinator, run, plan }: RunOptions): NamedRun => ({
  journal: topicId(journal, '--journal'),
  coordinator: accountId(coordinator, '--coordinator'),
  run,
  plan: loadPlan(plan),
});
