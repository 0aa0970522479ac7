import { CryptoCreateTransactionBody } from '../../gen/services_crypto_create.js';
import { CryptoUpdateTransactionBody } from '../../gen/services_crypto_update.js';
import { TransactionBody } from '../../gen/services_transaction.js';
import { concat } from '../bytes.js';
import type { CryptoPort } from '../crypto-port.js';
import type { Nanos } from '../model.js';
import { fail, Status } from '../status.js';
import type { TransactionData } from '../transactions/handler.js';
import { operationOf } from '../transactions/operation-of.js';
import type { Dispatch, Handled } from './dispatch.js';
import { itemOf } from './engine.js';

/** A dispatch that has been run. */
export interface Child {
  readonly dispatch: Dispatch;
  readonly handled: Handled;
}

const noFee = { submission: 0n, service: 0n, total: 0n };
const noChange = { changes: [], transfers: [], tokenTransfers: [] };

/**
 * A record for each account that a dispatch made or completed, each with the next nonce. What they cost and what they
 * changed is in the dispatch's own record.
 */
export function accountChildren({ dispatch, handled }: Child, next: () => Nanos, crypto: CryptoPort): Child[] {
  const update: TransactionData = { $case: 'cryptoUpdateAccount', value: CryptoUpdateTransactionBody.create() };
  const create: TransactionData = { $case: 'cryptoCreateAccount', value: CryptoCreateTransactionBody.create() };
  const completed = handled.completed.map((num) => ({ num, data: update }));
  const created = (handled.outcome.created ?? []).map((num) => ({ num, data: create }));
  return [...completed, ...created].map(({ num, data }, index) => {
    const child = childDispatch(dispatch, data, index + 1, next(), crypto);
    const outcome = { entity: num, accountId: num };
    const item = itemOf(child, Status.SUCCESS, 0n, outcome, noChange);
    return { dispatch: child, handled: { item, outcome, completed: [] } };
  });
}

function childDispatch(
  parent: Dispatch,
  data: TransactionData,
  nonce: number,
  now: Nanos,
  crypto: CryptoPort,
): Dispatch {
  return {
    ...parent,
    body: { ...TransactionBody.create(), data },
    operation: operationOf(data) ?? fail(Status.NOT_SUPPORTED),
    id: { ...parent.id, nonce: parent.id.nonce + nonce },
    now,
    fee: noFee,
    hash: crypto.sha384(concat([parent.hash, Uint8Array.of(nonce)])),
    node: undefined,
    parent: parent.now,
    schedule: undefined,
  };
}
