import type { Assignment } from '../../core/assignment.js';
import type { Ending } from '../../core/attempt.js';

/** What the store keeps of an attempt. */
export interface AttemptRow {
  readonly assignment: Assignment;
  /** How often an executor was started for it. */
  readonly starts: number;
  /** Whether its input is at hand: in the assignment, in `input`, or among the blobs. */
  readonly hasInput: boolean;
  /** A small input that the assignment does not hold, while the attempt is not over. */
  readonly input?: Uint8Array;
  /** Present while only a dispatch says that it is to be done. */
  readonly early?: EarlyRow;
  /** Present once it is over. */
  readonly finished?: FinishedRow;
}

/** A start before the inbox showed the assignment; kept so that its numbers of events are not used again. */
export interface EarlyRow {
  /** Milliseconds since the Unix epoch. */
  readonly atMs: number;
  /** Digest of an output that was written and then not wanted. */
  readonly output?: string;
}

export interface FinishedRow {
  readonly ending: Ending;
  /** Number of its `finished` event. */
  readonly event: number;
  /** Milliseconds since the Unix epoch. */
  readonly atMs: number;
  /** False while a `result` record is owed to the journal. */
  readonly reported: boolean;
}

/** A signed journal message that may be on its way; executed again after a crash, never replaced before its outcome is known. */
export interface PreparedRow {
  readonly id: string;
  readonly bytes: Uint8Array;
  /** Consensus time, nanoseconds, as text. */
  readonly validUntil: string;
  /** Attempts whose result it carries. */
  readonly results: readonly string[];
}

/** Schedules of leases that may still be pending, of this process and of earlier ones. */
export type LeaseRows = readonly { readonly session: string; readonly number: number; readonly schedule: string }[];

/**
 * Whether a message may have been submitted by the process that signed it: that waits until all endings it tells of are
 * durable. One that was not is of no use any more; whatever becomes of its attempts is told anew.
 * @param isOver whether the store has the ending of an attempt.
 */
export const mayBeSent = ({ results }: PreparedRow, isOver: (key: string) => boolean): boolean => results.every(isOver);
