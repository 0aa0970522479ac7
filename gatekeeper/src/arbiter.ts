import { withCompletion } from '@gatepost/shared/cli/command-line';
import { runProgram } from '@gatepost/shared/cli/run-program';
import { buildArbiter } from './cli/arbiter/program.js';

const code = await runProgram((exit) => withCompletion(buildArbiter(exit)));
// Channels and timers of a failed start must not keep the process.
process.exit(code);
