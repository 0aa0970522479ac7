import { readEnvironment } from '@gatepost/shared/config/environment';
import { printable } from '@gatepost/shared/vocabulary/printable';
import type { Directive } from '../shell/ledger/direct.js';
import { type AddCommand, connectCoordinator, ENVIRONMENT_HELP } from './command.js';
import { type RunViewOptions, viewOf, withRunOptions } from './view.js';

interface DirectOptions extends RunViewOptions {
  readonly reason?: string;
}

async function say(options: DirectOptions, directive: Directive): Promise<number> {
  const connection = await connectCoordinator(readEnvironment());
  try {
    const { requireOwnConfig } = await import('../shell/setup/config-file.js');
    requireOwnConfig(options.config, connection.account);
    const { read, log } = await viewOf(options);
    const { assertReachable } = await import('@gatepost/shared/hedera/reachability');
    await assertReachable(connection);
    const { hederaLedger } = await import('@gatepost/shared/hedera/hedera-ledger');
    const { direct } = await import('../shell/ledger/direct.js');
    await direct(hederaLedger(connection, log), await read(), directive);
    process.stdout.write(`${directive.action} ${printable(directive.task ?? 'the run')}: written to the journal\n`);
    return 0;
  } finally {
    connection.close();
  }
}

export const addApprove: AddCommand = (program, exit) => {
  withRunOptions(program.command('approve'))
    .description('accept the result of a task with a human gate')
    .argument('<task>', 'task id')
    .option('--reason <text>', 'why', 'approved by a person')
    .addHelpText('after', `\nExample:\n  coordinator approve report --reason "numbers checked"\n${ENVIRONMENT_HELP}`)
    .action(async (task: string, options: DirectOptions) =>
      exit(await say(options, { action: 'approve', task, reason: options.reason ?? '' })),
    );
};

export const addReject: AddCommand = (program, exit) => {
  withRunOptions(program.command('reject'))
    .description('reject the result of a task with a human gate')
    .argument('<task>', 'task id')
    .requiredOption('--reason <text>', 'why; the next attempt is told')
    .addHelpText(
      'after',
      `\nExample:\n  coordinator reject report --reason "the totals are missing"\n${ENVIRONMENT_HELP}`,
    )
    .action(async (task: string, options: DirectOptions) =>
      exit(await say(options, { action: 'reject', task, reason: options.reason ?? '' })),
    );
};

export const addCancel: AddCommand = (program, exit) => {
  withRunOptions(program.command('cancel'))
    .description('cancel a task, or the whole run; what is accepted already is still paid')
    .argument('[task]', 'task id; the run when left out')
    .option('--reason <text>', 'why', 'cancelled by a person')
    .addHelpText(
      'after',
      `\nExamples:\n  coordinator cancel report\n  coordinator cancel --run 24fc41ab7d60-1\n${ENVIRONMENT_HELP}`,
    )
    .action(async (task: string | undefined, options: DirectOptions) =>
      exit(await say(options, { action: 'cancel', task, reason: options.reason ?? '' })),
    );
};
