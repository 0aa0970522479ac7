import type { AccountId, ScheduleId } from '@gatepost/shared/vocabulary/ids';
import { NANOS_PER_SECOND, type Nanos } from '@gatepost/shared/vocabulary/time';

/**
 * How long a payment that was signed before a dispute may still happen: the longest window of a transaction. A gatekeeper
 * signs nothing that starts after what it has read, so that whatever it signed without knowing of the dispute starts before it.
 */
export const DISPUTE_QUIET: Nanos = 180n * NANOS_PER_SECOND;

/** What the arbiter says of a dispute; its last word. */
export interface Decision {
  readonly pay: boolean;
  readonly reason: string;
  readonly at: Nanos;
}

/** One party of an escrow has asked the arbiter to pay an attempt, and signed the payment itself. */
export interface Dispute {
  readonly by: AccountId;
  /** Pays the attempt as soon as the arbiter signs it, and only then: the network carries it out once. */
  readonly schedule: ScheduleId;
  readonly reason: string;
  readonly at: Nanos;
  /** Undefined while it is open. */
  decision: Decision | undefined;
}
