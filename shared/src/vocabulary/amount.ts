import { GatepostError } from './errors.js';

/** An amount of the payment token in its smallest unit; positive, at most 2^63-1. */
export type TokenAmount = bigint;

export const MAX_AMOUNT: TokenAmount = (1n << 63n) - 1n;

/** Tinybar -> text such as `0.00012 ℏ`. */
export function formatTinybar(tinybar: bigint): string {
  const sign = tinybar < 0n ? '-' : '';
  const abs = tinybar < 0n ? -tinybar : tinybar;
  const fraction = (abs % 100_000_000n).toString().padStart(8, '0').replace(/0+$/, '');
  return `${sign}${abs / 100_000_000n}${fraction === '' ? '' : `.${fraction}`} ℏ`;
}

/** @throws GatepostError USAGE unless the text is a whole number from 1 to 2^63-1 without leading zeros. */
export function parseAmount(text: string, what = 'amount'): TokenAmount {
  const amount = /^[1-9]\d{0,18}$/.test(text) ? BigInt(text) : 0n;
  if (amount < 1n || amount > MAX_AMOUNT) {
    throw new GatepostError(
      'USAGE',
      `${what} must be a whole number from 1 to ${MAX_AMOUNT}, not ${JSON.stringify(text)}`,
    );
  }
  return amount;
}
