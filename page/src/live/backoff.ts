const FIRST_MS = 1_000;
const MOST_MS = 30_000;

/**
 * How long to wait before the next try, in milliseconds: twice as long each time, up to half a minute, at least half of it
 * and otherwise by chance, so that not all pages come back at once; and no less than the service asked for.
 * @param failures how many tries failed, one after the other; 1 or more.
 * @param chance from 0 to below 1.
 */
export function backoffMs(failures: number, chance: number, askedMs = 0): number {
  const full = Math.min(MOST_MS, FIRST_MS * 2 ** Math.min(failures - 1, 10));
  return Math.max(askedMs, Math.round(full / 2 + (full / 2) * chance));
}
