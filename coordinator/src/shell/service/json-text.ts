import { printableJson } from '@gatepost/shared/vocabulary/printable';

/** JSON with amounts as decimal text, control characters written out. */
export const jsonText = (value: unknown): string =>
  printableJson(JSON.stringify(value, (_key, item: unknown) => (typeof item === 'bigint' ? item.toString() : item)));
