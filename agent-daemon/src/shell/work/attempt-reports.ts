import type { Assignment } from '../../core/assignment.js';
import type { Ending } from '../../core/attempt.js';
import type { Report } from '../../core/report-queue.js';
import { inlineText, resultRecord } from '../../core/result-record.js';
import { mayBeSent } from '../store/rows.js';
import type { Store } from '../store/store.js';
import type { JournalPoster } from './journal-poster.js';

/** What is known of an ending besides, as long as it is new. */
interface EndedNow {
  /** Of the output, when it is still in memory and may go into the record. */
  readonly text?: string | undefined;
  /** Whether no other attempt is open, whose result could go along. */
  readonly isLast?: boolean;
  /** Resolves when the ending is durable; left out for one that is. */
  readonly kept?: Promise<void> | undefined;
}

/** What the journal is told about attempts. */
export class AttemptReports {
  constructor(
    private readonly store: Store,
    private readonly poster: JournalPoster,
  ) {}

  started(key: string, { ref: { run, attempt }, numbered }: Assignment): void {
    this.poster.add({ attempt: key, run, record: { type: 'started', task: numbered, attempt } });
  }

  ended(key: string, assignment: Assignment, ending: Ending, { text, isLast, kept }: EndedNow = {}): void {
    this.poster.add(this.#result(key, assignment, ending, text), { isLast, kept });
  }

  /**
   * Takes up the messages that an earlier process signed; results of theirs that did not happen go out again.
   * @returns the attempts whose result is on its way.
   */
  takeUp(): ReadonlySet<string> {
    const onTheWay = new Set<string>();
    for (const row of this.store.prepared()) {
      if (!mayBeSent(row, (key) => this.store.attempt(key)?.finished !== undefined)) {
        this.poster.discard(row);
        continue;
      }
      this.poster.takeUp(
        row,
        row.results.flatMap((key) => this.#owed(key) ?? []),
      );
      for (const key of row.results) onTheWay.add(key);
    }
    return onTheWay;
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
