import type { Reporter } from '../../shell/reports/reporter.js';
import { jsonReporter } from './json-lines.js';
import { LiveReporter } from './live.js';
import { plainReporter } from './plain.js';

/** JSON lines when asked for, a live view on a terminal, plain lines elsewhere. */
export function reporterFor(stream: NodeJS.WriteStream, json: boolean): Reporter {
  const write = (text: string) => void stream.write(text);
  if (json) return jsonReporter(write);
  return stream.isTTY ? new LiveReporter(stream) : plainReporter(write);
}
