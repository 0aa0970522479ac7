import { type Clock, pause } from '../clock.js';
import type { Outcome } from '../vocabulary/outcome.js';
import type { ExecuteOptions, Ledger, PreparedTransaction } from './ledger.js';

const MIN_PAUSE_MS = 500;
const MAX_PAUSE_MS = 10_000;

/**
 * Executes until the outcome is known, however long that takes: always the same bytes, so nothing happens twice. Only
 * the signal ends it earlier, with `unknown`.
 */
export async function executeUntilKnown(
  ledger: Ledger,
  clock: Clock,
  prepared: PreparedTransaction,
  options: ExecuteOptions = {},
): Promise<Outcome> {
  for (let pauseMs = MIN_PAUSE_MS; ; pauseMs = Math.min(2 * pauseMs, MAX_PAUSE_MS)) {
    const outcome = await ledger.execute(prepared, options);
    if (outcome.kind !== 'unknown' || options.signal?.aborted === true) return outcome;
    options.onWait?.(outcome.why);
    await pause(clock, pauseMs, options.signal);
  }
}
