/** Those who wait for the same event, such as that a stream takes more; whoever sees it lets all of them go on. */
export class Waiters {
  #waiting: (() => void)[] = [];

  get size(): number {
    return this.#waiting.length;
  }

  /** Resolves with the next release. */
  wait(): Promise<void> {
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  release(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const resolve of waiting) resolve();
  }
}
