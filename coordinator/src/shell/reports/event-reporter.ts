import type { Clock } from '@gatepost/shared/clock';
import { printableJson } from '@gatepost/shared/vocabulary/printable';
import { formatTime } from '@gatepost/shared/vocabulary/time';
import type { Reporter } from './reporter.js';

/** Form of the events; it changes when one means something else than before, not when something is added. */
export const EVENT_VERSION = 1;

/** JSON on one line, amounts as texts, control characters written out. */
export const eventJson = (event: object): string =>
  printableJson(
    JSON.stringify(event, (_key, field: unknown) => (typeof field === 'bigint' ? field.toString() : field)),
  );

/** Times as text; that of the last one serves all events of its millisecond. */
function timeTexts(): (ms: number) => string {
  let lastMs = Number.NaN;
  let text = '';
  return (ms) => {
    if (ms !== lastMs) text = formatTime(ms);
    lastMs = ms;
    return text;
  };
}

/** What happens in a run, as events for machines; docs/coordinator.md lists them. */
export function eventReporter(tell: (event: object) => void, clock: Clock): Reporter {
  let run: string | undefined;
  const textOf = timeTexts();
  const say = (event: object) => tell({ version: EVENT_VERSION, time: textOf(clock.nowMs()), run, ...event });
  return {
    begin: ({ context }, how) => {
      run = context.run;
      say({ event: 'run', how, journal: context.journal, token: context.token });
    },
    change: (change) => {
      if (change.event !== 'ignored') say(change);
    },
    progress: (task, attempt, agent, fraction, message) =>
      say({ event: 'progress', task, attempt, agent, fraction, message }),
    waiting: ({ whom, what, sinceMs }) => say({ event: 'waiting', for: whom, what, since: formatTime(sinceMs) }),
    end: (summary) => say({ event: 'summary', ...summary }),
  };
}
