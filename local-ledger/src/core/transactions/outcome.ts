import type { EntityNum, TransactionKey } from '../model.js';
import type { AssessedFee, TopicMessage } from '../record-item.js';

/** An entry of a transfer list that spent an allowance; no token is hbar. */
export interface Approval {
  readonly account: EntityNum;
  readonly token: EntityNum | undefined;
  readonly amount: bigint;
}

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
  /** Custom fees in the order in which they were charged. */
  assessedFees?: readonly AssessedFee[];
  /** Tokens that a transfer named, which its record lists even if nothing of them was moved. */
  namedTokens?: readonly EntityNum[];
  /** Debits that a transfer took by allowance. */
  approvals?: readonly Approval[];
  automaticAssociations?: { account: EntityNum; token: EntityNum }[];
  /** Accounts made for aliases that a transfer credited, with what each cost in tinybar. */
  created?: { num: EntityNum; fee: bigint; evmAddress: Uint8Array | undefined }[];
  /** EVM address of an account that was made for a key. */
  evmAddress?: Uint8Array | undefined;
  /** A schedule that this transaction completed: it runs directly after. */
  executes?: EntityNum;
}
