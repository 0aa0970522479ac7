import type { Change } from '@gatepost/rules/run/change';
import type { RunContext, RunState } from '@gatepost/rules/run/run-state';
import type { AccountId } from '@gatepost/shared/vocabulary/ids';
import type { Wait } from '../run/waits.js';
import type { RunSummary } from './summary.js';

/** How far a run is: its fold, or what a serving coordinator tells of it. */
export interface RunProgress extends Pick<RunState, 'unfinished' | 'lost' | 'openAttempts' | 'paid'> {
  readonly context: Pick<RunContext, 'run' | 'plan' | 'journal' | 'token'>;
}

/** Whoever watches a run. */
export interface Reporter {
  /** The state may be read at any time, never changed. */
  begin(state: RunProgress, how: 'new' | 'resumed' | 'closed'): void;
  change(change: Change): void;
  progress(task: string, attempt: number, agent: AccountId, fraction: number, message: string): void;
  /** Something outside has been waited for rather long; said again every half minute. */
  waiting(wait: Wait): void;
  end(summary: RunSummary): void;
}
