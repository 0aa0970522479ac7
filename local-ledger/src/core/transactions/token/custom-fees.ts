import type { AccountID } from '@gatepost/local-ledger/gen/services_basic_types';
import type { CustomFee, FixedFee, FractionalFee } from '@gatepost/local-ledger/gen/services_custom_fees';
import { accountNum, tokenNum } from '../../ids.js';
import { limits, systemAccounts } from '../../limits.js';
import type { EntityNum, Token, TokenFee } from '../../model.js';
import type { LedgerState } from '../../state/ledger-state.js';
import { demand, fail, present, Status } from '../../status.js';

/** The token that is to have the fees. A new one is in no collector's account yet. */
interface FeeSubject extends Pick<Token, 'num'> {
  readonly isNew: boolean;
}

/** The custom fees (HIP-18) that a fungible token is to have; refuses those that could not be charged. */
export function checkedTokenFees(fees: readonly CustomFee[], subject: FeeSubject, state: LedgerState): TokenFee[] {
  return fees.map((fee) => checkedFee(fee, subject, state));
}

/** A token has no more than ten. */
export function checkFeeCount(fees: readonly CustomFee[]): void {
  demand(fees.length <= limits.tokenCustomFees, Status.CUSTOM_FEES_LIST_TOO_LONG);
}

/** Whether a fee of a new token is paid in that token, so that its collector must hold it. */
export function isInOwnUnits({ fee }: CustomFee): boolean {
  return fee?.$case === 'fractionalFee' || (fee?.$case === 'fixedFee' && isOwnToken(fee.value));
}

/** In a new token's fees 0.0.0 stands for the token itself. */
function isOwnToken({ denominatingTokenId: id }: FixedFee): boolean {
  return id?.shardNum === 0n && id.realmNum === 0n && id.tokenNum === 0n;
}

interface Collection {
  readonly collector: EntityNum;
  readonly allCollectorsExempt: boolean;
}

function checkedFee(
  { fee, feeCollectorAccountId, allCollectorsAreExempt }: CustomFee,
  subject: FeeSubject,
  state: LedgerState,
): TokenFee {
  const collection = {
    collector: checkedCollector(feeCollectorAccountId, state),
    allCollectorsExempt: allCollectorsAreExempt,
  };
  switch (fee?.$case) {
    case 'fixedFee':
      return { ...collection, ...checkedFixed(fee.value, collection, subject, state) };
    case 'fractionalFee': {
      const isAssociated = subject.isNew || state.relation(collection.collector, subject.num) !== undefined;
      demand(isAssociated, Status.TOKEN_NOT_ASSOCIATED_TO_FEE_COLLECTOR);
      return { ...collection, ...checkedFractional(fee.value) };
    }
    case 'royaltyFee':
      return fail(Status.CUSTOM_ROYALTY_FEE_ONLY_ALLOWED_FOR_NON_FUNGIBLE_UNIQUE);
    default:
      return fail(Status.CUSTOM_FEE_NOT_FULLY_SPECIFIED);
  }
}

function checkedCollector(id: AccountID | undefined, state: LedgerState): EntityNum {
  const account = state.accounts.get(accountNum(id) ?? 0);
  const isUsable = account?.deleted === false && account.num !== systemAccounts.feeCollection;
  return isUsable ? account.num : fail(Status.INVALID_CUSTOM_FEE_COLLECTOR);
}

function checkedFixed(fee: FixedFee, { collector }: Collection, subject: FeeSubject, state: LedgerState) {
  const { amount, denominatingTokenId: id } = fee;
  demand(amount > 0n, Status.CUSTOM_FEE_MUST_BE_POSITIVE);
  if (subject.isNew && isOwnToken(fee)) {
    return { kind: 'fixed' as const, amount, token: subject.num };
  }
  return { kind: 'fixed' as const, amount, token: id && checkedDenomination(tokenNum(id), collector, state) };
}

function checkedDenomination(num: EntityNum | undefined, collector: EntityNum, state: LedgerState): EntityNum {
  const token = present(state.tokens.get(num ?? 0), Status.INVALID_TOKEN_ID_IN_CUSTOM_FEES);
  demand(!token.deleted, Status.TOKEN_WAS_DELETED);
  demand(!token.paused, Status.TOKEN_IS_PAUSED);
  demand(state.relation(collector, token.num) !== undefined, Status.TOKEN_NOT_ASSOCIATED_TO_FEE_COLLECTOR);
  return token.num;
}

function checkedFractional({ fractionalAmount, minimumAmount, maximumAmount, netOfTransfers }: FractionalFee) {
  const { numerator, denominator } = fractionalAmount ?? { numerator: 0n, denominator: 0n };
  demand(denominator !== 0n, Status.FRACTION_DIVIDES_BY_ZERO);
  const arePositive = numerator > 0n && denominator > 0n && minimumAmount >= 0n && maximumAmount >= 0n;
  demand(arePositive, Status.CUSTOM_FEE_MUST_BE_POSITIVE);
  const isOrdered = maximumAmount === 0n || maximumAmount >= minimumAmount;
  demand(isOrdered, Status.FRACTIONAL_FEE_MAX_AMOUNT_LESS_THAN_MIN_AMOUNT);
  const maximum = maximumAmount === 0n ? undefined : maximumAmount;
  return { kind: 'fractional' as const, numerator, denominator, minimum: minimumAmount, maximum, netOfTransfers };
}
