import { setTimeout as sleep } from 'node:timers/promises';
import { systemClock } from '@gatepost/shared/clock';

const PAUSE_MS = 250;
const PATIENCE_MS = 10_000;

/** Asks again until there is an answer or patience ends; the mirror lags what receipts say. */
export async function pollUntil<T>(
  ask: () => Promise<T | undefined>,
  patienceMs = PATIENCE_MS,
): Promise<T | undefined> {
  const end = systemClock.nowMs() + patienceMs;
  for (;;) {
    const answer = await ask();
    if (answer !== undefined || systemClock.nowMs() >= end) return answer;
    await sleep(PAUSE_MS);
  }
}
