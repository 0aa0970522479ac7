import type { Clock } from '@gatepost/shared/clock';

/** The clock of one process: it may be wrong, and when the process is dead nothing is called any more. */
export class ProcessClock implements Clock {
  constructor(
    readonly world: Clock,
    /** How far it is ahead of the world's, milliseconds. */
    readonly skewMs: number,
    readonly killed: AbortSignal,
  ) {}

  nowMs(): number {
    return this.world.nowMs() + this.skewMs;
  }

  at(timeMs: number, callback: () => void): () => void {
    return this.world.at(timeMs - this.skewMs, () => {
      if (!this.killed.aborted) callback();
    });
  }

  soon(callback: () => void): void {
    this.at(this.nowMs(), callback);
  }
}
