import { commandLine } from '@gatepost/shared/cli/command-line';
import type { Exit } from '@gatepost/shared/cli/run-program';
import { readEnvironment } from '@gatepost/shared/config/environment';
import type { Command } from 'commander';
import type { DecideOptions } from './decide.js';
import type { RunOptions } from './run-options.js';
import type { ShowOptions } from './show.js';

const ENVIRONMENT_HELP = `
Environment (or .env in the working directory):
  ARBITER_ACCOUNT_ID, ARBITER_PRIVATE_KEY   account of the arbiter
  GATEPOST_NETWORK                          local, testnet, previewnet or mainnet`;

const withRun = (command: Command): Command =>
  command
    .requiredOption('--journal <topic>', "the coordinator's journal topic")
    .requiredOption('--coordinator <account>', 'account of the coordinator')
    .requiredOption('--run <id>', 'which run')
    .requiredOption('--plan <file>', 'its plan: what was agreed on');

function addShow(program: Command, exit: Exit): void {
  withRun(program.command('show'))
    .description('what was asked, with all that the ledger says of it; needs no key')
    .argument('[task]', 'task id; all that is disputed when left out')
    .option('--output <file>', 'says whether this is the output that was delivered')
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      `
Examples:
  arbiter show --journal 0.0.1005 --coordinator 0.0.1001 --run 24fc41ab7d60-1 --plan plan.yaml
  arbiter show report --journal 0.0.1005 --coordinator 0.0.1001 --run 24fc41ab7d60-1 --plan plan.yaml --output report.json
${ENVIRONMENT_HELP}`,
    )
    .action(async (task: string | undefined, options: RunOptions & ShowOptions) => {
      const { show } = await import('./show.js');
      exit(await show(readEnvironment(), task, options));
    });
}

function addDecide(program: Command, exit: Exit): void {
  withRun(program.command('decide'))
    .description('the last word on a disputed result: it is paid, or it is not')
    .argument('<task>', 'task id')
    .option('--pay', 'sign the payment')
    .option('--refuse', 'sign nothing; it is never paid')
    .requiredOption('--reason <text>', 'why')
    .addHelpText(
      'after',
      `
The decision is written to the journal first, and the payment signed when it has its effect there: not before what was signed
without knowing of the dispute is over, 180 s after it. Done again after it broke off, it signs what was decided.

Examples:
  arbiter decide report --pay --reason "the totals are right" --journal 0.0.1005 --coordinator 0.0.1001 --run 24fc41ab7d60-1 --plan plan.yaml
  arbiter decide report --refuse --reason "half of it is missing" --journal 0.0.1005 --coordinator 0.0.1001 --run 24fc41ab7d60-1 --plan plan.yaml
${ENVIRONMENT_HELP}`,
    )
    .action(async (task: string, options: RunOptions & DecideOptions) => {
      const { decideCommand } = await import('./decide.js');
      exit(await decideCommand(readEnvironment(), task, options));
    });
}

/** The command line of the arbiter: it has no service and keeps nothing. */
export function buildArbiter(exit: Exit): Command {
  const program = commandLine('arbiter', import.meta.url).description(
    'Decides between coordinator and gatekeeper whether work is paid, with the third key of the escrow.',
  );
  addShow(program, exit);
  addDecide(program, exit);
  return program;
}
