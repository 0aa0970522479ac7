import type { RecordOf } from '@gatepost/shared/records/schema';
import { type AccountId, accountId } from '@gatepost/shared/vocabulary/ids';

/** Who judges in a run and what pays; nothing of it where the coordinator does both. Fixed when the run is opened. */
export interface RunMode {
  /** Who judges, and signs payments with the coordinator; the coordinator alone does when absent. */
  readonly gatekeeper?: AccountId | undefined;
  /** The account that pays; the coordinator's own when absent. */
  readonly escrow?: AccountId | undefined;
  /** Who holds the third key of the escrow and decides disputes; nobody does when absent. */
  readonly arbiter?: AccountId | undefined;
}

const account = (id: string | undefined): AccountId | undefined => (id === undefined ? undefined : accountId(id));

/** The mode of a run, as its opening says. */
export const modeOf = ({ gatekeeper, escrow, arbiter }: RecordOf<'run_opened'>): RunMode => ({
  gatekeeper: account(gatekeeper),
  escrow: account(escrow),
  arbiter: account(arbiter),
});

/** The mode alone of whatever has one. */
export const modeIn = ({ gatekeeper, escrow, arbiter }: RunMode): RunMode => ({ gatekeeper, escrow, arbiter });
