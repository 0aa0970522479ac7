import type { AccountAmount } from '@gatepost/local-ledger/gen/services_basic_types';
import { accountNum } from '../ids.js';
import { isPrivileged } from '../limits.js';
import type { EntityNum } from '../model.js';
import type { LedgerState } from '../state/ledger-state.js';
import { Status, StatusError } from '../status.js';
import type { Envelope } from './envelope.js';
import { envelopeFee } from './envelope-fee.js';

/**
 * Whether the payer offers and has the node and network part of the fee, and what the transaction takes from it besides.
 * The service part is looked at only at consensus. The treasury and the system admin pay no fees and are not asked.
 */
export function checkSolvency(envelope: Envelope, state: LedgerState): void {
  if (isPrivileged(envelope.id.payer)) {
    return;
  }
  const { submission } = envelopeFee(envelope, state);
  if (envelope.body.transactionFee < submission) {
    throw new StatusError(Status.INSUFFICIENT_TX_FEE, submission);
  }
  const balance = state.accounts.get(envelope.id.payer)?.balance ?? 0n;
  // The network adds up in 64 bits: a debit that overflows them is refused only at consensus.
  if (balance < BigInt.asIntN(64, submission + ownDebit(envelope))) {
    throw new StatusError(Status.INSUFFICIENT_PAYER_BALANCE, submission);
  }
}

function ownDebit({ body, id }: Envelope): bigint {
  switch (body.data?.$case) {
    case 'cryptoCreateAccount':
      return body.data.value.initialBalance;
    case 'cryptoTransfer':
      return debitOf(id.payer, body.data.value.transfers?.accountAmounts ?? []);
    default:
      return 0n;
  }
}

function debitOf(payer: EntityNum, entries: readonly AccountAmount[]): bigint {
  const debits = entries.filter(({ accountID, amount }) => amount < 0n && accountNum(accountID) === payer);
  return debits.reduce((sum, { amount }) => sum - amount, 0n);
}
