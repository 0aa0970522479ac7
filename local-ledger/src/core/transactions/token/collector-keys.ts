import type { Key } from '@gatepost/local-ledger/gen/services_basic_types';
import type { CustomFee } from '@gatepost/local-ledger/gen/services_custom_fees';
import { accountNum } from '../../ids.js';
import type { LedgerState } from '../../state/ledger-state.js';
import { present, Status } from '../../status.js';

/** The keys of the collectors that must sign: of fees that `mustSign` picks, and of those that sign for what they get. */
export function collectorKeys(
  fees: readonly CustomFee[],
  state: LedgerState,
  mustSign: (fee: CustomFee) => boolean,
): Key[] {
  return fees.flatMap((fee) => {
    const num = accountNum(fee.feeCollectorAccountId) ?? 0;
    const collector = present(state.accounts.get(num), Status.INVALID_CUSTOM_FEE_COLLECTOR);
    return mustSign(fee) || collector.receiverSigRequired ? [collector.key] : [];
  });
}
