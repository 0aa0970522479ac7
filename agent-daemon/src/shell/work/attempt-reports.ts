import type { AttemptRef } from '@gatepost/shared/vocabulary/attempt';
import type { Ending } from '../../core/attempt.js';
import { inlineText, resultRecord } from '../../core/result-record.js';
import type { Store } from '../store/store.js';
import type { JournalPoster } from './journal-poster.js';

/** What the journal is told about attempts. */
export class AttemptReports {
  constructor(
    private readonly store: Store,
    private readonly poster: JournalPoster,
  ) {}

  started(key: string, { run, task, attempt }: AttemptRef): void {
    this.poster.add({ attempt: key, run, record: { type: 'started', task, attempt } });
  }

  /** @param text of the output, when it is still in memory and may go into the record. */
  ended(key: string, ref: AttemptRef, ending: Ending, text?: string): void {
    const stored = ending.output === undefined ? undefined : this.store.blobs.getSmall(ending.output.sha256);
    const outputText = text ?? (stored === undefined ? undefined : inlineText(stored));
    this.poster.add({ attempt: key, run: ref.run, record: resultRecord(ref, ending, outputText) });
  }
}
