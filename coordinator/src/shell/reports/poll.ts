import { setTimeout as sleep } from 'node:timers/promises';

const PAUSE_MS = 250;
const PATIENCE_MS = 10_000;

/** Asks again until there is an answer or patience ends; the mirror lags what receipts say. */
export async function pollUntil<T>(
  ask: () => Promise<T | undefined>,
  patienceMs = PATIENCE_MS,
): Promise<T | undefined> {
  const end = Date.now() + patienceMs;
  for (;;) {
    const answer = await ask();
    if (answer !== undefined || Date.now() >= end) return answer;
    await sleep(PAUSE_MS);
  }
}
