import { linkedOn } from '@gatepost/shared/vocabulary/explorer';
import { printable } from '@gatepost/shared/vocabulary/printable';
import { explain } from '../core/explain.js';
import { type AddCommand, READING_HELP } from './command.js';
import { type RunViewOptions, taskOf, viewOf, withRunOptions } from './view.js';

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
${READING_HELP}`,
    )
    .action(async (id: string, options: RunViewOptions) => {
      const { read, reader } = await viewOf(options);
      const state = await read();
      const task = taskOf(state, id);
      const lines = explain(state, task, linkedOn(reader.network)).map(printable);
      process.stdout.write(`${id} is ${task.status}\n${lines.join('\n')}\n`);
      exit(0);
    });
};
