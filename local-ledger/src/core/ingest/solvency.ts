import type { AccountAmount } from '../../gen/services_basic_types.js';
import { accountNum } from '../ids.js';
import type { EntityNum } from '../model.js';
import type { LedgerState } from '../state/ledger-state.js';
import { Status, StatusError } from '../status.js';
import type { Envelope } from './envelope.js';
import { envelopeFee } from './envelope-fee.js';

/**
 * Whether the payer offers and has the node and network part of the fee, and what the transaction takes from it besides.
 * The service part is looked at only at consensus.
 */
export function checkSolvency(envelope: Envelope, state: LedgerState): void {
  const { submission, total } = envelopeFee(envelope);
  if (envelope.body.transactionFee < submission) {
    throw new StatusError(Status.INSUFFICIENT_TX_FEE, total);
  }
  const balance = state.accounts.get(envelope.id.payer)?.balance ?? 0n;
  if (balance < submission + ownDebit(envelope)) {
    throw new StatusError(Status.INSUFFICIENT_PAYER_BALANCE, total);
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
