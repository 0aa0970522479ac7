import type { Change } from '@gatepost/rules/run/change';
import { printable } from '@gatepost/shared/vocabulary/printable';
import { formatDurationMs } from '@gatepost/shared/vocabulary/time';
import type { RunProgress } from '../../shell/reports/reporter.js';
import { progressInWords } from './words.js';

/** What an attempt does that is not over. */
interface Active {
  readonly sinceMs: number;
  readonly what: string;
}

/** The rate is that of this time, or of as much of it as the run has lasted. */
const RATE_WINDOW_MS = 60_000;
/** Failures that stay in sight. */
const MAX_FAILURES = 3;

/** Plans with more tasks are told by what is out of the ordinary, and by counts. */
export const MOST_TASKS_TOLD = 40;

/** Whether people want to read of a change in a plan of thousands of tasks. */
export function isNoteworthy({ event }: Change): boolean {
  return (
    event !== 'assigned' && event !== 'started' && event !== 'result' && event !== 'verdict' && event !== 'settled'
  );
}

/** What a run does now, in as many lines as there is room for. Its only clock is what it is told. */
export class Progress {
  readonly #active = new Map<string, Active>();
  readonly #failures: string[] = [];
  /** When tasks were over, within the window; milliseconds since the Unix epoch. */
  readonly #ended: number[] = [];

  constructor(
    readonly state: RunProgress,
    readonly begunMs: number,
  ) {}

  change(change: Change, nowMs: number): void {
    if (!('task' in change)) return;
    const { task, event } = change;
    if (event === 'assigned' || event === 'started') this.#does(task, event, nowMs);
    else if (event === 'result') this.#does(task, 'at its gates', nowMs);
    else this.#active.delete(task);
    const isLost = event === 'failed' || event === 'blocked' || event === 'cancelled';
    if (isLost) {
      this.#failures.push(`${task} ${event}: ${change.reason}`);
      if (this.#failures.length > MAX_FAILURES) this.#failures.shift();
    }
    if (isLost || event === 'verdict') this.#ended.push(nowMs);
  }

  progress(task: string, fraction: number, message: string, nowMs: number): void {
    this.#does(task, progressInWords(fraction, message), nowMs);
  }

  #does(task: string, what: string, nowMs: number): void {
    this.#active.set(task, { sinceMs: this.#active.get(task)?.sinceMs ?? nowMs, what });
  }

  /** How far it is, how fast, and how long it may take. */
  headline(nowMs: number): string {
    const { state } = this;
    const total = state.context.plan.tasks.length;
    const over = total - state.unfinished;
    const counts = [`${over} of ${total} tasks over`];
    if (state.lost > 0) counts.push(`${state.lost} failed or blocked`);
    counts.push(`${state.openAttempts} at work`, `${state.paid} paid`);
    const perMs = this.#ratePerMs(nowMs);
    if (perMs > 0) {
      counts.push(`${rateInWords(perMs)}`);
      if (state.unfinished > 0) counts.push(`about ${formatDurationMs(state.unfinished / perMs)} left`);
    }
    return counts.join(', ');
  }

  #ratePerMs(nowMs: number): number {
    const from = nowMs - RATE_WINDOW_MS;
    const stale = this.#ended.findIndex((ms) => ms >= from);
    this.#ended.splice(0, stale < 0 ? this.#ended.length : stale);
    return this.#ended.length / Math.max(1_000, Math.min(RATE_WINDOW_MS, nowMs - this.begunMs));
  }

  /** The headline, what failed last, and what has been at work for longest; at most so many lines. */
  lines(rows: number, nowMs: number): string[] {
    const room = Math.max(0, rows - 1);
    const failures = this.#failures.slice(-room).map((line) => `  ✗ ${printable(line)}`);
    const slowest = [...this.#active].sort(([, a], [, b]) => a.sinceMs - b.sinceMs);
    const shown = slowest.slice(0, room - failures.length).map(([task, { sinceMs, what }]) => {
      return `  ${printable(task)}  ${formatDurationMs(nowMs - sinceMs)}  ${what}`;
    });
    return [this.headline(nowMs), ...failures, ...shown];
  }
}

function rateInWords(perMs: number): string {
  const perMinute = perMs * 60_000;
  return perMinute >= 100 ? `${(perMs * 1_000).toFixed(1)} per second` : `${perMinute.toFixed(1)} per minute`;
}
