import type { Key } from '@gatepost/local-ledger/gen/services_basic_types';
import type { Tinycents } from '../fees/exchange-rate.js';
import type { FeePart } from '../fees/fee.js';
import { prices } from '../fees/price-list.js';
import { countKeys } from '../keys/key-structure.js';

/** A fee without extras. */
export function flatFee(base: Tinycents): FeePart {
  return { base, extras: [] };
}

/** A fee with a charge for each key beyond the included ones. */
export function feeWithKeys(base: Tinycents, keys: readonly (Key | undefined)[], included: number): FeePart {
  const count = keys.reduce((sum, key) => sum + countKeys(key), 0);
  return { base, extras: [{ name: 'KEYS', included, count, unit: prices.keyExtra }] };
}
