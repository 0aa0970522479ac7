import { toGatepostError } from '@gatepost/shared/vocabulary/errors';
import { CommanderError } from 'commander';
import { buildProgram } from './cli/program.js';

/** Runs the command line; returns the exit code. */
async function main(argv: readonly string[]): Promise<number> {
  let code = 0;
  const program = buildProgram((exitCode) => {
    code = exitCode;
  });
  try {
    await program.parseAsync([...argv]);
    return code;
  } catch (thrown) {
    // commander has said what is wrong already; help and version end with 0.
    if (thrown instanceof CommanderError) return thrown.exitCode === 0 ? 0 : 2;
    const error = toGatepostError(thrown);
    process.stderr.write(`${error.message}\n${error.advice}\n`);
    return error.exitCode;
  }
}

const code = await main(process.argv);
// Channels and timers of a failed start must not keep the process.
process.exit(code);
