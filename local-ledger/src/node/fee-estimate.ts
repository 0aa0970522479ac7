import { extraCharge, type FeePart, nodePart, partTotal } from '../core/fees/fee.js';
import { prices } from '../core/fees/price-list.js';
import { decodeTransaction } from '../core/ingest/decode.js';
import type { LedgerState } from '../core/state/ledger-state.js';
import { operationOf } from '../core/transactions/operation-of.js';
import type { JsonObject } from '../mirror/format/json.js';

/**
 * What a serialized Transaction would cost, in tinycents, in the shape of POST /api/v1/network/fees; with a state, at
 * the price for the tokens and topics as they are. Throws Error when the bytes are no transaction that the network
 * supports.
 */
export function estimateFee(transaction: Uint8Array, state: LedgerState | undefined): JsonObject {
  const { signed, signedBytes, body } = decodeTransaction(transaction);
  const operation = body.data && operationOf(body.data);
  if (operation === undefined) {
    throw new Error('the transaction type is not supported');
  }
  const node = nodePart({ bytes: signedBytes.length, signatures: signed.sigMap?.sigPair.length ?? 0 });
  const service = operation.fee(state);
  const network = partTotal(node) * prices.networkMultiplier;
  return {
    high_volume_multiplier: 1,
    network: { multiplier: Number(prices.networkMultiplier), subtotal: Number(network) },
    node: partJson(node),
    service: partJson(service),
    total: Number(partTotal(node) + network + partTotal(service)),
  };
}

function partJson({ base, extras }: FeePart): JsonObject {
  return {
    base: Number(base),
    extras: extras.map((extra) => ({
      name: extra.name,
      included: extra.included,
      count: extra.count,
      charged: Math.max(0, extra.count - extra.included),
      fee_per_unit: Number(extra.unit),
      subtotal: Number(extraCharge(extra)),
    })),
  };
}
