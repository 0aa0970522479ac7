import { withCompletion } from '@gatepost/shared/cli/command-line';
import { runProgram } from '@gatepost/shared/cli/run-program';
import { buildProgram, PARTS, withParts } from './program.js';
import { COMMANDS } from './stage/layout.js';

const word = process.argv[2] ?? '';
const part = Object.hasOwn(PARTS, word) ? PARTS[word] : undefined;
if (part !== undefined) {
  process.argv.splice(1, 2, COMMANDS[part.command]);
  await import(COMMANDS[part.command]);
} else {
  // Only completion must know what the parts know.
  const build = word === 'complete' ? await withParts() : buildProgram;
  process.exitCode = await runProgram((exit) => withCompletion(build(exit)));
}
