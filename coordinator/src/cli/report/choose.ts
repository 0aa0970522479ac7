import { variablesFor } from '@gatepost/shared/config/environment';
import type { Linked } from '@gatepost/shared/vocabulary/explorer';
import type { Reporter } from '../../shell/reports/reporter.js';
import { jsonReporter } from './json-lines.js';
import { LiveReporter } from './live.js';
import { plainReporter } from './plain.js';

/** Writes what comes in one turn at once: where it goes may take as long for one line as for hundred. */
function togetherOn(stream: NodeJS.WriteStream): (text: string) => void {
  let waiting = '';
  return (text) => {
    // As a microtask it is written before the program can come to its end, which waits for what was written.
    if (waiting === '') {
      queueMicrotask(() => {
        stream.write(waiting);
        waiting = '';
      });
    }
    waiting += text;
  };
}

/** JSON lines when asked for, a live view on a terminal, plain lines elsewhere. */
export function reporterFor(stream: NodeJS.WriteStream, json: boolean, linked: Linked): Reporter {
  const write = togetherOn(stream);
  if (json) return jsonReporter(write);
  // A terminal that cannot move its cursor, such as the one in an editor, gets lines.
  const isScreen = stream.isTTY && variablesFor(['TERM']).TERM !== 'dumb';
  return isScreen ? new LiveReporter(stream, linked) : plainReporter(write, linked);
}
