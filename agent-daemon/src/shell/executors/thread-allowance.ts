/** How long calls wait for a thread before there may be more of them. */
const PATIENCE_MS = 200;

/**
 * How many threads calls have to themselves: a few at first, for calls that are soon over keep those warm, and a cold thread
 * costs more than many calls. When no call has given its thread back for a while and others wait, twice as many, up to the
 * bound.
 */
export class ThreadAllowance {
  readonly #waiting = new Set<() => void>();
  #used = 0;
  #timer: NodeJS.Timeout | undefined;
  #turn: NodeJS.Immediate | undefined;

  constructor(
    private allowed: number,
    private readonly most: number,
  ) {}

  /** Resolves when there is a thread for one more call, or when the call need not be made any more. */
  async enter(signal: AbortSignal): Promise<void> {
    if (this.#used >= this.allowed && !signal.aborted) await this.#wait(signal);
    else this.#used += 1;
  }

  leave(): void {
    this.#used -= 1;
    this.#admit();
    this.#watch();
  }

  #wait(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const admitted = () => {
        this.#waiting.delete(admitted);
        signal.removeEventListener('abort', admitted);
        this.#used += 1;
        resolve();
      };
      this.#waiting.add(admitted);
      signal.addEventListener('abort', admitted);
      if (this.#timer === undefined) this.#watch();
    });
  }

  #admit(): void {
    for (const admitted of this.#waiting) {
      if (this.#used >= this.allowed) return;
      admitted();
    }
  }

  #watch(): void {
    clearTimeout(this.#timer);
    clearImmediate(this.#turn);
    this.#timer = undefined;
    if (this.#waiting.size === 0 || this.allowed >= this.most) return;
    // A process that had no time hears first which calls are over.
    this.#timer = setTimeout(() => {
      this.#turn = setImmediate(() => this.#grow());
    }, PATIENCE_MS);
  }

  #grow(): void {
    this.allowed = Math.min(this.most, this.allowed * 2);
    this.#admit();
    this.#watch();
  }
}
