import type { Clock } from '@gatepost/shared/clock';

/** Lets a loop sleep until something happens or a time is over. */
export class Waker {
  #woken = false;
  #resume: (() => void) | undefined;

  constructor(readonly clock: Clock) {}

  /** May be called at any time; a call during the loop's work is not lost. */
  readonly wake = (): void => {
    this.#woken = true;
    this.#resume?.();
  };

  /** Resolves when it was woken or a time is over, and all that is ready by then has had its turn: it is looked at once. */
  async wait(atMostMs: number): Promise<void> {
    if (!this.#woken) {
      await new Promise<void>((resume) => {
        const callOff = this.clock.at(this.clock.nowMs() + atMostMs, resume);
        this.#resume = () => {
          callOff();
          resume();
        };
      });
    }
    this.#resume = undefined;
    await new Promise<void>((resume) => this.clock.soon(resume));
    this.#woken = false;
  }
}
