import {
  TokenFreezeStatus,
  TokenKycStatus,
  TokenPauseStatus,
  TokenSupplyType,
  TokenType,
} from '@gatepost/local-ledger/gen/services_basic_types';
import type { CustomFee } from '@gatepost/local-ledger/gen/services_custom_fees';
import { type TokenGetInfoQuery, TokenInfo } from '@gatepost/local-ledger/gen/services_token_get_info';
import { accountId, tokenId } from '../ids.js';
import type { Token, TokenFee } from '../model.js';
import { toWholeTimestamp } from '../time.js';
import { anyToken } from '../transactions/entities.js';
import { LEDGER_ID, type QueryHandler } from './query.js';

/** TokenGetInfo: deleted tokens still answer. */
export const getTokenInfo: QueryHandler<TokenGetInfoQuery> = {
  isPaid: true,
  answer: (value, header, { state }) => ({
    $case: 'tokenGetInfo',
    value: { header, tokenInfo: infoOf(anyToken(state, value.token)) },
  }),
  bare: (header) => ({ $case: 'tokenGetInfo', value: { header, tokenInfo: undefined } }),
};

function infoOf(token: Token): TokenInfo {
  return {
    ...TokenInfo.create(),
    tokenId: tokenId(token.num),
    name: token.name,
    symbol: token.symbol,
    decimals: token.decimals,
    totalSupply: token.totalSupply,
    treasury: accountId(token.treasury),
    adminKey: token.adminKey,
    kycKey: token.kycKey,
    freezeKey: token.freezeKey,
    wipeKey: token.wipeKey,
    supplyKey: token.supplyKey,
    pauseKey: token.pauseKey,
    feeScheduleKey: token.feeScheduleKey,
    metadataKey: token.metadataKey,
    ...statusesOf(token),
    deleted: token.deleted,
    autoRenewAccount: token.autoRenewAccount === undefined ? undefined : accountId(token.autoRenewAccount),
    autoRenewPeriod: token.autoRenewAccount === undefined ? undefined : { seconds: token.autoRenewSeconds },
    expiry: toWholeTimestamp(token.expiry),
    memo: token.memo,
    tokenType: TokenType.FUNGIBLE_COMMON,
    supplyType: token.supplyType === 'FINITE' ? TokenSupplyType.FINITE : TokenSupplyType.INFINITE,
    maxSupply: token.maxSupply,
    ledgerId: LEDGER_ID,
    metadata: token.metadata,
    customFees: token.customFees.map(wireFee),
  };
}

function wireFee(fee: TokenFee): CustomFee {
  return {
    fee: wireAmount(fee),
    feeCollectorAccountId: accountId(fee.collector),
    allCollectorsAreExempt: fee.allCollectorsExempt,
  };
}

function wireAmount(fee: TokenFee): CustomFee['fee'] {
  if (fee.kind === 'fixed') {
    const denominatingTokenId = fee.token === undefined ? undefined : tokenId(fee.token);
    return { $case: 'fixedFee', value: { amount: fee.amount, denominatingTokenId } };
  }
  const { numerator, denominator, minimum, maximum, netOfTransfers } = fee;
  return {
    $case: 'fractionalFee',
    value: {
      fractionalAmount: { numerator, denominator },
      minimumAmount: minimum,
      maximumAmount: maximum ?? 0n,
      netOfTransfers,
    },
  };
}

function statusesOf(token: Token): Pick<TokenInfo, 'defaultFreezeStatus' | 'defaultKycStatus' | 'pauseStatus'> {
  const freeze = token.freezeDefault ? TokenFreezeStatus.Frozen : TokenFreezeStatus.Unfrozen;
  const pause = token.paused ? TokenPauseStatus.Paused : TokenPauseStatus.Unpaused;
  return {
    defaultFreezeStatus: token.freezeKey === undefined ? TokenFreezeStatus.FreezeNotApplicable : freeze,
    defaultKycStatus: token.kycKey === undefined ? TokenKycStatus.KycNotApplicable : TokenKycStatus.Revoked,
    pauseStatus: token.pauseKey === undefined ? TokenPauseStatus.PauseNotApplicable : pause,
  };
}
