import { printableJson } from '@gatepost/shared/vocabulary/printable';
import { formatTime } from '@gatepost/shared/vocabulary/time';
import type { Reporter } from '../../shell/reports/reporter.js';

type Write = (text: string) => void;

const line = (value: unknown): string =>
  `${printableJson(JSON.stringify(value, (_key, field: unknown) => (typeof field === 'bigint' ? field.toString() : field)))}\n`;

/** Events as JSON lines, one each, for machines; amounts are texts. */
export function jsonReporter(write: Write): Reporter {
  return {
    begin: ({ context }, how) =>
      write(line({ event: 'run', run: context.run, how, journal: context.journal, token: context.token })),
    change: (change) => {
      if (change.event !== 'ignored') write(line(change));
    },
    progress: (task, attempt, agent, fraction, message) =>
      write(line({ event: 'progress', task, attempt, agent, fraction, message })),
    waiting: ({ whom, what, sinceMs }) =>
      write(line({ event: 'waiting', for: whom, what, since: formatTime(sinceMs) })),
    end: (summary) => write(line({ event: 'summary', ...summary })),
  };
}
