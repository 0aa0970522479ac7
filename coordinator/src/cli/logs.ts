import { setTimeout as sleep } from 'node:timers/promises';
import { systemClock } from '@gatepost/shared/clock';
import { GatepostError } from '@gatepost/shared/vocabulary/errors';
import { printable, printableJson } from '@gatepost/shared/vocabulary/printable';
import { formatTime } from '@gatepost/shared/vocabulary/time';
import type { KeptLine } from '../shell/reports/attempt-logs.js';
import { type AddCommand, READING_HELP } from './command.js';
import { progressInWords } from './report/words.js';
import { type RunViewOptions, taskOf, viewOf, withRunOptions } from './view.js';

interface LogsOptions extends RunViewOptions {
  readonly follow?: boolean;
  readonly json?: boolean;
}

const LOOK_EVERY_MS = 250;
/** How often the ledger is asked whether the run is closed. */
const ASK_EVERY_MS = 2_000;

/** Adds `logs` to the command line. */
export const addLogs: AddCommand = (program, exit) => {
  withRunOptions(program.command('logs'))
    .description("show what the executors of a task's attempts wrote, as this host kept it")
    .argument('<task>', 'task id')
    .option('--follow', 'go on with what comes, until the run is closed')
    .option('--json', 'print one JSON line per line')
    .addHelpText(
      'after',
      `
The host that runs the coordinator keeps the lines in its state directory: 1 MiB of a task, 64 MiB of a run, ten runs.

Examples:
  coordinator logs report
  coordinator logs report --follow
${READING_HELP}`,
    )
    .action(async (task: string, options: LogsOptions) => exit(await logs(task, options)));
};

async function logs(id: string, options: LogsOptions): Promise<number> {
  const { read, config } = await viewOf(options);
  const state = await read();
  const task = taskOf(state, id).spec.id;
  const { run } = state.context;
  let closed = state.closed !== undefined;
  let askedMs = systemClock.nowMs();
  const { keptLines } = await import('../shell/reports/attempt-logs.js');
  const show = options.json === true ? asJson : asText;
  let shown = 0;
  for (;;) {
    const lines = keptLines(config.stateDir, run, task);
    for (const line of lines?.slice(shown) ?? []) process.stdout.write(`${show(line)}\n`);
    shown = lines?.length ?? 0;
    if (options.follow !== true && lines === undefined) {
      throw new GatepostError(
        'NOT_FOUND',
        `nothing is kept here of what the attempts of ${task} wrote: they wrote nothing, or run ${run} is worked on by another host`,
      );
    }
    if (options.follow !== true || closed) return 0;
    await sleep(LOOK_EVERY_MS);
    if (systemClock.nowMs() - askedMs < ASK_EVERY_MS) continue;
    askedMs = systemClock.nowMs();
    closed = (await read()).closed !== undefined;
  }
}

const asJson = ({ atMs, ...line }: KeptLine): string =>
  printableJson(JSON.stringify({ event: 'line', time: formatTime(atMs), ...line }));

function asText({ atMs, attempt, agent, line, fraction, droppedBefore = 0 }: KeptLine): string {
  const text = fraction === undefined ? printable(line) : progressInWords(fraction, line);
  const gap = droppedBefore > 0 ? `(${droppedBefore} lines before this one were dropped) ` : '';
  return `${formatTime(atMs)}  #${attempt}  ${agent}  ${gap}${text}`;
}
