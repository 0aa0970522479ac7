import { setTimeout as sleep } from 'node:timers/promises';
import type { RunState } from '@gatepost/rules/run/run-state';
import { printableJson } from '@gatepost/shared/vocabulary/printable';
import { createLogUpdate } from 'log-update';
import { countByStatus } from '../core/explain.js';
import { summarise } from '../shell/reports/summary.js';
import { type AddCommand, ENVIRONMENT_HELP } from './command.js';
import { summaryText } from './report/table.js';
import { type RunViewOptions, withRun, withRunOptions } from './view.js';

interface StatusOptions extends RunViewOptions {
  readonly watch?: boolean;
  readonly json?: boolean;
}

const WATCH_MS = 2_000;

export const addStatus: AddCommand = (program, exit) => {
  withRunOptions(program.command('status'))
    .description('show where the tasks of a run stand, from the topics')
    .option('--watch', 'show it again every two seconds until the run is closed')
    .option('--json', 'print one JSON line per look')
    .addHelpText(
      'after',
      `
Examples:
  coordinator status
  coordinator status --watch
  coordinator status --run 24fc41ab7d60-1 --plan plan.yaml --json
${ENVIRONMENT_HELP}`,
    )
    .action(async (options: StatusOptions) => exit(await status(options)));
};

async function status(options: StatusOptions): Promise<number> {
  return withRun(options, async (read) => {
    const live = options.watch === true && process.stdout.isTTY ? createLogUpdate(process.stdout) : undefined;
    const show = (text: string) => (live === undefined ? void process.stdout.write(text) : live(text));
    for (;;) {
      const state = await read();
      show(options.json === true ? `${printableJson(JSON.stringify(asJson(state)))}\n` : asText(state));
      if (options.watch !== true || state.closed !== undefined) return 0;
      await sleep(WATCH_MS);
    }
  });
}

const summaryOf = (state: RunState) => summarise(state, { files: new Map(), missing: new Map() }, new Map(), 0, []);

const asJson = (state: RunState) => ({
  event: 'status',
  ...summaryOf(state),
  statuses: Object.fromEntries(countByStatus(state)),
});

function asText(state: RunState): string {
  const counts = [...countByStatus(state)].map(([name, count]) => `${count} ${name}`).join(', ');
  return `${summaryText(summaryOf(state))}${counts}\n`;
}
