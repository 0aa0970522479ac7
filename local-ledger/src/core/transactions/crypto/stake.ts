import type { AccountID } from '@gatepost/local-ledger/gen/services_basic_types';
import { accountNum, isZeroAccount } from '../../ids.js';
import { NODE_ID } from '../../limits.js';
import type { Stake } from '../../model.js';
import { demand, present, Status } from '../../status.js';
import type { HandleContext } from '../handler.js';

/** The stake of a create or an update, as the protocol has it. */
export type StakedId =
  | { readonly $case: 'stakedAccountId'; readonly value: AccountID }
  | { readonly $case: 'stakedNodeId'; readonly value: bigint };

/** Whether an update asks to end the staking: account 0.0.0 or node -1. */
export function endsStaking(id: StakedId): boolean {
  return id.$case === 'stakedAccountId' ? isZeroAccount(id.value) : id.value === -1n;
}

/** The stake that a transaction names; refuses accounts and nodes that do not exist. */
export function checkedStake(id: StakedId, { state, now }: Pick<HandleContext, 'state' | 'now'>): Stake {
  if (id.$case === 'stakedNodeId') {
    demand(id.value === BigInt(NODE_ID), Status.INVALID_STAKING_ID);
    return { kind: 'node', node: id.value, since: now };
  }
  const account = present(accountNum(id.value), Status.INVALID_STAKING_ID);
  demand(state.accounts.get(account) !== undefined, Status.INVALID_STAKING_ID);
  return { kind: 'account', account };
}
