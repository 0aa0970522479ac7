import type { ExchangeRateSet } from '@gatepost/local-ledger/gen/services_exchange_rate';

/** One hundred-millionth of a hundredth of a dollar: 1 USD = 10^10 tinycents. */
export type Tinycents = bigint;

/** Price of hbar: `hbarEquiv` hbar cost `centEquiv` US cents. */
export interface ExchangeRate {
  readonly hbarEquiv: number;
  readonly centEquiv: number;
}

/** The rates the network starts with, which this one keeps; both hold until `expirySeconds` since the epoch. */
export const exchangeRates = {
  current: { hbarEquiv: 1, centEquiv: 12 },
  next: { hbarEquiv: 1, centEquiv: 15 },
  expirySeconds: 4_102_444_800n,
} as const;

/** Tinybar worth `amount`, rounded down. */
export function toTinybar(amount: Tinycents, rate: ExchangeRate = exchangeRates.current): bigint {
  return (amount * BigInt(rate.hbarEquiv)) / BigInt(rate.centEquiv);
}

/** The wire form, as every receipt and file 0.0.112 carry it. */
export function exchangeRateSet(): ExchangeRateSet {
  const expirationTime = { seconds: exchangeRates.expirySeconds };
  return {
    currentRate: { ...exchangeRates.current, expirationTime },
    nextRate: { ...exchangeRates.next, expirationTime },
  };
}
