import type { Nanos, Token } from '../../core/model.js';
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

/** GET /tokens/{tokenId}: the token as it is now; not found at times before its creation. */
export const getToken: Resource = ({ state }, request) => {
  const id = tokenInPath(request);
  const at = parseFilters(request.query, ACCEPTED).at(-1);
  const token = state.token(id);
  const until = at === undefined ? undefined : parseTimestamp(at.value) - (at.operator === 'lt' ? 1n : 0n);
  if (token === undefined || (until !== undefined && token.created > until)) throw notFound();
  return { body: formatToken(token, state.tokenModified(id)) };
};

/** Mind the types: decimals and supplies are strings here, the expiry is an integer of nanoseconds. */
function formatToken(token: Token, modified: Nanos): JsonObject {
  return {
    admin_key: formatKey(token.adminKey),
    auto_renew_account: formatNullableId(token.autoRenewAccount),
    auto_renew_period: token.autoRenewSeconds,
    created_timestamp: formatNanos(token.created),
    custom_fees: { created_timestamp: formatNanos(token.created), fixed_fees: [], fractional_fees: [] },
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

function pauseStatus(token: Token): string {
  if (token.pauseKey === undefined) return 'NOT_APPLICABLE';
  return token.paused ? 'PAUSED' : 'UNPAUSED';
}
