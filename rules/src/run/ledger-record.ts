import type { AnyRecord } from '@gatepost/shared/records/schema';
import type { AccountId, TopicId } from '@gatepost/shared/vocabulary/ids';
import type { Nanos } from '@gatepost/shared/vocabulary/time';

/** A record with what the network verified about the message it came in. */
export interface LedgerRecord {
  /** Consensus timestamp of the message. */
  readonly at: Nanos;
  /** The account that paid for the message: the only author there is. */
  readonly author: AccountId;
  readonly topic: TopicId;
  /** Sequence number of the message within its topic. */
  readonly sequence: number;
  /** Run the message names; undefined for records of an agent's or a coordinator's life. */
  readonly run: string | undefined;
  readonly record: AnyRecord;
  /** Whether a schedule that its author created and paid posted it; looked up for `lapsed` alone. */
  readonly ofOwnSchedule?: boolean;
  /** Whether the inbox it names was its author's own by then (`isOwnTopic`); looked up for `online` alone. */
  readonly ofOwnInbox?: boolean;
}
