import { variablesFor } from '@gatepost/shared/config/environment';
import type { Linked } from '@gatepost/shared/vocabulary/explorer';
import type { Reporter } from '../../shell/reports/reporter.js';
import { jsonReporter } from './json-lines.js';
import { LiveReporter } from './live.js';
import { plainReporter } from './plain.js';

/** JSON lines when asked for, a live view on a terminal, plain lines elsewhere. */
export function reporterFor(stream: NodeJS.WriteStream, json: boolean, linked: Linked): Reporter {
  const write = (text: string) => void stream.write(text);
  if (json) return jsonReporter(write);
  // A terminal that cannot move its cursor, such as the one in an editor, gets lines.
  const isScreen = stream.isTTY && variablesFor(['TERM']).TERM !== 'dumb';
  return isScreen ? new LiveReporter(stream, linked) : plainReporter(write, linked);
}
