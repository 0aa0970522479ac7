import type { AccountID, Key } from '@gatepost/local-ledger/gen/services_basic_types';
import type {
  CryptoAllowance,
  CryptoApproveAllowanceTransactionBody,
  TokenAllowance,
} from '@gatepost/local-ledger/gen/services_crypto_approve_allowance';
import { prices } from '../../fees/price-list.js';
import { accountNum, isZeroAccount } from '../../ids.js';
import { limits } from '../../limits.js';
import type { EntityNum } from '../../model.js';
import { demand, fail, Status } from '../../status.js';
import { liveAccount, liveToken, relationOf } from '../entities.js';
import type { HandleContext, KeyContext, TransactionHandler } from '../handler.js';

type Approve = CryptoApproveAllowanceTransactionBody;

/** CryptoApproveAllowance (HIP-336): lets spenders take hbar or units of a token from their owners; 0 takes it back. */
export const cryptoApproveAllowance: TransactionHandler<Approve> = {
  name: 'CRYPTOAPPROVEALLOWANCE',
  schedulable: true,

  pureChecks(value) {
    const all = allowancesIn(value);
    demand(all.length > 0, Status.EMPTY_ALLOWANCES);
    for (const { owner, spender } of all) {
      demand(owner === undefined || !isZeroAccount(owner), Status.INVALID_ACCOUNT_ID);
      demand(spender !== undefined && !isZeroAccount(spender), Status.INVALID_ALLOWANCE_SPENDER_ID);
    }
    const amounts = [...value.cryptoAllowances, ...value.tokenAllowances];
    demand(
      amounts.every(({ amount }) => amount >= 0n),
      Status.NEGATIVE_ALLOWANCE_AMOUNT,
    );
    const named = [...value.tokenAllowances, ...value.nftAllowances];
    demand(
      named.every(({ tokenId }) => tokenId !== undefined),
      Status.INVALID_TOKEN_ID,
    );
  },

  preHandle(value, context) {
    return allowancesIn(value).flatMap(({ owner }) => ownerKey(owner, context) ?? []);
  },

  handle(value, context) {
    demand(allowancesIn(value).length <= limits.allowancesGranted, Status.MAX_ALLOWANCES_EXCEEDED);
    const hbar = value.cryptoAllowances.map((allowance) => checkedHbar(allowance, context));
    const tokens = value.tokenAllowances.map((allowance) => checkedTokens(allowance, context));
    for (const { tokenId } of value.nftAllowances) {
      liveToken(context.state, tokenId);
      fail(Status.FUNGIBLE_TOKEN_IN_NFT_ALLOWANCES);
    }
    for (const grant of [...hbar, ...tokens]) {
      store(grant, context);
    }
  },

  fee: (value) => ({
    base: prices.approveAllowance,
    extras: [{ name: 'ALLOWANCES', included: 1, count: allowancesIn(value).length, unit: prices.allowanceExtra }],
  }),
};

function allowancesIn({ cryptoAllowances, tokenAllowances, nftAllowances }: Approve) {
  return [...cryptoAllowances, ...tokenAllowances, ...nftAllowances];
}

/** The payer has signed anyway; without an owner it is the owner. */
function ownerKey(owner: AccountID | undefined, { state, payer }: KeyContext): Key | undefined {
  const num = owner === undefined ? payer : (accountNum(owner) ?? fail(Status.INVALID_ALLOWANCE_OWNER_ID));
  return num === payer ? undefined : (state.accounts.get(num)?.key ?? fail(Status.INVALID_ALLOWANCE_OWNER_ID));
}

/** An allowance that is to be there; an amount of 0 means that there is to be none. */
interface Grant {
  readonly owner: EntityNum;
  readonly spender: EntityNum;
  readonly token: EntityNum | undefined;
  readonly amount: bigint;
}

function checkedHbar({ owner, spender, amount }: CryptoAllowance, context: HandleContext): Grant {
  const grant = { ...partiesOf(owner, spender, amount, context), token: undefined, amount };
  demand(grant.owner !== grant.spender, Status.SPENDER_ACCOUNT_SAME_AS_OWNER);
  return grant;
}

/** Unlike with hbar, an owner may approve itself, as with an ERC-20. */
function checkedTokens({ owner, spender, tokenId, amount }: TokenAllowance, context: HandleContext): Grant {
  const token = liveToken(context.state, tokenId);
  const parties = partiesOf(owner, spender, amount, context);
  const isWithin = token.supplyType === 'INFINITE' || amount <= token.maxSupply;
  demand(isWithin, Status.AMOUNT_EXCEEDS_TOKEN_MAX_SUPPLY);
  relationOf(context.state, parties.owner, token.num);
  return { ...parties, token: token.num, amount };
}

/** The owner must be in use; the spender too, unless its allowance is taken back. */
function partiesOf(
  owner: AccountID | undefined,
  spenderId: AccountID | undefined,
  amount: bigint,
  { state, payer }: HandleContext,
): Pick<Grant, 'owner' | 'spender'> {
  const invalid = Status.INVALID_ALLOWANCE_OWNER_ID;
  const effective = owner === undefined ? payer : liveAccount(state, owner, invalid, invalid).num;
  const spender = accountNum(spenderId) ?? 0;
  const isUsable = state.accounts.get(spender)?.deleted === false;
  demand(amount === 0n || isUsable, Status.INVALID_ALLOWANCE_SPENDER_ID);
  return { owner: effective, spender };
}

function store(grant: Grant, { state, now }: HandleContext): void {
  if (grant.amount === 0n) {
    state.removeAllowance(grant);
    return;
  }
  state.putAllowance({ ...grant, granted: grant.amount, since: now });
  const count = state.allowancesOf(grant.owner).length;
  demand(count <= limits.allowancesOfAccount, Status.MAX_ALLOWANCES_EXCEEDED);
}
