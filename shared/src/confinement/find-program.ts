import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { variablesFor } from '../config/environment.js';

function executable(path: string): boolean {
  try {
    // An error that is made costs more than the question, and most directories do not have a program.
    if (statSync(path, { throwIfNoEntry: false })?.isFile() !== true) return false;
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/**
 * Path of a program: as it is written when that has a slash, else the first on PATH; undefined when there is none.
 * Own code: the package `which` reads the environment by itself, which one file alone may do here.
 */
export function findProgram(program: string, searchPath = variablesFor(['PATH']).PATH ?? ''): string | undefined {
  const candidates = /[/\\]/.test(program)
    ? [program]
    : searchPath.split(delimiter).map((directory) => join(directory, program));
  return candidates.find(executable);
}
