import { withCompletion } from '@gatepost/shared/cli/command-line';
import { runProgram } from '@gatepost/shared/cli/run-program';
import { buildProgram } from './cli/program.js';

const code = await runProgram((exit) => withCompletion(buildProgram(exit)));
// Channels and timers of a failed start must not keep the process.
process.exit(code);
