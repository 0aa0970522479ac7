import type { Schedule } from '../../core/model.js';
import { formatId, isEntityId, parseEntityId } from '../format/entity-id.js';
import type { Json, JsonObject } from '../format/json.js';
import { formatKey } from '../format/key.js';
import { formatNanos } from '../format/timestamp.js';
import { filtersOf, limitOf, orderOf, parseFilters, refuseParameters } from '../query/filters.js';
import { invalidParameters, notFound } from '../query/http-error.js';
import { nextPage } from '../query/page-link.js';
import { idValue, pickIds } from '../query/pick.js';
import { isInRange, rangeOf } from '../query/range.js';
import * as valid from '../query/validators.js';
import { pathParameter, type Resource } from './resource.js';

const ACCEPTED = {
  'account.id': valid.accountId,
  limit: valid.limit,
  order: valid.order,
  'schedule.id': valid.entityId,
};

/** A settled schedule no longer changes. */
const SETTLED_SECONDS = 3600;
const EXPIRY_GRACE = 60_000_000_000n;

/** GET /schedules; `account.id` is the creator. */
export const listSchedules: Resource = ({ state }, { path, query }) => {
  const filters = parseFilters(query, ACCEPTED);
  const page = { limit: limitOf(filters), order: orderOf(filters, 'asc'), equality: 'all' as const };
  const creators = rangeOf(filtersOf(filters, 'account.id'), idValue, 'all');
  const ids = pickIds(state.scheduleIds, filters, 'schedule.id', page, (id) =>
    isInRange(creators, BigInt(state.schedule(id)?.creator ?? -1)),
  );
  const schedules = ids.flatMap((id): Json[] => {
    const schedule = state.schedule(id);
    return schedule === undefined ? [] : [formatSchedule(schedule)];
  });
  const last = ids.length === page.limit ? ids.at(-1) : undefined;
  const end = last === undefined ? undefined : { name: 'schedule.id', value: formatId(last), parse: idValue };
  return { body: { schedules, links: { next: nextPage(path, query, page.order, end) } } };
};

/** GET /schedules/{scheduleId}: also after its execution, deletion or expiry. */
export const getSchedule: Resource = (context, request) => {
  refuseParameters(request.query);
  const text = pathParameter(request, 'id');
  const num = isEntityId(text) ? parseEntityId(text) : undefined;
  if (num === undefined) throw invalidParameters('scheduleid');
  const schedule = context.state.schedule(num);
  if (schedule === undefined) throw notFound();
  const isSettled =
    schedule.executed !== undefined ||
    schedule.deletedAt !== undefined ||
    context.now() >= schedule.expiry + EXPIRY_GRACE;
  return { body: formatSchedule(schedule), ...(isSettled ? { maxAgeSeconds: SETTLED_SECONDS } : {}) };
};

function formatSchedule(schedule: Schedule): JsonObject {
  return {
    admin_key: formatKey(schedule.adminKey),
    consensus_timestamp: formatNanos(schedule.created),
    creator_account_id: formatId(schedule.creator),
    deleted: schedule.deletedAt !== undefined,
    executed_timestamp: schedule.executed === undefined ? null : formatNanos(schedule.executed),
    expiration_time: schedule.expiryExplicit ? formatNanos(schedule.expiry) : null,
    memo: schedule.memo,
    payer_account_id: formatId(schedule.payer),
    schedule_id: formatId(schedule.num),
    signatures: schedule.signatures.map((one) => ({
      consensus_timestamp: formatNanos(one.consensusTimestamp),
      public_key_prefix: Buffer.from(one.publicKey).toString('base64'),
      signature: Buffer.from(one.signature).toString('base64'),
      type: one.type,
    })),
    transaction_body: Buffer.from(schedule.body).toString('base64'),
    wait_for_expiry: schedule.waitForExpiry,
  };
}
