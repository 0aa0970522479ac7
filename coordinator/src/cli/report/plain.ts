import type { RunState } from '@gatepost/rules/run/run-state';
import { systemClock } from '@gatepost/shared/clock';
import { printable } from '@gatepost/shared/vocabulary/printable';
import type { Reporter } from '../../shell/reports/reporter.js';
import { summaryText } from './table.js';
import { inWords, progressInWords, waitInWords } from './words.js';

/** How a run is announced. */
export function heading(state: RunState, how: 'new' | 'resumed' | 'closed'): string {
  const { run, plan, journal } = state.context;
  const what = { new: 'new run', resumed: 'resuming run', closed: 'already closed (--new opens another): run' }[how];
  return `${printable(plan.name)}: ${what} ${run}, ${plan.tasks.length} tasks, journal ${journal}`;
}

/** One line per event, for pipes and logs. */
export function plainReporter(write: (text: string) => void): Reporter {
  return {
    begin: (state, how) => write(`${heading(state, how)}\n`),
    change: (change) => {
      const words = inWords(change);
      if (words !== undefined) write(`${words}\n`);
    },
    progress: (task, _attempt, _agent, fraction, message) => write(`${task}  ${progressInWords(fraction, message)}\n`),
    waiting: (wait) => write(`${waitInWords(wait, systemClock.nowMs())}\n`),
    end: (summary) => write(summaryText(summary)),
  };
}
