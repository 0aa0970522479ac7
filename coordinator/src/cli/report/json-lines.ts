import { systemClock } from '@gatepost/shared/clock';
import { eventJson, eventReporter } from '../../shell/reports/event-reporter.js';
import type { Reporter } from '../../shell/reports/reporter.js';

/** Events as JSON lines, one each, for machines. */
export const jsonReporter = (write: (text: string) => void): Reporter =>
  eventReporter((event) => write(`${eventJson(event)}\n`), systemClock);
