import { pause, waitingClock } from '../clock.js';
import { toGatepostError } from '../vocabulary/errors.js';

/** Longest wait for what a command was told exists; the public mirror shows it within seconds. */
const LONGEST_MS = 12_000;
/** Between two looks at the mirror. */
const PAUSE_MS = 250;
/** A wait longer than this is said. */
const SAY_AFTER_MS = 1_000;

/**
 * Reads what was made a moment ago, perhaps by somebody else: the mirror lags consensus, so absence is believed only
 * after a while.
 * @param what how the word about the wait calls it, such as `token 0.0.5`.
 * @param longestMs when absence is believed.
 * @throws GatepostError NOT_FOUND when the mirror does not show it in time, MIRROR_UNREACHABLE.
 */
export async function shownByMirror<T>(what: string, read: () => Promise<T>, longestMs = LONGEST_MS): Promise<T> {
  const start = waitingClock.nowMs();
  let said = false;
  for (;;) {
    try {
      return await read();
    } catch (error) {
      const passed = waitingClock.nowMs() - start;
      if (toGatepostError(error).code !== 'NOT_FOUND' || passed >= longestMs) throw error;
      if (!said && passed >= SAY_AFTER_MS) {
        said = true;
        process.stderr.write(`waiting for the mirror to show ${what}, at most ${Math.round(longestMs / 1_000)} s\n`);
      }
      await pause(waitingClock, PAUSE_MS);
    }
  }
}
