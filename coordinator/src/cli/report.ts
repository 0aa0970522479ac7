import { writeFileSync } from 'node:fs';
import { loadPlan } from '@gatepost/party/plan/plan-file';
import { MirrorRest } from '@gatepost/shared/hedera/mirror-rest';
import { GatepostError } from '@gatepost/shared/vocabulary/errors';
import { printable } from '@gatepost/shared/vocabulary/printable';
import type { Nanos } from '@gatepost/shared/vocabulary/time';
import { type AddCommand, collect, READING_HELP } from './command.js';
import { type JournalOptions, journalOf, networkOf, printJson, sinceArgument, withJournalOptions } from './options.js';

interface ReportOptions extends JournalOptions {
  readonly run: readonly string[];
  readonly plan: readonly string[];
  readonly since?: Nanos;
  readonly html?: string | true;
  readonly json?: true;
}

const DEFAULT_FILE = 'report.html';

/** Adds `report` to the command line. */
export const addReport: AddCommand = (program, exit) => {
  withJournalOptions(program.command('report'))
    .description('tell everything about the runs of a journal: tasks, attempts, agents, money, and what verify finds')
    .option('--html [file]', `write it as a page that needs no network; ${DEFAULT_FILE} when no file is named`)
    .option('--json', 'print it as JSON; docs/report.schema.json is its form')
    .option('--run <id>', 'only this run; may be given several times', collect, [])
    .option('--since <time>', 'only what was not over by then: 7d ago, or since 2026-11-01', sinceArgument)
    .option('--plan <file>', "a run's plan, when this host has not run it; may be given several times", collect, [])
    .addHelpText(
      'after',
      `
Examples:
  coordinator report --html
  coordinator report --html last-week.html --since 7d
  coordinator report --network testnet --journal 0.0.1234 --plan plan.yaml --json
${READING_HELP}`,
    )
    .action(async (options: ReportOptions) => exit(await report(options)));
};

async function report(options: ReportOptions): Promise<number> {
  if ((options.html === undefined) === (options.json === undefined)) {
    throw new GatepostError('USAGE', 'say how the report is wanted: either --html [file] or --json');
  }
  const plans = options.plan.map((file) => loadPlan(file));
  const network = networkOf(options.network);
  const journal = await journalOf(options);
  const { readConfig } = await import('../shell/setup/config-file.js');
  const { gatherReport } = await import('../shell/reports/gather-report.js');
  const config = readConfig(options.config);
  const document = await gatherReport(new MirrorRest(network), journal, {
    network: network.name,
    runs: options.run,
    since: options.since ?? 0n,
    plans: new Map(plans.map((plan) => [plan.digest as string, plan])),
    host: config?.journal === journal ? config : undefined,
  });
  if (options.json === true) {
    printJson(document);
    return 0;
  }
  const { reportPage } = await import('../shell/reports/report-page.js');
  write(options.html === true ? DEFAULT_FILE : (options.html ?? DEFAULT_FILE), reportPage(document));
  return 0;
}

/** @throws GatepostError USAGE when the file cannot be written. */
function write(file: string, page: string): void {
  try {
    // Outputs that it shows may be for few eyes.
    writeFileSync(file, page, { mode: 0o600 });
  } catch (error) {
    throw new GatepostError('USAGE', `cannot write ${file}: ${(error as Error).message}`, {}, error);
  }
  process.stdout.write(`wrote ${printable(file)}\n`);
}
