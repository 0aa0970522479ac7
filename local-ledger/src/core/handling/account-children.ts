import { CryptoCreateTransactionBody } from '@gatepost/local-ledger/gen/services_crypto_create';
import { CryptoUpdateTransactionBody } from '@gatepost/local-ledger/gen/services_crypto_update';
import { TransactionBody } from '@gatepost/local-ledger/gen/services_transaction';
import { concat } from '../bytes.js';
import type { CryptoPort } from '../crypto-port.js';
import { noFee } from '../fees/fee.js';
import { systemAccounts } from '../limits.js';
import type { EntityNum, Nanos, TransactionKey } from '../model.js';
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

/**
 * A record for each account that a dispatch made or completed, each with the next nonce of the transaction that `cause`
 * is: the dispatch itself, or what made a schedule run. What they cost is in these records, what they changed in the
 * dispatch's own.
 */
export function accountChildren(
  { dispatch, handled }: Child,
  cause: Dispatch,
  next: () => Nanos,
  crypto: CryptoPort,
): Child[] {
  const update: TransactionData = { $case: 'cryptoUpdateAccount', value: CryptoUpdateTransactionBody.create() };
  const create: TransactionData = { $case: 'cryptoCreateAccount', value: CryptoCreateTransactionBody.create() };
  const completed = handled.completed.map((num) => ({ num, data: update, fee: 0n, evmAddress: undefined }));
  const created = (handled.outcome.created ?? []).map((made) => ({ ...made, data: create }));
  return [...completed, ...created].map(({ num, data, fee, evmAddress }, index) => {
    const parent = cause === dispatch ? dispatch.parent : cause.now;
    const child = {
      ...childDispatch(dispatch, data, next(), crypto, index + 1),
      id: childId(cause, index + 1),
      parent,
    };
    const outcome = { entity: num, accountId: num, evmAddress };
    const item = itemOf(child, Status.SUCCESS, fee, outcome, { ...noChange, transfers: transfersOf(child.payer, fee) });
    return { dispatch: child, handled: { item, outcome, completed: [] } };
  });
}

const noChange = { changes: [], tokenTransfers: [] };

function transfersOf(payer: EntityNum, fee: bigint) {
  const transfers = [
    { account: systemAccounts.feeCollection as EntityNum, amount: fee, isApproval: false },
    { account: payer, amount: -fee, isApproval: false },
  ];
  return fee === 0n ? [] : transfers.sort((a, b) => a.account - b.account);
}

function childId({ id }: Dispatch, nonce: number): TransactionKey {
  return { ...id, nonce: id.nonce + nonce };
}

function childDispatch(
  parent: Dispatch,
  data: TransactionData,
  now: Nanos,
  crypto: CryptoPort,
  nonce: number,
): Dispatch {
  return {
    ...parent,
    body: { ...TransactionBody.create(), data },
    operation: operationOf(data) ?? fail(Status.NOT_SUPPORTED),
    now,
    fee: noFee,
    hash: crypto.sha384(concat([parent.hash, Uint8Array.of(nonce)])),
    node: undefined,
    schedule: undefined,
  };
}
