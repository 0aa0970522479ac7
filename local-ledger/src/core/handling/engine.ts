import type { Key } from '@gatepost/local-ledger/gen/services_basic_types';
import type { CryptoPort } from '../crypto-port.js';
import { toTinybar } from '../fees/exchange-rate.js';
import { feeOf, nodePart } from '../fees/fee.js';
import { isSatisfied } from '../keys/key-activation.js';
import { isPrivileged, systemAccounts } from '../limits.js';
import type { EntityNum } from '../model.js';
import type { HbarTransfer, RecordItem } from '../record-item.js';
import { deltaSince, type StateDelta } from '../state/changes.js';
import type { LedgerState } from '../state/ledger-state.js';
import { demand, present, Status, StatusError } from '../status.js';
import type { HandleContext } from '../transactions/handler.js';
import { operationOf } from '../transactions/operation-of.js';
import type { Outcome } from '../transactions/outcome.js';
import { type Charge, chargeDispatch, chargeNode, chargeUpTo } from './charging.js';
import type { Dispatch, Handled } from './dispatch.js';
import { completeHollowAccounts } from './hollow-accounts.js';
import { signerOf } from './signers.js';

/** Runs the inner transactions of a batch while its parent is being handled. */
export interface InnerRunner {
  /** Runs one; returns its receipt status. */
  run(signedTransaction: Uint8Array): Status;
}

/** What a run of one dispatch has come to so far. */
interface Run {
  readonly dispatch: Dispatch;
  readonly outcome: Outcome;
  /** Tinybar for automatic associations, undone with the rest on failure. */
  extra: bigint;
  /** The dispatch's own changes, taken before its first inner transaction made changes of its own. */
  own: StateDelta | undefined;
}

/**
 * Charges, authorizes and handles one dispatch: whatever is common to all transaction types. A transaction that fails
 * leaves nothing but its fee. Never throws: an unexpected error is FAIL_INVALID.
 */
export function runDispatch(state: LedgerState, crypto: CryptoPort, dispatch: Dispatch, inner: InnerRunner): Handled {
  const start = state.journal.mark();
  const run: Run = { dispatch, outcome: {}, extra: 0n, own: undefined };
  const completed = completeHollowAccounts(state, dispatch.signers);
  const { charged, refusal } = chargeFor(state, dispatch);
  const savepoint = state.journal.mark();
  const runInner = (signedTransaction: Uint8Array) => {
    run.own ??= deltaSince(state, start);
    return inner.run(signedTransaction);
  };
  let status = refusal;
  if (status === undefined) {
    status = attempt(() => authorizeAndHandle(state, contextOf(run, state, crypto, runInner), dispatch));
    if (status !== Status.SUCCESS) {
      state.journal.rollback(savepoint);
      run.extra = 0n;
    }
  }
  const outcome = status === Status.SUCCESS ? run.outcome : failedOutcome(status, run.outcome);
  const delta = withoutChildren(dispatch, outcome, run.own ?? deltaSince(state, start));
  return { item: itemOf(dispatch, status, charged + run.extra, outcome, delta), outcome, completed };
}

/** The payer must exist and have signed; if not, the node that let the transaction in pays the network part. */
function chargeFor(state: LedgerState, dispatch: Dispatch): Charge {
  const payer = state.accounts.get(dispatch.payer);
  const hasSigned = payer !== undefined && isSatisfied(payer.key, (key) => dispatch.signers.hasSigned(key));
  if (payer === undefined || payer.deleted || !hasSigned) {
    const absent = payer === undefined ? Status.PAYER_ACCOUNT_NOT_FOUND : Status.PAYER_ACCOUNT_DELETED;
    const refusal = payer?.deleted === false ? Status.INVALID_PAYER_SIGNATURE : absent;
    return chargeNode(state, dispatch.fee, refusal);
  }
  return chargeDispatch(state, dispatch);
}

function attempt(work: () => void): Status {
  try {
    work();
    return Status.SUCCESS;
  } catch (error) {
    return error instanceof StatusError ? error.status : Status.FAIL_INVALID;
  }
}

function authorizeAndHandle(state: LedgerState, context: HandleContext, dispatch: Dispatch): void {
  const { operation, payer, body, parent } = dispatch;
  demand(body.batchKey === undefined || parent !== undefined, Status.BATCH_KEY_SET_ON_NON_INNER_TRANSACTION);
  const keys = operation.preHandle({ state, payer });
  demand(
    keys.every((key) => context.isSatisfied(key)),
    Status.INVALID_SIGNATURE,
  );
  operation.handle(context);
}

function contextOf(
  run: Run,
  state: LedgerState,
  crypto: CryptoPort,
  dispatchInner: (bytes: Uint8Array) => Status,
): HandleContext {
  const { dispatch, outcome } = run;
  const { signers, now, handledAt, payer } = dispatch;
  return {
    state,
    payer,
    body: dispatch.body,
    transactionId: dispatch.id,
    now,
    handledAt,
    crypto,
    outcome,
    operationOf,
    dispatchInner,
    isSatisfied: (key: Key) => isSatisfied(key, (primitive) => signers.hasSigned(primitive)),
    hasSignedAsAddress: (address) => signerOf(signers, address) !== undefined,
    signaturesBy: (keys) => signers.signaturesBy(keys, now),
    charge: (tinycents) => {
      run.extra += chargeMore(state, payer, toTinybar(tinycents));
    },
    chargeChild: (service) =>
      chargeMore(state, payer, feeOf({ node: nodePart({ bytes: 0, signatures: 0 }), service }).total),
  };
}

function chargeMore(state: LedgerState, payer: EntityNum, amount: bigint): bigint {
  if (isPrivileged(payer)) {
    return 0n;
  }
  const balance = present(state.accounts.get(payer), Status.PAYER_ACCOUNT_NOT_FOUND).balance;
  demand(balance >= amount, Status.INSUFFICIENT_PAYER_BALANCE);
  return chargeUpTo(state, payer, amount);
}

/** The movements of a dispatch less the fees that the records of the accounts it made will show. */
function withoutChildren({ payer }: Dispatch, { created = [] }: Outcome, delta: StateDelta): StateDelta {
  const fees = created.reduce((sum, { fee }) => sum + fee, 0n);
  if (fees === 0n) {
    return delta;
  }
  const shares = new Map([
    [payer, fees],
    [systemAccounts.feeCollection as EntityNum, -fees],
  ]);
  const nums = new Set([...delta.transfers.map(({ account }) => account), ...shares.keys()]);
  const amountOf = (num: EntityNum) => delta.transfers.find(({ account }) => account === num)?.amount ?? 0n;
  const transfers = [...nums].map((account) => {
    return { account, amount: amountOf(account) + (shares.get(account) ?? 0n), isApproval: false };
  });
  return {
    ...delta,
    transfers: transfers.filter(({ amount }) => amount !== 0n).sort((a, b) => a.account - b.account),
  };
}

/** A failed transaction reports nothing, except that a refused schedule names the one that is already there. */
function failedOutcome(status: Status, { scheduleId, scheduledTransactionId }: Outcome): Outcome {
  const isKept = status === Status.IDENTICAL_SCHEDULE_ALREADY_CREATED;
  return isKept && scheduleId !== undefined && scheduledTransactionId !== undefined
    ? { scheduleId, scheduledTransactionId }
    : {};
}

/** Marks the movements that are a debit by allowance and nothing else. */
function withApprovals<T extends HbarTransfer & { readonly token?: EntityNum }>(
  transfers: readonly T[],
  { approvals = [] }: Outcome,
): readonly T[] {
  const isApproved = (move: T) =>
    approvals.some((one) => one.account === move.account && one.amount === move.amount && one.token === move.token);
  return approvals.length === 0 ? transfers : transfers.map((move) => ({ ...move, isApproval: isApproved(move) }));
}

/** The record item of a dispatch. */
export function itemOf(d: Dispatch, status: Status, charged: bigint, outcome: Outcome, delta: StateDelta): RecordItem {
  return {
    consensusTimestamp: d.now,
    transactionId: d.id,
    name: d.operation.name,
    status,
    memo: d.body.memo,
    entity: outcome.entity,
    node: d.node,
    chargedFee: charged,
    maxFee: d.body.transactionFee,
    validDurationSeconds: d.body.transactionValidDuration?.seconds ?? 0n,
    transactionHash: d.hash,
    transfers: withApprovals(delta.transfers, outcome),
    tokenTransfers: withApprovals(delta.tokenTransfers, outcome),
    parentConsensusTimestamp: d.parent,
    batchKey: d.body.batchKey,
    schedule: d.schedule,
    automaticAssociations: outcome.automaticAssociations ?? [],
    assessedFees: outcome.assessedFees ?? [],
    message: outcome.message,
    changes: delta.changes,
  };
}
