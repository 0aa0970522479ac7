import type { RecordOf } from '@gatepost/shared/records/schema';
import type { Emit } from '../run/change.js';
import type { LedgerRecord } from '../run/ledger-record.js';
import type { RunState } from '../run/run-state.js';

/** One kind of record applied to the state: why it has no effect, or undefined when it has. */
export type Apply<T extends LedgerRecord['record']['type']> = (
  state: RunState,
  record: RecordOf<T>,
  entry: LedgerRecord,
  emit: Emit,
) => string | undefined;
