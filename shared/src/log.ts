import { type DestinationStream, type Logger, pino } from 'pino';
import type { Environment } from './config/environment.js';
import { GatepostError } from './vocabulary/errors.js';
import { printableJson } from './vocabulary/printable.js';

export type { Logger } from 'pino';

const LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'];

/** Fields that never reach a log, whoever logs them. Keys are redacted by their own type too (AccountKey). */
const REDACTED = ['privateKey', 'key', 'secret', 'sessionToken', 'password', 'authorization'];

/** Whoever looks at a log on a terminal is not to obey what an agent wrote into it. */
const printableStream = (stream: DestinationStream): DestinationStream => ({
  write: (line) => stream.write(printableJson(line)),
});

/** What writes the lines of logs that have some; one listener for all logs of the process. */
const unwritten = new Set<() => void>();
process.once('exit', () => {
  for (const write of unwritten) write();
});

/** Lines of one turn are written together, those before the end of the process with it. */
function together(stream: DestinationStream): DestinationStream {
  let lines = '';
  const flush = (): void => {
    unwritten.delete(flush);
    if (lines !== '') stream.write(lines);
    lines = '';
  };
  return {
    write: (line) => {
      if (lines === '') {
        unwritten.add(flush);
        process.nextTick(flush);
      }
      lines += line;
    },
  };
}

/**
 * JSON lines on standard error, so that standard output stays the command's own.
 * @throws GatepostError INVALID_CONFIG for an unknown level.
 */
export function createLogger(name: string, env: Environment, destination?: DestinationStream): Logger {
  const level = env.GATEPOST_LOG_LEVEL ?? 'info';
  if (!LEVELS.includes(level)) {
    throw new GatepostError(
      'INVALID_CONFIG',
      `GATEPOST_LOG_LEVEL must be one of ${LEVELS.join(', ')}, not ${JSON.stringify(level)}`,
    );
  }
  return pino(
    {
      name,
      level,
      timestamp: pino.stdTimeFunctions.isoTime,
      redact: { paths: REDACTED.flatMap((field) => [field, `*.${field}`]), censor: '[redacted]' },
    },
    printableStream(destination ?? together(pino.destination({ dest: 2, sync: true }))),
  );
}
