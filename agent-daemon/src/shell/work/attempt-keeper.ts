import type { Clock } from '@gatepost/shared/clock';
import type { Logger } from '@gatepost/shared/log';
import { sha256 } from '@gatepost/shared/vocabulary/digest';
import { toGatepostError } from '@gatepost/shared/vocabulary/errors';
import type { Ending } from '../../core/attempt.js';
import { inlineText } from '../../core/result-record.js';
import type { ExecutionResult } from '../executors/executor.js';
import type { AttemptRow } from '../store/rows.js';
import type { Store } from '../store/store.js';
import type { LiveAttempt } from './live-attempt.js';

/** Work orders and outputs up to this size stay in memory while they are needed. */
export const IN_MEMORY_BYTES = 16_384;
/** Work orders up to this size are kept in the attempt's row, larger ones among the blobs. */
const IN_ROW_BYTES = 2_048;
const STORE_RETRY_MS = 1_000;

/** Writes what must survive a crash. Finished work is not given up for a full disk: it waits until it can be written. */
export class AttemptKeeper {
  constructor(
    private readonly store: Store,
    private readonly clock: Clock,
    private readonly log: Logger,
  ) {}

  /** Notes where an attempt stands. A crash before it is durable costs nothing but a repetition. */
  note(live: LiveAttempt): void {
    this.#put(live, this.#rowOf(live));
  }

  /** Nothing came of an early start: its row stays until the retention time, with what was written for it. */
  noteDropped(live: LiveAttempt): void {
    const output = live.attempt.ending?.output?.sha256;
    const early = { atMs: this.clock.nowMs(), ...(output === undefined ? {} : { output }) };
    this.#put(live, { ...this.#rowOf(live), early });
  }

  #put(live: LiveAttempt, row: AttemptRow): void {
    void this.store.putAttempt(live.key, row).catch((error: unknown) => {
      this.log.error({ attempt: live.key, err: toGatepostError(error).message }, 'an attempt cannot be stored');
    });
  }

  /** Resolves when the work order is durable. @throws GatepostError STORE_FAILED */
  async keepInput(live: LiveAttempt, input: Uint8Array): Promise<void> {
    if (input.length > IN_ROW_BYTES) await this.store.blobs.put(live.attempt.assignment.inputSha256, input);
    const { attempt } = live;
    await this.store.putAttempt(live.key, this.#rowOf({ ...live, input, hasInput: true }));
    if (input.length <= IN_MEMORY_BYTES) live.input = input;
    live.hasInput = true;
    // What was noted in the meantime did not know of the input; an ending that was kept in the meantime stays.
    if (live.attempt !== attempt && live.attempt.phase === 'assigned') this.note(live);
  }

  /** Makes a large output durable before anything is said of it; a small one waits for the row that names it. */
  async keepOutput(live: LiveAttempt, result: ExecutionResult): Promise<Ending> {
    const used = live.usage === undefined ? {} : { usage: live.usage };
    if (!result.ok) return { outcome: 'failed', reason: result.reason, ...used };
    const { output } = result;
    const digest = sha256(output);
    if (output.length <= IN_MEMORY_BYTES) live.output = output;
    else await this.#insist('an output cannot be stored', () => this.store.blobs.put(digest, output));
    live.outputText = inlineText(output);
    return { outcome: 'ok', reason: '', output: { sha256: digest, size: output.length }, ...used };
  }

  /** Resolves when the ending is durable. */
  async keepEnding(live: LiveAttempt, ending: Ending): Promise<void> {
    const reported = ending.outcome === 'cancelled' && live.attempt.starts === 0;
    const finished = { ending, event: live.log.next, atMs: this.clock.nowMs(), reported };
    live.input = undefined;
    const row: AttemptRow = { ...this.#rowOf(live), finished };
    const { output } = live;
    await this.#insist('a result cannot be stored', () => {
      const blob = output && ending.output ? this.store.blobs.put(ending.output.sha256, output) : undefined;
      return Promise.all([blob, this.store.putAttempt(live.key, row)]);
    });
    live.output = undefined;
  }

  async #insist(what: string, write: () => Promise<unknown>): Promise<void> {
    for (;;) {
      try {
        await write();
        return;
      } catch (error) {
        this.log.error({ err: toGatepostError(error).message, retryInMs: STORE_RETRY_MS }, what);
        await new Promise<void>((resolve) => this.clock.at(this.clock.nowMs() + STORE_RETRY_MS, resolve));
      }
    }
  }

  #rowOf(live: Pick<LiveAttempt, 'attempt' | 'successor' | 'input' | 'hasInput'>): AttemptRow {
    const { assignment, starts, confirmed } = live.attempt;
    if (live.successor !== undefined) return { assignment: live.successor, starts, hasInput: false };
    const inRow = assignment.inlineInput === undefined && assignment.inputSize <= IN_ROW_BYTES;
    const input = inRow ? live.input : undefined;
    const hasInput = live.hasInput && (!inRow || input !== undefined);
    const row = { assignment, starts, hasInput, ...(input && { input }) };
    return confirmed ? row : { ...row, early: { atMs: this.clock.nowMs() } };
  }
}
