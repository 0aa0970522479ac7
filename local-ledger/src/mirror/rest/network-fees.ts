import { formatNanos } from '../format/timestamp.js';
import type { ExchangeRateView } from '../network.js';
import { orderOf, parseFilters } from '../query/filters.js';
import { javaError } from '../query/http-error.js';
import * as valid from '../query/validators.js';
import { checkTimestamps } from './network-timestamp.js';
import type { Resource } from './resource.js';

/** Gas prices of the legacy fee schedule in thousandths of a tinycent; gas is all this resource lists. */
const GAS = [
  { type: 'ContractCall', milliTinycents: 852_000n },
  { type: 'ContractCreate', milliTinycents: 852_000n },
  { type: 'EthereumTransaction', milliTinycents: 852_000n },
];

const ACCEPTED = { order: valid.order, timestamp: valid.anything };

/** GET /network/fees: gas prices in tinybar, by name of the transaction type. */
export const listFees: Resource = ({ network, state }, { query }) => {
  const filters = parseFilters(query, ACCEPTED);
  checkTimestamps(filters);
  const rate = network.exchangeRates().current;
  const fees = GAS.map(({ type, milliTinycents }) => ({ gas: tinybar(milliTinycents, rate), transaction_type: type }));
  if (orderOf(filters, 'asc') === 'desc') fees.reverse();
  return { body: { fees, timestamp: formatNanos(state.latest) } };
};

function tinybar(milliTinycents: bigint, rate: ExchangeRateView): bigint {
  const price = (milliTinycents * BigInt(rate.hbars)) / (BigInt(rate.cents) * 1000n);
  return price > 0n ? price : 1n;
}

/** POST /network/fees?mode=...: what a transaction would cost, in tinycents (HIP-1261). */
export const estimateFee: Resource = ({ network }, { query, body, contentType }) => {
  if (!/^application\/(x-)?protobuf\s*(;|$)/i.test(contentType)) {
    throw javaError(415, `Content-Type '${contentType}' is not supported`);
  }
  const mode = (query.get('mode')?.at(-1) ?? 'INTRINSIC').toUpperCase();
  if (mode !== 'INTRINSIC' && mode !== 'STATE') throw javaError(400, "Failed to convert 'mode'");
  const throttle = query.get('high_volume_throttle')?.at(-1) ?? '0';
  if (!/^\d{1,5}$/.test(throttle)) throw javaError(400, "Failed to convert 'high_volume_throttle'");
  if (Number(throttle) > 10_000) throw javaError(400, 'high_volume_throttle must be less than or equal to 10000');
  if (body.length === 0) throw javaError(400, 'Failed to read request');
  if (network.estimateFee === undefined) throw javaError(404, 'Fee estimation is not available');
  try {
    return { body: network.estimateFee(body, { mode, highVolumeThrottle: Number(throttle) }) };
  } catch (cause) {
    const detail = cause instanceof Error ? cause.message : String(cause);
    throw javaError(400, detail || 'Unable to parse transaction');
  }
};
