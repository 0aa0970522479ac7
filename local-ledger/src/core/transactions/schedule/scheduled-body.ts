import type { Key } from '@gatepost/local-ledger/gen/services_basic_types';
import { SchedulableTransactionBody } from '@gatepost/local-ledger/gen/services_schedulable_transaction_body';
import { TransactionBody } from '@gatepost/local-ledger/gen/services_transaction';
import { transactionId } from '../../ids.js';
import { isEmptyKeyList } from '../../keys/key-structure.js';
import type { Schedule } from '../../model.js';
import { demand, fail, present, Status, StatusError } from '../../status.js';
import type { KeyContext, Operation, OperationFinder } from '../handler.js';

/** The transaction a schedule will run, as if it had been submitted under the scheduled id. */
export function scheduledBody(schedule: Pick<Schedule, 'body' | 'scheduledTransactionId'>): TransactionBody {
  const scheduled = SchedulableTransactionBody.decode(schedule.body);
  return {
    ...TransactionBody.create(),
    transactionID: transactionId(schedule.scheduledTransactionId),
    transactionFee: scheduled.transactionFee,
    memo: scheduled.memo,
    maxCustomFees: scheduled.maxCustomFees,
    data: scheduled.data,
  };
}

/** The operation in a scheduled body; refuses what no schedule may carry. */
export function scheduledOperation(body: TransactionBody, operationOf: OperationFinder): Operation {
  const operation = body.data && operationOf(body.data);
  return operation?.schedulable ? operation : fail(Status.SCHEDULED_TRANSACTION_NOT_IN_WHITELIST);
}

/** All keys a schedule's execution needs: the inner payer's and those of the inner operation. */
export function neededKeys(operation: Operation, context: KeyContext) {
  const payer = present(context.state.accounts.get(context.payer), Status.ACCOUNT_ID_DOES_NOT_EXIST);
  const keys = [payer.key, ...operationKeys(operation, context)];
  // The key of a hollow account is not known yet.
  demand(!keys.some(isEmptyKeyList), Status.UNRESOLVABLE_REQUIRED_SIGNERS);
  return keys;
}

/** Whose signatures are needed cannot be said of what names an entity that does not exist. */
function operationKeys(operation: Operation, context: KeyContext): readonly Key[] {
  try {
    return operation.preHandle(context);
  } catch (error) {
    if (error instanceof StatusError) {
      fail(Status.UNRESOLVABLE_REQUIRED_SIGNERS);
    }
    throw error;
  }
}
