import { type Clock, systemClock } from '@gatepost/shared/clock';
import { counted } from '@gatepost/shared/vocabulary/counted';
import type { Linked } from '@gatepost/shared/vocabulary/explorer';
import { printable } from '@gatepost/shared/vocabulary/printable';
import type { Reporter, RunProgress } from '../../shell/reports/reporter.js';
import { isNoteworthy, MOST_TASKS_TOLD, Progress } from './progress.js';
import { summaryText } from './table.js';
import { inWords, progressInWords, waitInWords } from './words.js';

/** How a run is announced. */
export function heading(state: RunProgress, how: 'new' | 'resumed' | 'closed', linked: Linked): string {
  const { run, plan, journal } = state.context;
  const what = { new: 'new run', resumed: 'resuming run', closed: 'already closed (--new opens another): run' }[how];
  return `${printable(plan.name)}: ${what} ${run}, ${counted(plan.tasks.length, 'task')}, journal ${linked('topic', journal)}`;
}

/** How often a large plan says how far it is. */
const HEADLINE_EVERY_MS = 10_000;

/** One line per event, for pipes and logs; of a large plan only what is noteworthy, and now and then how far it is. */
export function plainReporter(write: (text: string) => void, linked: Linked, clock: Clock = systemClock): Reporter {
  let large: Progress | undefined;
  let saidMs = clock.nowMs();
  return {
    begin: (state, how) => {
      if (state.context.plan.tasks.length > MOST_TASKS_TOLD) large = new Progress(state, clock.nowMs());
      write(`${heading(state, how, linked)}\n`);
    },
    change: (change) => {
      const nowMs = clock.nowMs();
      large?.change(change, nowMs);
      const words = large === undefined || isNoteworthy(change) ? inWords(change, linked) : undefined;
      if (words !== undefined) write(`${words}\n`);
      if (large === undefined || nowMs - saidMs < HEADLINE_EVERY_MS) return;
      saidMs = nowMs;
      write(`${large.headline(nowMs)}\n`);
    },
    progress: (task, _attempt, _agent, fraction, message) => {
      if (large === undefined) write(`${task}  ${progressInWords(fraction, message)}\n`);
    },
    waiting: (wait) => write(`${waitInWords(wait, clock.nowMs())}\n`),
    end: (summary) => write(summaryText(summary, linked)),
  };
}
