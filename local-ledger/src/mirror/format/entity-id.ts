import type { EntityNum } from '../../core/model.js';

/** Entity numbers have 38 bits in the mirror's encoding. */
const MAX_NUM = 2n ** 38n - 1n;

const DOTTED = /^(?:(\d{1,4})\.)?(\d{1,5})\.(\d{1,12})$/;
const PLAIN = /^\d{1,19}$/;
const EVM_ADDRESS = /^(?:0x|(?:\d{1,4}\.)?(?:\d{1,5}\.)?)?([0-9a-fA-F]{40})$/;

/** `0.0.num`. */
export function formatId(num: EntityNum): string {
  return `0.0.${num}`;
}

export function formatNullableId(num: EntityNum | undefined): string | null {
  return num === undefined || num === 0 ? null : formatId(num);
}

/** Whether text has the form of an entity id: `num`, `realm.num` or `shard.realm.num`. */
export function isEntityId(text: string): boolean {
  return DOTTED.test(text) || PLAIN.test(text);
}

/**
 * The number of an entity id, -1 for an id that is well formed but of another shard or realm, undefined
 * for what is no id at all or too large.
 */
export function parseEntityId(text: string): EntityNum | undefined {
  const dotted = DOTTED.exec(text);
  if (dotted !== null) {
    const num = BigInt(dotted[3] ?? '');
    if (num > MAX_NUM) return undefined;
    return Number(dotted[1] ?? 0) === 0 && Number(dotted[2]) === 0 ? Number(num) : -1;
  }
  if (!PLAIN.test(text)) return undefined;
  const encoded = BigInt(text);
  if (encoded > 2n ** 63n - 1n) return undefined;
  return encoded <= MAX_NUM ? Number(encoded) : -1;
}

/** The 40 lower-case hex digits of an EVM address with or without `0x` or `shard.realm.`; else undefined. */
export function parseEvmAddress(text: string): string | undefined {
  return EVM_ADDRESS.exec(text)?.[1]?.toLowerCase();
}

/** The number inside a long-zero EVM address (12 zero bytes, then the number); undefined for any other. */
export function longZeroNum(hex: string): EntityNum | undefined {
  if (!hex.startsWith('0'.repeat(24))) return undefined;
  const num = BigInt(`0x${hex.slice(24)}`);
  return num <= MAX_NUM ? Number(num) : undefined;
}

/** The EVM address that stands for an entity number, with `0x`. */
export function longZeroAddress(num: EntityNum): string {
  return `0x${num.toString(16).padStart(40, '0')}`;
}
