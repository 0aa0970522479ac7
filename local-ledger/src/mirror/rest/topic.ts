import type { TopicFee } from '../../core/model.js';
import { formatId, formatNullableId, isEntityId, parseEntityId } from '../format/entity-id.js';
import type { JsonObject } from '../format/json.js';
import { formatKey } from '../format/key.js';
import { formatNanos } from '../format/timestamp.js';
import { javaError } from '../query/http-error.js';
import { pathParameter, type Resource } from './resource.js';

/** GET /topics/{id}: served by the network's Java service, hence its own wording of errors. */
export const getTopic: Resource = ({ state }, request) => {
  const text = pathParameter(request, 'id');
  const num = isEntityId(text) ? parseEntityId(text) : undefined;
  if (num === undefined || (num < 0 && !text.includes('.'))) {
    throw javaError(400, "Invalid value for path variable 'id'");
  }
  const dated = state.topic(num);
  if (dated === undefined) throw javaError(404, `Entity not found: ${num < 0 ? text : formatId(num)}`);
  const topic = dated.value;
  return {
    body: {
      admin_key: formatKey(topic.adminKey),
      auto_renew_account: formatNullableId(topic.autoRenewAccount),
      auto_renew_period: topic.autoRenewSeconds,
      created_timestamp: formatNanos(topic.created),
      custom_fees: { created_timestamp: formatNanos(topic.created), fixed_fees: topic.customFees.map(formatFee) },
      deleted: topic.deleted,
      fee_exempt_key_list: topic.feeExemptKeys.map(formatKey),
      fee_schedule_key: formatKey(topic.feeScheduleKey),
      memo: topic.memo,
      submit_key: formatKey(topic.submitKey),
      timestamp: { from: formatNanos(dated.since), to: null },
      topic_id: formatId(topic.num),
    },
  };
};

function formatFee({ amount, token, collector }: TopicFee): JsonObject {
  return { amount, collector_account_id: formatId(collector), denominating_token_id: formatNullableId(token) };
}
