import { GatepostError } from '@gatepost/shared/vocabulary/errors';
import { printable } from '@gatepost/shared/vocabulary/printable';
import { explain } from '../core/explain.js';
import { type AddCommand, ENVIRONMENT_HELP } from './command.js';
import { type RunViewOptions, withRun, withRunOptions } from './view.js';

export const addExplain: AddCommand = (program, exit) => {
  withRunOptions(program.command('explain'))
    .description('say why a task waits, was rejected, is blocked or is unpaid')
    .argument('<task>', 'task id')
    .addHelpText(
      'after',
      `
Examples:
  coordinator explain report
  coordinator explain report --run 24fc41ab7d60-1
${ENVIRONMENT_HELP}`,
    )
    .action(async (id: string, options: RunViewOptions) =>
      exit(
        await withRun(options, async (read) => {
          const state = await read();
          const task = state.tasks.get(id);
          if (task === undefined) throw new GatepostError('NOT_FOUND', `run ${state.context.run} has no task ${id}`);
          process.stdout.write(`${id} is ${task.status}\n${explain(state, task).map(printable).join('\n')}\n`);
          return 0;
        }),
      ),
    );
};
