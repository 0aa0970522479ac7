import type { SignaturePair, TransactionID } from '@gatepost/local-ledger/gen/services_basic_types';
import type { TransactionBody } from '@gatepost/local-ledger/gen/services_transaction';
import { accountNum } from '../ids.js';
import { isNonNegative } from '../int64.js';
import { hasPrefixConflict } from '../keys/prefix-conflict.js';
import { limits } from '../limits.js';
import type { Nanos, TransactionKey } from '../model.js';
import { demand, fail, Status } from '../status.js';
import { checkMemo } from '../text-checks.js';
import { secondsToNanos, toNanos } from '../time.js';

/** The checks of a transaction's body that need neither state nor clock, in the network's order; returns its id. */
export function checkBody(body: TransactionBody, pairs: readonly SignaturePair[]): TransactionKey {
  const id = body.transactionID ?? fail(Status.INVALID_TRANSACTION_ID);
  demand(id.accountID !== undefined, Status.PAYER_ACCOUNT_NOT_FOUND);
  demand(!hasPrefixConflict(pairs), Status.KEY_PREFIX_MISMATCH);
  const key = checkId(id);
  checkMemo(body.memo);
  const takesCustomFees = body.maxCustomFees.length === 0 || body.data?.$case === 'consensusSubmitMessage';
  demand(takesCustomFees, Status.MAX_CUSTOM_FEES_IS_NOT_SUPPORTED);
  demand(isNonNegative(body.transactionFee), Status.INSUFFICIENT_TX_FEE);
  demand(body.transactionValidDuration !== undefined, Status.INVALID_TRANSACTION_DURATION);
  return key;
}

function checkId(id: TransactionID): TransactionKey {
  const payer = accountNum(id.accountID) ?? fail(Status.PAYER_ACCOUNT_NOT_FOUND);
  demand(!id.scheduled && id.nonce === 0, Status.TRANSACTION_ID_FIELD_NOT_ALLOWED);
  const start = id.transactionValidStart ?? fail(Status.INVALID_TRANSACTION_START);
  return { payer, validStart: toNanos(start), scheduled: false, nonce: 0 };
}

/** The two clocks a valid start may be read on; they differ only after an operator advanced the ledger's. */
export interface Clocks {
  readonly ledger: Nanos;
  /** Time as the rest of the machine, and so an unaware client, has it. */
  readonly wall: Nanos;
}

/** Refuses a duration out of bounds, and a valid start that is over or still to come on both clocks. */
export function checkWindow(body: TransactionBody, validStart: Nanos, clocks: Clocks): void {
  const seconds = body.transactionValidDuration?.seconds ?? 0n;
  demand(seconds >= limits.minValidSeconds && seconds <= limits.maxValidSeconds, Status.INVALID_TRANSACTION_DURATION);
  const end = validStart + secondsToNanos(seconds - limits.validBufferSeconds);
  const isWithin = [clocks.ledger, clocks.wall].some((now) => validStart <= now && end > now);
  if (!isWithin) {
    fail(validStart > clocks.ledger ? Status.INVALID_TRANSACTION_START : Status.TRANSACTION_EXPIRED);
  }
}
