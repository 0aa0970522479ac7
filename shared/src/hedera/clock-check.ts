import { GatepostError } from '../vocabulary/errors.js';
import { formatDurationMs, formatTime, msFromNanos } from '../vocabulary/time.js';
import type { Connection } from './connection.js';

/**
 * A clock that is ahead by more has its transactions refused as not valid yet, for their ids begin two seconds in the
 * past; one that is behind by more uses up the shortest window there is, of which the network keeps ten seconds back.
 */
const MAX_SKEW_MS = 3_000;

/**
 * Compares this host's clock with the ledger's, as far as the mirror shows it.
 * @throws GatepostError CLOCK_SKEW that says by how much they differ; MIRROR_UNREACHABLE.
 */
export async function checkClock({ mirror, nowMs }: Pick<Connection, 'mirror' | 'nowMs'>): Promise<void> {
  const newestMs = msFromNanos(await mirror.now());
  const hostMs = mirror.hostMs;
  const ownMs = nowMs();
  // An idle network shows no newer transaction; the clock of its mirror goes on.
  const ledgerMs = Math.max(newestMs, hostMs ?? ownMs);
  if (Math.abs(ownMs - ledgerMs) > MAX_SKEW_MS) throw skewed(ownMs, ledgerMs);
}

function skewed(ownMs: number, ledgerMs: number): GatepostError {
  const by = formatDurationMs(Math.abs(ownMs - ledgerMs));
  const way = ownMs < ledgerMs ? 'behind' : 'ahead of';
  return new GatepostError(
    'CLOCK_SKEW',
    `the clock of this host is ${by} ${way} the ledger's: ${formatTime(ownMs)} here, ${formatTime(ledgerMs)} there`,
    { ownMs, ledgerMs },
  );
}
