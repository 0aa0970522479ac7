import { printable } from '@gatepost/shared/vocabulary/printable';
import type { Directive } from '../shell/ledger/direct.js';
import { asOwner } from './as-owner.js';
import { type AddCommand, ENVIRONMENT_HELP } from './command.js';
import { type RunViewOptions, withRunOptions } from './view.js';

interface DirectOptions extends RunViewOptions {
  readonly reason?: string;
}

const say = (options: DirectOptions, directive: Directive): Promise<number> =>
  asOwner(options, async ({ ledger, state }) => {
    const { direct } = await import('../shell/ledger/direct.js');
    await direct(ledger, state, directive);
    return `${directive.action} ${printable(directive.task ?? 'the run')}: written to the journal`;
  });

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
