import type { EntityNum, FixedTokenFee, FractionalTokenFee, Nanos, Token } from '../../core/model.js';
import { formatId, formatNullableId } from '../format/entity-id.js';
import type { JsonObject } from '../format/json.js';
import { formatKey } from '../format/key.js';
import { formatNanos, isTimestamp, parseTimestamp } from '../format/timestamp.js';
import { type Operator, parseFilters } from '../query/filters.js';
import { notFound } from '../query/http-error.js';
import { tokenInPath } from './find-token.js';
import type { Resource } from './resource.js';

const ACCEPTED = {
  timestamp: (value: string, operator: Operator) =>
    (operator === 'eq' || operator === 'lt' || operator === 'lte') && isTimestamp(value),
};

/** GET /tokens/{tokenId}: the token as it is now, at a time with the custom fees of then; not found before its creation. */
export const getToken: Resource = ({ state }, request) => {
  const id = tokenInPath(request);
  const at = parseFilters(request.query, ACCEPTED).at(-1);
  const token = state.token(id);
  const until = at === undefined ? undefined : parseTimestamp(at.value) - (at.operator === 'lt' ? 1n : 0n);
  if (token === undefined || (until !== undefined && token.created > until)) throw notFound();
  const then = until === undefined ? token : { ...token, ...state.tokenFeesAt(token, until) };
  return { body: formatToken(then, state.tokenModified(id)) };
};

/** Mind the types: decimals and supplies are strings here, the expiry is an integer of nanoseconds. */
function formatToken(token: Token, modified: Nanos): JsonObject {
  return {
    admin_key: formatKey(token.adminKey),
    auto_renew_account: formatNullableId(token.autoRenewAccount),
    auto_renew_period: token.autoRenewSeconds,
    created_timestamp: formatNanos(token.created),
    custom_fees: customFees(token),
    decimals: token.decimals.toString(),
    deleted: token.deleted,
    expiry_timestamp: token.expiry,
    fee_schedule_key: formatKey(token.feeScheduleKey),
    freeze_default: token.freezeDefault,
    freeze_key: formatKey(token.freezeKey),
    initial_supply: token.initialSupply.toString(),
    kyc_key: formatKey(token.kycKey),
    max_supply: token.maxSupply.toString(),
    memo: token.memo,
    metadata: Buffer.from(token.metadata).toString('base64'),
    metadata_key: formatKey(token.metadataKey),
    modified_timestamp: formatNanos(modified),
    name: token.name,
    pause_key: formatKey(token.pauseKey),
    pause_status: pauseStatus(token),
    supply_key: formatKey(token.supplyKey),
    supply_type: token.supplyType,
    symbol: token.symbol,
    token_id: formatId(token.num),
    total_supply: token.totalSupply.toString(),
    treasury_account_id: formatId(token.treasury),
    type: 'FUNGIBLE_COMMON',
    wipe_key: formatKey(token.wipeKey),
  };
}

function customFees({ num, customFees: fees, customFeesSince }: Token): JsonObject {
  return {
    created_timestamp: formatNanos(customFeesSince),
    fixed_fees: fees.filter((fee) => fee.kind === 'fixed').map(formatFixed),
    fractional_fees: fees.filter((fee) => fee.kind === 'fractional').map((fee) => formatFractional(fee, num)),
  };
}

function formatFixed(fee: FixedTokenFee): JsonObject {
  return {
    all_collectors_are_exempt: fee.allCollectorsExempt,
    amount: fee.amount,
    collector_account_id: formatId(fee.collector),
    denominating_token_id: formatNullableId(fee.token),
  };
}

function formatFractional(fee: FractionalTokenFee, token: EntityNum): JsonObject {
  return {
    all_collectors_are_exempt: fee.allCollectorsExempt,
    amount: { numerator: fee.numerator, denominator: fee.denominator },
    collector_account_id: formatId(fee.collector),
    denominating_token_id: formatId(token),
    maximum: fee.maximum ?? null,
    minimum: fee.minimum,
    net_of_transfers: fee.netOfTransfers,
  };
}

function pauseStatus(token: Token): string {
  if (token.pauseKey === undefined) return 'NOT_APPLICABLE';
  return token.paused ? 'PAUSED' : 'UNPAUSED';
}
