import type { AttemptRef } from '@gatepost/shared/vocabulary/attempt';
import type { Sha256 } from '@gatepost/shared/vocabulary/digest';

/** An attempt that the agent's inbox assigns to this agent. */
export interface Assignment {
  readonly ref: AttemptRef;
  /** What the journal calls the task, as the inbox does: `#12`; empty before the inbox shows it. */
  readonly numbered: string;
  /** Chooses the executor. */
  readonly taskType: string;
  /** Of the work order's bytes. */
  readonly inputSha256: Sha256;
  /** Bytes. */
  readonly inputSize: number;
  /** The work order's canonical JSON when the inbox carries it. */
  readonly inlineInput: string | undefined;
  /** Milliseconds since the Unix epoch. */
  readonly deadlineMs: number;
  /** In the token's smallest unit. */
  readonly price: string;
  readonly token: string;
  /** Who judges the output, when that is not the coordinator; may read it. */
  readonly judge?: string;
  /** Sequence number of the inbox message that assigns it. */
  readonly sequenceNumber: number;
}
