import { readEnvironment } from '@gatepost/shared/config/environment';
import { printable } from '@gatepost/shared/vocabulary/printable';
import { type AddCommand, connectCoordinator, ENVIRONMENT_HELP } from './command.js';
import { type RunViewOptions, viewOf, withRunOptions } from './view.js';

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

async function dispute(task: string, options: DisputeOptions): Promise<number> {
  const connection = await connectCoordinator(readEnvironment());
  try {
    const { requireOwnConfig } = await import('../shell/setup/config-file.js');
    requireOwnConfig(options.config, connection.account);
    const { read, log } = await viewOf(options);
    const { assertReachable } = await import('@gatepost/shared/hedera/reachability');
    await assertReachable(connection);
    const { hederaLedger } = await import('@gatepost/shared/hedera/hedera-ledger');
    const { askArbiter } = await import('@gatepost/party/run/ask-arbiter');
    const { reason } = options;
    const { attempt, schedule } = await askArbiter(connection, hederaLedger(connection, log), await read(), {
      task,
      reason,
    });
    const words = `${printable(task)} (attempt ${attempt.number}): the arbiter is asked to pay ${attempt.price} to ${attempt.agent} by schedule ${schedule}`;
    process.stdout.write(`${words}\n`);
    return 0;
  } finally {
    connection.close();
  }
}
