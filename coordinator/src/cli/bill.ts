import { MirrorRest } from '@gatepost/shared/hedera/mirror-rest';
import { formatTinybar } from '@gatepost/shared/vocabulary/amount';
import { unitText } from '@gatepost/shared/vocabulary/custom-fees';
import { type Linked, linkedOn } from '@gatepost/shared/vocabulary/explorer';
import { type ExchangeRate, formatUsd, fromTinybar } from '@gatepost/shared/vocabulary/fees';
import { printable } from '@gatepost/shared/vocabulary/printable';
import { billAsJson } from '../shell/reports/as-json.js';
import { type AttemptUsage, keptUsage, totalUsage, usageText } from '../shell/reports/attempt-usage.js';
import { gatherBill, type RunBill } from '../shell/reports/bill-evidence.js';
import type { AddCommand } from './command.js';
import { type JournalOptions, journalOf, networkOf, printJson, withJournalOptions } from './options.js';
import { table } from './table.js';

interface BillOptions extends JournalOptions {
  readonly run?: string;
  readonly json?: true;
}

/** Adds `bill` to the command line. */
export const addBill: AddCommand = (program, exit) => {
  withJournalOptions(program.command('bill'))
    .description('say what a run has cost, in tokens and in the fees the network really charged')
    .option('--run <id>', 'this run; the newest of the journal when left out')
    .option('--json', 'print the bill as JSON')
    .addHelpText(
      'after',
      `
Needs no key: everything comes from the network's public mirror. It counts what the coordinator, the run's agents, a
gatekeeper and an arbiter paid for between the run's opening and closing, custom fees of the token besides; dollars are at the rate of the opening.
Where the run was at work, it also says what agents say that they used; that is their own word.

Examples:
  coordinator bill
  coordinator bill --network testnet --journal 0.0.1234
  coordinator bill --journal 0.0.1234 --run 6f1c2a --json`,
    )
    .action(async (options: BillOptions) => exit(await bill(options)));
};

async function bill(options: BillOptions): Promise<number> {
  const network = networkOf(options.network);
  const journal = await journalOf(options);
  const found = await gatherBill(new MirrorRest(network), journal, options.run);
  const usage = totalUsage(await keptOf(options, found.bill.run));
  if (options.json === true) {
    printJson(billAsJson(found, usage));
  } else {
    process.stdout.write(
      `${billText(found, linkedOn(network))}\n${usage === undefined ? '' : `${usageText(usage)}\n`}`,
    );
  }
  return 0;
}

/** What agents told the coordinator of this host. */
async function keptOf({ config }: BillOptions, run: string): Promise<readonly AttemptUsage[]> {
  const { readConfig } = await import('../shell/setup/config-file.js');
  const stateDir = readConfig(config)?.stateDir;
  return stateDir === undefined ? [] : keptUsage(stateDir, run);
}

const costs = (tinybar: bigint, rate: ExchangeRate): readonly [string, string] => [
  formatTinybar(tinybar),
  formatUsd(fromTinybar(tinybar, rate)),
];

function billText({ bill, rate }: RunBill, linked: Linked): string {
  const tasks = bill.tasks.map(({ task, attempts, tokens, tinybar }) => [
    task,
    `${attempts}`,
    `${tokens}`,
    ...costs(tinybar, rate),
  ]);
  const kinds = bill.kinds.map(({ payer, name, count, failed, tinybar }) => [
    payer,
    name,
    `${count}`,
    `${failed}`,
    ...costs(tinybar, rate),
  ]);
  const [hbar, usd] = costs(bill.tinybar, rate);
  return [
    printable(`${bill.name}, run ${bill.run}`),
    table(['task', 'attempts', 'tokens', 'fees', 'USD'], tasks),
    `of no task, such as opening, closing and leases: ${costs(bill.overheadTinybar, rate).join(', ')}`,
    table(['paid by', 'transactions', 'count', 'failed', 'fees', 'USD'], kinds),
    ...[...new Set(bill.kinds.map(({ payer }) => payer))].map((payer) => linked('account', payer)),
    ...bill.customFees.map(
      ({ unit, collector, amount }) => `custom fees of the token, to ${collector}: ${unitText(amount, unit)}`,
    ),
    `total: ${bill.tokens} tokens, fees ${hbar}, ${usd}${bill.customFees.length > 0 ? ', and the custom fees' : ''}`,
  ].join('\n');
}
