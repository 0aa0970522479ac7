import { type Command, CommanderError } from 'commander';
import { toGatepostError } from '../vocabulary/errors.js';
import { printableLines } from '../vocabulary/printable.js';
import { endWithReader } from './end-with-reader.js';

/** Sets the exit code of the command that ran. */
export type Exit = (code: number) => void;

/** Waits until a stream has handed on what was written to it, or cannot any more. */
const flushed = (stream: NodeJS.WriteStream): Promise<void> =>
  new Promise((resolve) => stream.write('', () => resolve()));

/**
 * Runs a command line and returns its exit code: what the command set, 2 for words that are off, and for an error what
 * its kind says, after one line of what happened and one of what to do. All output has reached its reader by then: a pipe
 * takes less at once than a long line, and whoever ends the process would cut the rest off.
 * @param build makes the program, with `exitOverride`, so that it ends here and nowhere else.
 */
export async function runProgram(
  build: (exit: Exit) => Command,
  argv: readonly string[] = process.argv,
): Promise<number> {
  endWithReader();
  const code = await parse(build, argv);
  await Promise.all([flushed(process.stdout), flushed(process.stderr)]);
  return code;
}

async function parse(build: (exit: Exit) => Command, argv: readonly string[]): Promise<number> {
  let code = 0;
  const program = build((exitCode) => {
    code = exitCode;
  });
  try {
    await program.parseAsync([...argv]);
    return code;
  } catch (thrown) {
    // commander has said what is wrong already; help and version end with 0.
    if (thrown instanceof CommanderError) return thrown.exitCode === 0 ? 0 : 2;
    const error = toGatepostError(thrown);
    process.stderr.write(`${printableLines(error.message)}\n${error.advice}\n`);
    return error.exitCode;
  }
}
