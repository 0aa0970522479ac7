import type { AccountAmount, TokenTransferList } from '@gatepost/local-ledger/gen/services_basic_types';
import { TransactionRecord } from '@gatepost/local-ledger/gen/services_transaction_record';
import { accountId, scheduleId, tokenId, transactionId } from '../ids.js';
import type { HbarTransfer, TokenTransfer } from '../record-item.js';
import { toTimestamp } from '../time.js';
import type { Outcome } from '../transactions/outcome.js';
import type { Handled } from './dispatch.js';
import { receiptOf } from './receipt.js';

/** The record of a handled transaction. */
export function recordOf(handled: Handled): TransactionRecord {
  const { item } = handled;
  return {
    ...TransactionRecord.create(),
    receipt: receiptOf(handled),
    transactionHash: item.transactionHash,
    consensusTimestamp: toTimestamp(item.consensusTimestamp),
    transactionID: transactionId(item.transactionId),
    memo: item.memo,
    transactionFee: item.chargedFee,
    transferList: { accountAmounts: item.transfers.map(amountOf) },
    tokenTransferLists: tokenListsOf(item.tokenTransfers, handled.outcome),
    evmAddress: handled.outcome.evmAddress ?? new Uint8Array(),
    scheduleRef: item.schedule === undefined ? undefined : scheduleId(item.schedule),
    assessedCustomFees: item.assessedFees.map(({ amount, token, collector, payers }) => ({
      amount,
      tokenId: token === undefined ? undefined : tokenId(token),
      feeCollectorAccountId: accountId(collector),
      effectivePayerAccountId: payers.map(accountId),
    })),
    automaticTokenAssociations: item.automaticAssociations.map(({ account, token }) => ({
      accountId: accountId(account),
      tokenId: tokenId(token),
    })),
    parentConsensusTimestamp:
      item.parentConsensusTimestamp === undefined ? undefined : toTimestamp(item.parentConsensusTimestamp),
  };
}

function amountOf({ account, amount }: HbarTransfer): AccountAmount {
  return { accountID: accountId(account), amount, isApproval: false, hookCall: undefined };
}

function tokenListsOf(transfers: readonly TokenTransfer[], { namedTokens = [] }: Outcome): TokenTransferList[] {
  const byToken = new Map<number, AccountAmount[]>(namedTokens.map((token) => [token, []]));
  for (const transfer of transfers) {
    const list = byToken.get(transfer.token) ?? [];
    list.push(amountOf(transfer));
    byToken.set(transfer.token, list);
  }
  const lists = [...byToken].sort(([a], [b]) => a - b);
  return lists.map(([token, amounts]) => ({
    token: tokenId(token),
    transfers: amounts,
    nftTransfers: [],
    expectedDecimals: undefined,
  }));
}
