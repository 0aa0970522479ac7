import type { Mark } from './events.js';
import { type RunReport, simulate } from './simulate.js';

/** What many runs came to. */
export interface SweepReport {
  readonly runs: number;
  readonly failed: readonly number[];
  /** In how many runs each was seen. */
  readonly marks: ReadonlyMap<Mark, number>;
  readonly virtualHours: number;
  readonly transactions: number;
  readonly seconds: number;
}

interface SweepOptions {
  readonly stopAtFirst?: boolean;
  readonly withGatekeeper?: boolean;
  readonly onRun?: (report: RunReport, so: { readonly runs: number; readonly perSecond: number }) => void;
}

const MS_PER_HOUR = 3_600_000;

/** One run for each seed. */
export async function sweep(
  from: number,
  seeds: number,
  { stopAtFirst = false, withGatekeeper = false, onRun }: SweepOptions = {},
): Promise<SweepReport> {
  const begunMs = performance.now();
  const marks = new Map<Mark, number>();
  const failed: number[] = [];
  let [runs, virtualMs, transactions] = [0, 0, 0];
  const seconds = () => (performance.now() - begunMs) / 1_000;
  for (let seed = from; seed < from + seeds; seed += 1) {
    const report = await simulate(seed, withGatekeeper);
    runs += 1;
    virtualMs += report.virtualMs;
    transactions += report.transactions;
    for (const mark of report.marks) marks.set(mark, (marks.get(mark) ?? 0) + 1);
    if (report.violations.length > 0) failed.push(seed);
    onRun?.(report, { runs, perSecond: runs / seconds() });
    if (stopAtFirst && failed.length > 0) break;
  }
  return { runs, failed, marks, virtualHours: virtualMs / MS_PER_HOUR, transactions, seconds: seconds() };
}
