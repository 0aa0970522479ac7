import type { Assignment } from '../../core/assignment.js';
import type { Ending } from '../../core/attempt.js';
import type { Report } from '../../core/report-queue.js';
import { inlineText, resultRecord } from '../../core/result-record.js';
import type { Store } from '../store/store.js';
import type { JournalPoster } from './journal-poster.js';

/** What the journal is told about attempts. */
export class AttemptReports {
  constructor(
    private readonly store: Store,
    private readonly poster: JournalPoster,
  ) {}

  started(key: string, { ref: { run, attempt }, numbered }: Assignment): void {
    this.poster.add({ attempt: key, run, record: { type: 'started', task: numbered, attempt } });
  }

  /**
   * @param text of the output, when it is still in memory and may go into the record.
   * @param isLast whether no other attempt is open, whose result could go along.
   */
  ended(key: string, assignment: Assignment, ending: Ending, text?: string, isLast = false): void {
    this.poster.add(this.#result(key, assignment, ending, text), isLast);
  }

  /**
   * Takes up the messages that an earlier process signed; results of theirs that did not happen go out again.
   * @returns the attempts whose result is on its way.
   */
  takeUp(): ReadonlySet<string> {
    const rows = this.store.prepared();
    for (const row of rows)
      this.poster.takeUp(
        row,
        row.results.flatMap((key) => this.#owed(key) ?? []),
      );
    return new Set(rows.flatMap(({ results }) => results));
  }

  #owed(key: string): Report | undefined {
    const row = this.store.attempt(key);
    if (row?.finished === undefined || row.finished.reported) return undefined;
    return this.#result(key, row.assignment, row.finished.ending);
  }

  #result(key: string, assignment: Assignment, ending: Ending, text?: string): Report {
    const stored = ending.output === undefined ? undefined : this.store.blobs.getSmall(ending.output.sha256);
    const outputText = text ?? (stored === undefined ? undefined : inlineText(stored));
    return { attempt: key, run: assignment.ref.run, record: resultRecord(assignment, ending, outputText) };
  }
}
