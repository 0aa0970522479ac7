import { once } from 'node:events';
import { GatepostError } from '@gatepost/shared/vocabulary/errors';
import { InvalidArgumentError } from 'commander';
import { type AddCommand, READING_HELP } from './command.js';
import { type RunViewOptions, taskOf, viewOf, withRunOptions } from './view.js';

interface OutputOptions extends RunViewOptions {
  readonly attempt?: number;
}

/** Adds `output` to the command line. */
export const addOutput: AddCommand = (program, exit) => {
  withRunOptions(program.command('output'))
    .description('print the output of a task, checked against the digest on the ledger')
    .argument('<task>', 'task id')
    .option('--attempt <n>', 'of this attempt; the accepted one when left out, else the last with a result', numberOf)
    .addHelpText(
      'after',
      `
Prints the bytes as they are. A short output is on the ledger; a longer one is where the coordinator ran.

Examples:
  coordinator output report > report.md
  coordinator output report --attempt 1
${READING_HELP}`,
    )
    .action(async (task: string, options: OutputOptions) => exit(await output(task, options)));
};

function numberOf(text: string): number {
  if (/^[1-9]\d{0,5}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('An attempt is a number from 1.');
}

async function output(id: string, { attempt: number, ...options }: OutputOptions): Promise<number> {
  const { read, config } = await viewOf(options);
  const state = await read();
  const task = taskOf(state, id);
  const { keptOutput, telling } = await import('../shell/outputs/kept-output.js');
  const { OutputStore } = await import('../shell/outputs/output-store.js');
  const attempt = telling(task, number);
  const bytes = keptOutput(attempt, new OutputStore(config.stateDir, state.context.run, 'reader'));
  if (bytes === undefined) {
    const { outputSha256, outputSize } = attempt.result ?? {};
    throw new GatepostError(
      'NOT_FOUND',
      `the output of ${id}, attempt ${attempt.number}, is not on this host: ${outputSize} bytes with SHA-256 ` +
        `${outputSha256}; ${attempt.agent} made it, and the host where the coordinator ran may have it`,
    );
  }
  if (!process.stdout.write(bytes)) await once(process.stdout, 'drain');
  return 0;
}
