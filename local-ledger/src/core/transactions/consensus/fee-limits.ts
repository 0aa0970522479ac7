import { AccountID } from '@gatepost/local-ledger/gen/services_basic_types';
import type { CustomFeeLimit } from '@gatepost/local-ledger/gen/services_custom_fees';
import { hex } from '../../bytes.js';
import { tokenNum } from '../../ids.js';
import { demand, Status } from '../../status.js';

/** Refuses limits of custom fees (HIP-991) that say nothing, say less than nothing, or name an account or a token twice. */
export function checkFeeLimits(limits: readonly CustomFeeLimit[]): void {
  for (const { accountId, fees } of limits) {
    const isComplete = accountId?.account !== undefined && fees.length > 0;
    demand(isComplete && fees.every(({ amount }) => amount >= 0n), Status.INVALID_MAX_CUSTOM_FEES);
    const names = new Set(fees.map(({ denominatingTokenId: id }) => id && tokenNum(id)));
    demand(names.size === fees.length, Status.DUPLICATE_DENOMINATION_IN_MAX_CUSTOM_FEE_LIST);
  }
  const accounts = limits.flatMap(({ accountId }) => (accountId ? hex(AccountID.encode(accountId).finish()) : []));
  demand(new Set(accounts).size === accounts.length, Status.DUPLICATE_ACCOUNT_ID_IN_MAX_CUSTOM_FEE_LIST);
}
