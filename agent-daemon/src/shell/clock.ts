/** Time as the shell uses it; tests bring their own. */
export interface Clock {
  /** Milliseconds since the Unix epoch. */
  nowMs(): number;
  /** Calls back once at a time, or at once when it has passed; returns how to call that off. */
  at(timeMs: number, callback: () => void): () => void;
}

/** Longest delay of a Node timer; a longer wait is taken in steps. Short steps also notice a clock that was set. */
const LONGEST_STEP_MS = 60_000;

export const systemClock: Clock = {
  nowMs: () => Date.now(),
  at(timeMs, callback) {
    let timer: NodeJS.Timeout;
    const wait = (): void => {
      const leftMs = timeMs - Date.now();
      timer = setTimeout(leftMs > LONGEST_STEP_MS ? wait : callback, Math.min(LONGEST_STEP_MS, Math.max(0, leftMs)));
      timer.unref();
    };
    wait();
    return () => clearTimeout(timer);
  },
};
