import { isEntityId, longZeroNum, parseEntityId, parseEvmAddress } from '../format/entity-id.js';
import { isTimestamp } from '../format/timestamp.js';
import type { Validator } from './filters.js';
import { isTransactionName } from './transaction-names.js';

const MAX_INT64 = 2n ** 63n - 1n;
const MAX_INT32 = 2147483647;

/** 64 (Ed25519), 66 (ECDSA) or 88 (Ed25519 in DER) hex digits. */
const PUBLIC_KEY = /^(0x)?([0-9a-fA-F]{64}|[0-9a-fA-F]{66}|[0-9a-fA-F]{88})$/;

export function isPositiveLong(text: string, allowZero = false): boolean {
  if (!/^\d{1,19}$/.test(text)) return false;
  const value = BigInt(text);
  return value >= (allowZero ? 0n : 1n) && value <= MAX_INT64;
}

export const limit: Validator = (value) => isPositiveLong(value);
export const order: Validator = (value) => value === 'asc' || value === 'desc';
export const timestamp: Validator = (value) => isTimestamp(value);
export const amount: Validator = (value) => isPositiveLong(value, true);
export const positive: Validator = (value) => isPositiveLong(value);
export const publicKey: Validator = (value) => PUBLIC_KEY.test(value);
export const boolean: Validator = (value, operator) => operator === 'eq' && /^(true|false)$/i.test(value);
export const nonce: Validator = (value, operator) =>
  operator === 'eq' && /^\d{1,10}$/.test(value) && Number(value) <= MAX_INT32;
export const encoding: Validator = (value) => /^(base64|utf-?8)$/i.test(value);
export const result: Validator = (value) => value === 'success' || value === 'fail';
export const creditOrDebit: Validator = (value) => /^(credit|debit)$/i.test(value);
export const tokenType: Validator = (value) => /^(all|fungible_common|non_fungible_unique)$/i.test(value);
export const transactionType: Validator = (value) => isTransactionName(value);

/** An entity id, or a long-zero EVM address standing for one. */
export const entityId: Validator = (value) => entityNumber(value) !== undefined;

/** An entity id or any EVM address; one that stands for no number matches no account. */
export const accountId: Validator = (value) => entityId(value, 'eq') || parseEvmAddress(value) !== undefined;

/** Anything at all: the endpoint checks it itself. */
export const anything: Validator = () => true;

/** The number of an id or long-zero address; -1 when well formed but not of shard and realm 0. */
export function entityNumber(text: string): number | undefined {
  if (isEntityId(text)) return parseEntityId(text);
  const hex = parseEvmAddress(text);
  return hex === undefined ? undefined : longZeroNum(hex);
}
