import { smaller } from '../int64.js';
import { systemAccounts } from '../limits.js';
import type { EntityNum } from '../model.js';
import type { LedgerState } from '../state/ledger-state.js';
import { Status } from '../status.js';
import { moveHbar } from '../transactions/crypto/move-hbar.js';
import type { Dispatch } from './dispatch.js';

/** What was charged, and why the transaction must not be handled, if so. */
export interface Charge {
  readonly charged: bigint;
  readonly refusal: Status | undefined;
}

/**
 * Charges a dispatch before it is handled. A payer that does not offer, or does not have, the whole fee pays only the
 * node and network part; when it does not offer or have even that, the node pays.
 */
export function chargeDispatch(state: LedgerState, { payer, fee, body }: Dispatch): Charge {
  const balance = state.accounts.get(payer)?.balance ?? 0n;
  if (body.transactionFee < fee.total) {
    const offered = body.transactionFee >= fee.submission ? balance : 0n;
    return refused(state, payer, { fee, balance: offered, refusal: Status.INSUFFICIENT_TX_FEE });
  }
  if (balance < fee.total) {
    return refused(state, payer, { fee, balance, refusal: Status.INSUFFICIENT_PAYER_BALANCE });
  }
  return { charged: chargeUpTo(state, payer, fee.total), refusal: undefined };
}

interface Refusal extends Pick<Dispatch, 'fee'> {
  readonly balance: bigint;
  readonly refusal: Status;
}

function refused(state: LedgerState, payer: EntityNum, { fee, balance, refusal }: Refusal): Charge {
  return balance < fee.submission
    ? chargeNode(state, fee, refusal)
    : { charged: chargeUpTo(state, payer, fee.submission), refusal };
}

/** Charges the node for what it should not have let in, as far as its balance goes. */
export function chargeNode(state: LedgerState, { network }: Dispatch['fee'], refusal: Status): Charge {
  return { charged: chargeUpTo(state, systemAccounts.node, network), refusal };
}

/** Moves `amount`, or as much as the account has, to the fee collection account (HIP-1259); returns what was moved. */
export function chargeUpTo(state: LedgerState, payer: EntityNum, amount: bigint): bigint {
  const balance = state.accounts.get(payer)?.balance ?? 0n;
  const charged = smaller(amount, balance);
  if (charged > 0n) {
    moveHbar(state, payer, systemAccounts.feeCollection, charged);
  }
  return charged;
}
