/** Time as a shell uses it; tests and the simulation bring their own. Deadlines of the ledger are not its business. */
export interface Clock {
  /** Milliseconds since the Unix epoch. */
  nowMs(): number;
  /** Calls back once at a time, or at once when it has passed; returns how to call that off. */
  at(timeMs: number, callback: () => void): () => void;
  /** Calls back once what is ready now has had its turn. */
  soon(callback: () => void): void;
}

/** Longest delay of a Node timer; a longer wait is taken in steps. Short steps also notice a clock that was set. */
const LONGEST_STEP_MS = 60_000;

const systemTimers = (hold: boolean): Clock => ({
  nowMs: () => Date.now(),
  at(timeMs, callback) {
    let timer: NodeJS.Timeout;
    const wait = (): void => {
      const leftMs = timeMs - Date.now();
      timer = setTimeout(leftMs > LONGEST_STEP_MS ? wait : callback, Math.min(LONGEST_STEP_MS, Math.max(0, leftMs)));
      if (!hold) timer.unref();
    };
    wait();
    return () => clearTimeout(timer);
  },
  soon: (callback) => void setImmediate(callback),
});

/** The host's clock; what waits for it does not keep the process alive. */
export const systemClock: Clock = systemTimers(false);

/** The host's clock, for work that the process must not end before. */
export const waitingClock: Clock = systemTimers(true);

/** Resolves after a while, or at once when the signal aborts. Never rejects. */
export function pause(clock: Clock, ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted === true) return resolve();
    const end = (): void => {
      signal?.removeEventListener('abort', end);
      callOff();
      resolve();
    };
    const callOff = clock.at(clock.nowMs() + ms, end);
    signal?.addEventListener('abort', end, { once: true });
  });
}
