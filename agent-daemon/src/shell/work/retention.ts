import { setImmediate } from 'node:timers/promises';
import type { Clock } from '@gatepost/shared/clock';
import type { Logger } from '@gatepost/shared/log';
import { toGatepostError } from '@gatepost/shared/vocabulary/errors';
import type { AttemptRow } from '../store/rows.js';
import type { Store } from '../store/store.js';

const INTERVAL_MS = 10 * 60_000;
/** Attempts removed in one go. */
const BATCH = 10_000;
/** Files younger than this may be on their way to a row that names them. */
const LITTER_MS = 2 * 3_600_000;
/** Rows looked at before other work gets its turn. */
const ROWS_PER_TURN = 500;

const blobsOf = ({ assignment, finished, early }: AttemptRow): string[] => {
  const output = finished?.ending.output?.sha256 ?? early?.output;
  return output === undefined ? [assignment.inputSha256] : [assignment.inputSha256, output];
};

/** When an attempt was over and reported, or begun for nothing; undefined when it is still needed. */
const overAtMs = ({ finished, early }: AttemptRow): number | undefined =>
  finished?.reported === true ? finished.atMs : early?.atMs;

/** Removes attempts that were reported long enough ago, and the inputs and outputs that no other attempt names. */
export class Retention {
  #cancel: (() => void) | undefined;

  constructor(
    private readonly store: Store,
    private readonly clock: Clock,
    private readonly retentionMs: number,
    private readonly log: Logger,
  ) {}

  start(): void {
    this.#cancel = this.clock.at(this.clock.nowMs() + INTERVAL_MS, () => {
      this.sweep()
        .catch((error: unknown) => this.log.error({ err: toGatepostError(error).message }, 'retention'))
        .finally(() => this.#cancel && this.start());
    });
  }

  stop(): void {
    this.#cancel?.();
    this.#cancel = undefined;
  }

  /** Removes what is due; says how many attempts it was. */
  async sweep(nowMs = this.clock.nowMs()): Promise<number> {
    const before = nowMs - this.retentionMs;
    const due = new Set<string>();
    // An output that was written just when its attempt was stopped belongs to nobody.
    const blobs = new Set(await this.store.blobs.filesBefore(nowMs - LITTER_MS));
    for await (const [key, row] of this.#attempts()) {
      if (due.size === BATCH) break;
      if ((overAtMs(row) ?? before) >= before) continue;
      due.add(key);
      for (const blob of blobsOf(row)) blobs.add(blob);
    }
    if (due.size === 0 && blobs.size === 0) return 0;
    for await (const [key, row] of this.#attempts()) {
      if (!due.has(key)) for (const blob of blobsOf(row)) blobs.delete(blob);
    }
    // Rows first: a row without its bytes would be a lie, bytes without a row are only litter.
    await Promise.all([...due].map((key) => this.store.removeAttempt(key)));
    await Promise.all([...blobs].map((blob) => this.store.blobs.remove(blob)));
    if (due.size > 0) this.log.info({ attempts: due.size, blobs: blobs.size }, 'removed after the retention time');
    return due.size;
  }

  /** Every attempt; lets other work go on in between. */
  async *#attempts(): AsyncGenerator<readonly [string, AttemptRow]> {
    let read = 0;
    for (const entry of this.store.attempts()) {
      read += 1;
      if (read % ROWS_PER_TURN === 0) await setImmediate();
      yield entry;
    }
  }
}
