import { withCompletion } from '@gatepost/shared/cli/command-line';
import { endWithReader } from '@gatepost/shared/cli/end-with-reader';
import { CommanderError } from 'commander';
import { program } from './cli/options.js';
import { explain, runLedger } from './cli/run.js';

/** Bad input exits with 2, a failure to start with 1. */
async function main(): Promise<void> {
  endWithReader();
  try {
    await withCompletion(program(runLedger)).parseAsync();
  } catch (error) {
    if (error instanceof CommanderError) {
      process.exitCode = error.exitCode === 0 ? 0 : 2;
      return;
    }
    process.stderr.write(`local-ledger: ${explain(error)}\n`);
    process.exitCode = 1;
  }
}

await main();
