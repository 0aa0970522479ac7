import { hex } from '../bytes.js';
import type { CryptoPort } from '../crypto-port.js';
import type { LedgerState } from './ledger-state.js';

/** SHA-384 over the whole state in a canonical form, hex: equal for equal states, whatever way led there. */
export function stateDigest(state: LedgerState, crypto: CryptoPort): string {
  const tables = [state.accounts, state.topics, state.tokens, state.relations, state.allowances, state.schedules];
  const text = tables.map((table) => [...table.values()].map(canonical).sort().join('\n')).join('\n\n');
  return hex(crypto.sha384(new TextEncoder().encode(`${text}\n\n${state.nextEntity}`)));
}

/** A value as text that does not depend on the order in which its fields were set. */
function canonical(value: unknown): string {
  if (value instanceof Uint8Array) {
    return `x${hex(value)}`;
  }
  if (Array.isArray(value)) {
    return `[${value.map(canonical).join(',')}]`;
  }
  if (typeof value !== 'object' || value === null) {
    return typeof value === 'bigint' ? `${value}n` : (JSON.stringify(value) ?? 'undefined');
  }
  const fields = Object.entries(value).filter(([name, field]) => name !== '_unknownFields' && field !== undefined);
  return `{${fields
    .map(([name, field]) => `${name}:${canonical(field)}`)
    .sort()
    .join(',')}}`;
}
