import { systemClock } from '@gatepost/shared/clock';
import { printableJson } from '@gatepost/shared/vocabulary/printable';
import { formatTime } from '@gatepost/shared/vocabulary/time';
import type { Reporter } from '../../shell/reports/reporter.js';

type Write = (text: string) => void;

const line = (value: unknown): string =>
  `${printableJson(JSON.stringify(value, (_key, field: unknown) => (typeof field === 'bigint' ? field.toString() : field)))}\n`;

/** Form of the events; it changes when one means something else than before, not when something is added. */
const VERSION = 1;

/** Events as JSON lines, one each, for machines; amounts are texts. */
export function jsonReporter(write: Write): Reporter {
  let run: string | undefined;
  const tell = (event: object) =>
    write(line({ version: VERSION, time: formatTime(systemClock.nowMs()), run, ...event }));
  return {
    begin: ({ context }, how) => {
      run = context.run;
      tell({ event: 'run', how, journal: context.journal, token: context.token });
    },
    change: (change) => {
      if (change.event !== 'ignored') tell(change);
    },
    progress: (task, attempt, agent, fraction, message) =>
      tell({ event: 'progress', task, attempt, agent, fraction, message }),
    waiting: ({ whom, what, sinceMs }) => tell({ event: 'waiting', for: whom, what, since: formatTime(sinceMs) }),
    end: (summary) => tell({ event: 'summary', ...summary }),
  };
}
