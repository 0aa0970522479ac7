import { printable } from '@gatepost/shared/vocabulary/printable';
import { asOwner } from './as-owner.js';
import { type AddCommand, ENVIRONMENT_HELP } from './command.js';
import { type RunViewOptions, withRunOptions } from './view.js';

interface DisputeOptions extends RunViewOptions {
  readonly reason: string;
}

/** Adds `dispute` to the command line. */
export const addDispute: AddCommand = (program, exit) => {
  withRunOptions(program.command('dispute'))
    .description('ask the arbiter to have a result paid that the gatekeeper does not accept, or does not sign for')
    .argument('<task>', 'task id')
    .requiredOption('--reason <text>', 'why it should be paid')
    .addHelpText(
      'after',
      `
Signs the payment, which only the arbiter's signature sets off; it cannot be taken back. Costs about $0.01.

Example:
  coordinator dispute report --reason "the gatekeeper has been away for a week"
${ENVIRONMENT_HELP}`,
    )
    .action(async (task: string, options: DisputeOptions) => exit(await dispute(task, options)));
};

const dispute = (task: string, { reason, ...options }: DisputeOptions): Promise<number> =>
  asOwner(options, async ({ connection, ledger, state }) => {
    const { askArbiter } = await import('@gatepost/party/run/ask-arbiter');
    const { attempt, schedule } = await askArbiter(connection, ledger, state, { task, reason });
    const { number, price, agent } = attempt;
    return `${printable(task)} (attempt ${number}): the arbiter is asked to pay ${price} to ${agent} by schedule ${schedule}`;
  });
