import type { EntityNum, TopicFee, TransactionKey } from '../model.js';
import type { TopicMessage } from '../record-item.js';

/** What a handler reports for the receipt and the record, besides changed entities. */
export interface Outcome {
  /** The entity created or acted on, for the mirror. */
  entity?: EntityNum;
  accountId?: EntityNum;
  topicId?: EntityNum;
  tokenId?: EntityNum;
  scheduleId?: EntityNum;
  scheduledTransactionId?: TransactionKey;
  newTotalSupply?: bigint;
  message?: TopicMessage;
  /** Custom fees paid, each by `payer`. */
  assessedFees?: (TopicFee & { readonly payer: EntityNum })[];
  automaticAssociations?: { account: EntityNum; token: EntityNum }[];
  /** Accounts made for aliases that a transfer credited. */
  created?: EntityNum[];
  /** A schedule that this transaction completed: it runs directly after. */
  executes?: EntityNum;
}
