import type { JsonObject } from '../format/json.js';
import { formatNanos } from '../format/timestamp.js';
import type { ExchangeRateView } from '../network.js';
import { parseFilters } from '../query/filters.js';
import * as valid from '../query/validators.js';
import { checkTimestamps } from './network-timestamp.js';
import type { Resource } from './resource.js';

/** GET /network/exchangerate: the rates in force and the next ones. */
export const getExchangeRate: Resource = ({ network, state }, { query }) => {
  checkTimestamps(parseFilters(query, { timestamp: valid.anything }));
  const { current, next } = network.exchangeRates();
  const timestamp = formatNanos(state.first);
  return { body: { current_rate: formatRate(current), next_rate: formatRate(next), timestamp } };
};

function formatRate(rate: ExchangeRateView): JsonObject {
  return {
    cent_equivalent: rate.cents,
    expiration_time: rate.expirationSeconds,
    hbar_equivalent: rate.hbars,
  };
}
