import { setTimeout as sleep } from 'node:timers/promises';
import type { RunState } from '@gatepost/rules/run/run-state';
import { TASK_STATUSES, type TaskStatus } from '@gatepost/rules/run/task-state';
import { systemClock } from '@gatepost/shared/clock';
import { type Linked, linkedOn } from '@gatepost/shared/vocabulary/explorer';
import { printableJson } from '@gatepost/shared/vocabulary/printable';
import { msFromNanos } from '@gatepost/shared/vocabulary/time';
import { Option } from 'commander';
import { createLogUpdate } from 'log-update';
import { countByStatus } from '../core/explain.js';
import { type AttemptUsage, keptUsage } from '../shell/reports/attempt-usage.js';
import { type RunSummary, summarise } from '../shell/reports/summary.js';
import { type AddCommand, READING_HELP } from './command.js';
import { summaryText } from './report/table.js';
import { type RunViewOptions, viewOf, withRunOptions } from './view.js';

interface StatusOptions extends RunViewOptions {
  readonly watch?: boolean;
  readonly json?: boolean;
  readonly state?: readonly TaskStatus[];
}

const WATCH_MS = 2_000;

export const addStatus: AddCommand = (program, exit) => {
  withRunOptions(program.command('status'))
    .description('show where the tasks of a run stand, from the topics')
    .addOption(new Option('--state <states...>', 'only tasks in these states').choices(TASK_STATUSES))
    .option('--watch', 'show it again every two seconds until the run is closed')
    .option('--json', 'print one JSON line per look')
    .addHelpText(
      'after',
      `
Examples:
  coordinator status
  coordinator status --state failed blocked
  coordinator status --watch
  coordinator status --run 24fc41ab7d60-1 --plan plan.yaml --json
${READING_HELP}`,
    )
    .action(async (options: StatusOptions) => exit(await status(options)));
};

async function status(options: StatusOptions): Promise<number> {
  const { read, reader, config } = await viewOf(options);
  const linked = linkedOn(reader.network);
  const live = options.watch === true && process.stdout.isTTY ? createLogUpdate(process.stdout) : undefined;
  const show = (text: string) => (live === undefined ? void process.stdout.write(text) : live(text));
  for (;;) {
    const state = await read();
    const summary = summaryOf(state, options.state, keptUsage(config.stateDir, state.context.run));
    show(
      options.json === true
        ? `${printableJson(JSON.stringify(asJson(state, summary)))}\n`
        : asText(state, summary, linked),
    );
    if (options.watch !== true || state.closed !== undefined) return 0;
    await sleep(WATCH_MS);
  }
}

/** From the opening of the run to its end, or to now. */
function elapsedMs({ opened, openedAt, closed, closedAt }: RunState): number {
  if (!opened) return 0;
  return Math.max(0, (closed === undefined ? systemClock.nowMs() : msFromNanos(closedAt)) - msFromNanos(openedAt));
}

function summaryOf(
  state: RunState,
  only: readonly TaskStatus[] | undefined,
  usage: readonly AttemptUsage[],
): RunSummary {
  const nothing = { files: new Map(), missing: new Map() };
  const summary = summarise(state, nothing, new Map(), elapsedMs(state), [], usage);
  if (only === undefined) return summary;
  return { ...summary, tasks: summary.tasks.filter(({ status }) => only.some((wanted) => wanted === status)) };
}

const asJson = (state: RunState, summary: RunSummary) => ({
  event: 'status',
  ...summary,
  statuses: Object.fromEntries(countByStatus(state)),
});

function asText(state: RunState, summary: RunSummary, linked: Linked): string {
  const counts = [...countByStatus(state)].map(([name, count]) => `${count} ${name}`).join(', ');
  return `${summaryText(summary, linked, process.stdout)}${counts}\n`;
}
