import type { Clock } from '@gatepost/shared/clock';
import type { Cursor } from '@gatepost/shared/ledger/topic-message';
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
/** How long the note of a start waits, at most: mostly the attempt is over by then, and its ending says all that the note would. */
export const START_NOTE_MS = 20;
/** The same of one that waits for a slot, which the inbox tells again. */
export const NOTE_MS = 500;

/** Writes what must survive a crash. Finished work is not given up for a full disk: it waits until it can be written. */
export class AttemptKeeper {
  /** Attempts by key whose note waits. */
  readonly #due = new Map<string, LiveAttempt>();
  /** Attempts by key of which a write was refused and none was taken since. */
  readonly #owed = new Set<string>();
  /** How far the inbox was read, when that waits. */
  #read: Cursor | undefined;
  #callOff: (() => void) | undefined;
  /** Attempts that were started and whose note waits, a little. */
  readonly #started = new Set<LiveAttempt>();

  constructor(
    private readonly store: Store,
    private readonly clock: Clock,
    private readonly log: Logger,
  ) {}

  /** Notes where an attempt stands, a little later. A crash before it is durable costs nothing but a repetition. */
  note(live: LiveAttempt): void {
    this.#due.set(live.key, live);
    this.#writeLater();
  }

  /** Notes sooner that an attempt was started. */
  noteStart(live: LiveAttempt): void {
    this.#due.set(live.key, live);
    if (this.#started.size === 0) this.clock.at(this.clock.nowMs() + START_NOTE_MS, () => this.#writeStarts());
    this.#started.add(live);
  }

  #writeStarts(): void {
    for (const live of this.#started) {
      if (this.#due.get(live.key) !== live) continue;
      this.#due.delete(live.key);
      this.#put(live, this.#rowOf(live));
    }
    this.#started.clear();
  }

  /** Notes how far the inbox was read: never before what was noted of the attempts there, also where the disk was full. */
  noteRead(cursor: Cursor): void {
    this.#read = cursor;
    this.#writeLater();
  }

  /** Writes now what was noted: one turn, thus one commit, and how far the inbox was read comes last. */
  writeNotes(): void {
    this.#callOff?.();
    this.#callOff = undefined;
    for (const live of this.#due.values()) this.#put(live, this.#rowOf(live));
    this.#due.clear();
    const read = this.#read;
    if (read === undefined || this.#owed.size > 0) return;
    this.#read = undefined;
    this.store.putCursor(read).catch((error: unknown) => {
      this.#read ??= read;
      this.log.error({ err: toGatepostError(error).message }, 'how far the inbox was read cannot be stored');
    });
  }

  #writeLater(): void {
    this.#callOff ??= this.clock.at(this.clock.nowMs() + NOTE_MS, () => this.writeNotes());
  }

  /** Nothing came of an early start: its row stays until the retention time, with what was written for it. */
  noteDropped(live: LiveAttempt): void {
    const output = live.attempt.ending?.output?.sha256;
    const early = { atMs: this.clock.nowMs(), ...(output === undefined ? {} : { output }) };
    this.#due.delete(live.key);
    this.#put(live, { ...this.#rowOf(live), early });
  }

  #put(live: LiveAttempt, row: AttemptRow): void {
    void this.#write(live.key, row).catch((error: unknown) => {
      this.log.error({ attempt: live.key, err: toGatepostError(error).message }, 'an attempt cannot be stored');
    });
  }

  /** Resolves when the work order is durable. @throws GatepostError STORE_FAILED */
  async keepInput(live: LiveAttempt, input: Uint8Array): Promise<void> {
    if (input.length > IN_ROW_BYTES) await this.store.blobs.put(live.attempt.assignment.inputSha256, input);
    const { attempt } = live;
    this.#due.delete(live.key);
    try {
      await this.#write(live.key, this.#rowOf({ ...live, input, hasInput: true }));
    } catch (error) {
      this.note(live);
      throw error;
    }
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
    this.#due.delete(live.key);
    await this.#insist('a result cannot be stored', () => {
      const blob = output && ending.output ? this.store.blobs.put(ending.output.sha256, output) : undefined;
      const written = [blob, this.#write(live.key, row)];
      // Nothing else waits: how far the inbox was read shares the commit.
      if (this.#due.size === 0) this.writeNotes();
      return Promise.all(written);
    });
    live.output = undefined;
  }

  /** Resolves when the row is durable; until it is, a refused one keeps the reading of the inbox back. */
  async #write(key: string, row: AttemptRow): Promise<void> {
    try {
      await this.store.putAttempt(key, row);
    } catch (error) {
      this.#owed.add(key);
      throw error;
    }
    if (this.#owed.delete(key) && this.#read !== undefined) this.#writeLater();
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
