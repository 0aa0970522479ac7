import { TokenSupplyType, TokenType } from '@gatepost/local-ledger/gen/services_basic_types';
import type { TokenCreateTransactionBody } from '@gatepost/local-ledger/gen/services_token_create';
import { prices } from '../../fees/price-list.js';
import { isNonNegative } from '../../int64.js';
import { checkOptionalKey, keyOrNone } from '../../keys/key-structure.js';
import { limits } from '../../limits.js';
import type { EntityNum, Nanos, Token } from '../../model.js';
import { demand, Status } from '../../status.js';
import { checkLabel, checkMemo } from '../../text-checks.js';
import { secondsToNanos, toNanos } from '../../time.js';
import { anyAccount, liveAccount, newRelation } from '../entities.js';
import { feeWithKeys } from '../flat-fee.js';
import type { HandleContext, TransactionHandler } from '../handler.js';
import { checkedExpiry, checkedRenewal } from '../renewal.js';
import { collectorKeys } from './collector-keys.js';
import { checkedTokenFees, checkFeeCount, isInOwnUnits } from './custom-fees.js';
import { checkTokenKeys, tokenKeyRoles } from './key-checks.js';

type Create = TokenCreateTransactionBody;

/** TokenCreate: a fungible token, its whole initial supply with the treasury. */
export const tokenCreate: TransactionHandler<Create> = {
  name: 'TOKENCREATION',
  schedulable: true,

  pureChecks(value) {
    demand(value.tokenType === TokenType.FUNGIBLE_COMMON, Status.NOT_SUPPORTED);
    demand(isNonNegative(value.initialSupply), Status.INVALID_TOKEN_INITIAL_SUPPLY);
    demand(value.decimals <= limits.maxInt32, Status.INVALID_TOKEN_DECIMALS);
    const isCapped = value.supplyType === TokenSupplyType.FINITE;
    demand(isCapped ? value.maxSupply > 0n : value.maxSupply === 0n, Status.INVALID_TOKEN_MAX_SUPPLY);
    demand(!isCapped || value.initialSupply <= value.maxSupply, Status.INVALID_TOKEN_INITIAL_SUPPLY);
    demand(value.treasury?.account !== undefined, Status.INVALID_TREASURY_ACCOUNT_FOR_TOKEN);
    demand(!value.freezeDefault || keyOrNone(value.freezeKey) !== undefined, Status.TOKEN_HAS_NO_FREEZE_KEY);
  },

  preHandle(value, { state }) {
    checkOptionalKey(value.adminKey, Status.INVALID_ADMIN_KEY);
    const treasury = anyAccount(state, value.treasury);
    const renewer =
      value.autoRenewAccount && anyAccount(state, value.autoRenewAccount, Status.INVALID_AUTORENEW_ACCOUNT);
    const collectors = collectorKeys(value.customFees, state, isInOwnUnits);
    return [treasury.key, keyOrNone(value.adminKey) ?? [], renewer?.key ?? [], ...collectors].flat();
  },

  handle(value, context) {
    const { state, now, outcome } = context;
    checkAttributes(value, now);
    const treasury = liveAccount(
      state,
      value.treasury,
      Status.INVALID_ACCOUNT_ID,
      Status.INVALID_TREASURY_ACCOUNT_FOR_TOKEN,
    );
    const token = newToken(value, treasury.num, context);
    state.tokens.put(token.num, token);
    const relation = newRelation(token, treasury.num, false, now);
    state.putRelation({ ...relation, balance: token.totalSupply, frozen: false, kycGranted: true });
    const collectors = value.customFees.flatMap((fee, index) => {
      return isInOwnUnits(fee) ? (token.customFees[index]?.collector ?? []) : [];
    });
    for (const collector of new Set(collectors)) {
      if (collector !== treasury.num) {
        state.putRelation(newRelation(token, collector, false, now));
      }
    }
    outcome.entity = token.num;
    outcome.tokenId = token.num;
    outcome.automaticAssociations = [...new Set([treasury.num, ...collectors])].map((account) => {
      return { account, token: token.num };
    });
  },

  fee: (value) =>
    feeWithKeys(
      value.feeScheduleKey === undefined && value.customFees.length === 0
        ? prices.tokenCreate
        : prices.tokenCreateWithFees,
      tokenKeyRoles.map((role) => value[role]),
      1,
    ),
};

function renewerOf(value: Create, state: HandleContext['state']) {
  return (
    value.autoRenewAccount &&
    liveAccount(state, value.autoRenewAccount, Status.INVALID_AUTORENEW_ACCOUNT, Status.INVALID_AUTORENEW_ACCOUNT)
  );
}

function checkAttributes(value: Create, now: Nanos): void {
  checkMemo(value.memo);
  checkLabel(value.symbol, limits.tokenSymbolBytes, Status.MISSING_TOKEN_SYMBOL, Status.TOKEN_SYMBOL_TOO_LONG);
  checkLabel(value.name, limits.tokenNameBytes, Status.MISSING_TOKEN_NAME, Status.TOKEN_NAME_TOO_LONG);
  checkTokenKeys(value);
  demand(value.metadata.length <= limits.tokenMetadataBytes, Status.METADATA_TOO_LONG);
  checkFeeCount(value.customFees);
  const period = value.autoRenewPeriod;
  const hasLife = value.autoRenewAccount === undefined || period !== undefined || value.expiry !== undefined;
  demand(hasLife, Status.INVALID_RENEWAL_PERIOD);
  if (period !== undefined) {
    checkedRenewal(period, Status.INVALID_RENEWAL_PERIOD);
  }
  const renewsItself = value.autoRenewAccount !== undefined;
  if (!renewsItself && value.expiry !== undefined) {
    checkedExpiry(value.expiry, 0n, now);
  }
}

/** Seconds until expiry when neither a period nor an expiry is given: 90 days. */
const defaultRenewal = 7_776_000n;

function newToken(value: Create, treasury: EntityNum, { state, now }: HandleContext): Token {
  const renewer = renewerOf(value, state);
  const renewal = value.autoRenewPeriod?.seconds ?? 0n;
  const life = secondsToNanos(renewal > 0n ? renewal : defaultRenewal);
  const num = state.newEntity();
  return {
    num,
    name: value.name,
    symbol: value.symbol,
    memo: value.memo,
    metadata: value.metadata,
    decimals: value.decimals,
    totalSupply: value.initialSupply,
    initialSupply: value.initialSupply,
    supplyType: value.supplyType === TokenSupplyType.FINITE ? 'FINITE' : 'INFINITE',
    maxSupply: value.maxSupply,
    treasury,
    adminKey: keyOrNone(value.adminKey),
    supplyKey: keyOrNone(value.supplyKey),
    freezeKey: keyOrNone(value.freezeKey),
    kycKey: keyOrNone(value.kycKey),
    wipeKey: keyOrNone(value.wipeKey),
    pauseKey: keyOrNone(value.pauseKey),
    feeScheduleKey: keyOrNone(value.feeScheduleKey),
    metadataKey: keyOrNone(value.metadataKey),
    customFees: checkedTokenFees(value.customFees, { num, isNew: true }, state),
    customFeesSince: now,
    freezeDefault: value.freezeDefault,
    paused: false,
    deleted: false,
    autoRenewAccount: renewer?.num,
    autoRenewSeconds: renewal,
    expiry: renewer === undefined && value.expiry !== undefined ? toNanos(value.expiry) : now + life,
    created: now,
    modified: now,
  };
}
