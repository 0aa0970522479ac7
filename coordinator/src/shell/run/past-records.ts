import type { JournalIndex } from '@gatepost/rules/run/journal-index';
import type { LedgerRecord } from '@gatepost/rules/run/ledger-record';
import { type TaskNames, withIds } from '@gatepost/shared/records/task-names';

/**
 * What a run that is opened later has to fold: what belongs to no run, and its own records while it is open. Records of
 * runs that are closed, or that nobody opened, are not kept.
 */
export class PastRecords {
  readonly #ofNoRun: LedgerRecord[] = [];
  readonly #ofRuns = new Map<string, LedgerRecord[]>();

  /** Takes down a record that was handed on, given what the journal says of its runs. */
  add(entry: LedgerRecord, { runs }: JournalIndex): void {
    const { run } = entry;
    if (run === undefined) {
      this.#ofNoRun.push(entry);
      return;
    }
    const known = runs.get(run);
    if (known === undefined || known.closed !== undefined) {
      this.#ofRuns.delete(run);
      return;
    }
    const kept = this.#ofRuns.get(run);
    if (kept === undefined) this.#ofRuns.set(run, [entry]);
    else kept.push(entry);
  }

  /** Everything that a run has to fold, in consensus order, with its tasks by their ids. It is followed from here on. */
  take(run: string, names: TaskNames): readonly LedgerRecord[] {
    const own = (this.#ofRuns.get(run) ?? []).map((entry) => ({ ...entry, record: withIds(entry.record, names) }));
    this.#ofRuns.delete(run);
    // Records of one message have the same time, and keep their order.
    return [...this.#ofNoRun, ...own].sort((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : 0));
  }
}
