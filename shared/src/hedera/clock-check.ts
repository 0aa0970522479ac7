import { GatepostError } from '../vocabulary/errors.js';
import { formatDurationMs, formatTime, msFromNanos } from '../vocabulary/time.js';
import type { Connection } from './connection.js';

/**
 * A clock that is ahead by more has its transactions refused as not valid yet, for their ids begin two seconds in the
 * past; one that is behind by more uses up the shortest window there is, of which the network keeps ten seconds back.
 */
const MAX_SKEW_MS = 3_000;

/** A date in a header of HTTP leaves out what it is past its second. */
const DATE_RESOLUTION_MS = 1_000;

/**
 * Compares this host's clock with the ledger's, as far as the mirror shows it. The answer tells a moment between the
 * question and its arrival, which may lie far apart where a host is busy: only what no such moment explains is a skew.
 * @throws GatepostError CLOCK_SKEW that says by how much they differ at least; MIRROR_UNREACHABLE.
 */
export async function checkClock({ mirror, nowMs }: Pick<Connection, 'mirror' | 'nowMs'>): Promise<void> {
  const askedMs = nowMs();
  const newestMs = msFromNanos(await mirror.now());
  const answeredMs = nowMs();
  const { hostMs } = mirror;
  // An idle network shows no newer transaction; the clock of its mirror goes on.
  const earliestMs = Math.max(newestMs, hostMs ?? askedMs);
  const latestMs = Math.max(newestMs, hostMs === undefined ? askedMs : hostMs + DATE_RESOLUTION_MS);
  if (earliestMs - answeredMs > MAX_SKEW_MS) throw skewed(answeredMs, earliestMs);
  if (askedMs - latestMs > MAX_SKEW_MS) throw skewed(askedMs, latestMs);
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
