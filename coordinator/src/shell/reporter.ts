import type { AccountId } from '@gatepost/shared/vocabulary/ids';
import type { Change } from '../core/run/change.js';
import type { RunState } from '../core/run/run-state.js';
import type { RunSummary } from './summary.js';

/** Whoever watches a run. */
export interface Reporter {
  /** The state may be read at any time, never changed. */
  begin(state: RunState, how: 'new' | 'resumed' | 'closed'): void;
  change(change: Change): void;
  progress(task: string, attempt: number, agent: AccountId, fraction: number, message: string): void;
  end(summary: RunSummary): void;
}
