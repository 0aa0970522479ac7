import { MirrorRest } from '@gatepost/shared/hedera/mirror-rest';
import { formatTinybar } from '@gatepost/shared/vocabulary/amount';
import { linkedOn } from '@gatepost/shared/vocabulary/explorer';
import { formatUsd, fromTinybar, usdOf } from '@gatepost/shared/vocabulary/fees';
import { printable } from '@gatepost/shared/vocabulary/printable';
import { formatTime, msFromNanos, type Nanos } from '@gatepost/shared/vocabulary/time';
import { stringify } from 'csv-stringify/sync';
import { gatherRuns, type RunLine } from '../shell/reports/runs-evidence.js';
import { type AddCommand, READING_HELP } from './command.js';
import { type JournalOptions, journalOf, networkOf, printJson, sinceArgument, withJournalOptions } from './options.js';
import { table } from './table.js';

interface RunsOptions extends JournalOptions {
  readonly since?: Nanos;
  readonly csv?: true;
  readonly json?: true;
}

/** Adds `runs` to the command line. */
export const addRuns: AddCommand = (program, exit) => {
  withJournalOptions(program.command('runs'))
    .description('list the runs of a journal: state, dates, what they paid and cost')
    .option('--since <time>', 'only what was not over by then: 7d ago, or since 2026-11-01', sinceArgument)
    .option('--csv', 'print comma-separated values')
    .option('--json', 'print a JSON array')
    .addHelpText(
      'after',
      `
Fees are what the coordinator and the run's agents were charged between its opening and its end; dollars are at the rate
of the opening.

Examples:
  coordinator runs
  coordinator runs --since 30d --csv > runs.csv
  coordinator runs --network testnet --journal 0.0.1234 --since 2026-11-01 --json
${READING_HELP}`,
    )
    .action(async (options: RunsOptions) => exit(await runs(options)));
};

async function runs(options: RunsOptions): Promise<number> {
  const network = networkOf(options.network);
  const journal = await journalOf(options);
  const found = await gatherRuns(new MirrorRest(network), journal, options.since ?? 0n);
  const rows = found.map(rowOf);
  if (options.json === true) printJson(rows);
  else if (options.csv === true)
    process.stdout.write(stringify(rows, { header: true, columns: COLUMNS, escape_formulas: true }));
  else process.stdout.write(`${asText(found)}\njournal ${linkedOn(network)('topic', journal)}\n`);
  return 0;
}

const COLUMNS = [
  'run',
  'plan',
  'name',
  'state',
  'opened',
  'closed',
  'tasks',
  'accepted',
  'tokens',
  'tinybar',
  'usd',
] as const;

const isoTime = (at: Nanos | undefined): string => (at === undefined ? '' : formatTime(msFromNanos(at)));

/** A run for machines: amounts as texts, dollars as a number. */
const rowOf = ({ bill, rate, plan, outcome, openedAt, closedAt, tasks, accepted }: RunLine) => ({
  run: printable(bill.run),
  plan,
  name: printable(bill.name),
  state: outcome,
  opened: isoTime(openedAt),
  closed: isoTime(closedAt),
  tasks,
  accepted,
  tokens: bill.tokens.toString(),
  tinybar: bill.tinybar.toString(),
  usd: usdOf(fromTinybar(bill.tinybar, rate)),
});

const minutes = (at: Nanos): string => isoTime(at).slice(0, 16).replace('T', ' ');

function asText(found: readonly RunLine[]): string {
  if (found.length === 0) return 'no runs';
  return table(
    ['run', 'plan', 'state', 'opened (UTC)', 'closed', 'accepted', 'tokens', 'fees', 'USD'],
    found.map(({ bill, rate, outcome, openedAt, closedAt, tasks, accepted }) => [
      bill.run,
      bill.name,
      outcome,
      minutes(openedAt),
      closedAt === undefined ? '' : minutes(closedAt),
      `${accepted} of ${tasks}`,
      `${bill.tokens}`,
      formatTinybar(bill.tinybar),
      formatUsd(fromTinybar(bill.tinybar, rate)),
    ]),
  );
}
