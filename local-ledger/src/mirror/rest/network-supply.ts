import { formatNanos } from '../format/timestamp.js';
import { lastValue, parseFilters } from '../query/filters.js';
import { javaError } from '../query/http-error.js';
import * as valid from '../query/validators.js';
import { balancesAt } from '../store/balance-history.js';
import type { MirrorState } from '../store/mirror-state.js';
import { checkTimestamps } from './network-timestamp.js';
import type { Resource } from './resource.js';

/** Tinybar that exist: 50 billion hbar. */
const TOTAL = 5_000_000_000_000_000_000n;
const TINYBAR_PER_HBAR = 100_000_000n;

/** Ranges of account numbers whose hbar counts as not released (configuration of the public mirror nodes). */
const UNRELEASED = [
  [2, 2],
  [42, 42],
  [44, 71],
  [73, 87],
  [99, 100],
  [200, 349],
  [400, 750],
] as const;

/** GET /network/supply; `q=totalcoins|circulating` answers in plain text and hbar. */
export const getSupply: Resource = ({ state }, { query }) => {
  const filters = parseFilters(query, { q: valid.anything, timestamp: valid.anything });
  const at = checkTimestamps(filters);
  const asked = lastValue(filters, 'q')?.toLowerCase();
  if (asked !== undefined && asked !== 'totalcoins' && asked !== 'circulating') {
    throw javaError(400, "Failed to convert 'q'");
  }
  const timestamp = at === undefined || at > state.latest ? state.latest : at;
  if (state.accountIds.size === 0) throw javaError(404, 'Network supply not found');
  const released = TOTAL - unreleased(state, at);
  if (asked !== undefined) return { body: hbars(asked === 'totalcoins' ? TOTAL : released), plainText: true };
  return {
    body: {
      released_supply: released.toString(),
      timestamp: formatNanos(timestamp),
      total_supply: TOTAL.toString(),
    },
  };
};

function unreleased(state: MirrorState, at: bigint | undefined): bigint {
  let sum = 0n;
  for (const [from, to] of UNRELEASED) {
    for (const id of state.accountIds.between(BigInt(from), BigInt(to), 'asc')) {
      const view = state.account(id);
      if (view !== undefined) sum += at === undefined ? view.account.balance : balancesAt(state, view, at).hbar;
    }
  }
  return sum;
}

function hbars(tinybar: bigint): string {
  return `${tinybar / TINYBAR_PER_HBAR}.${(tinybar % TINYBAR_PER_HBAR).toString().padStart(8, '0')}`;
}
