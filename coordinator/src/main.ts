import { withCompletion } from '@gatepost/shared/cli/command-line';
import { runProgram } from '@gatepost/shared/cli/run-program';
import { programFor } from './cli/program.js';

const build = await programFor(process.argv[2]);
const code = await runProgram((exit) => withCompletion(build(exit)));
// Channels and timers of a failed start must not keep the process.
process.exit(code);
