import { randomUUID } from 'node:crypto';
import {
  existsSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { identityOf, processWith } from './process-identity.js';
import { GatepostError } from './vocabulary/errors.js';

/** The directory within a locked directory that says which process has it. */
export const LOCK_DIRECTORY = 'lock.d';
/** Every try that comes to nothing means that another process has come further. */
const TRIES = 10_000;

/** A directory that was taken, or the process that has it. */
export type Lock = { readonly release: () => void } | { readonly heldBy: number };

const isCode = (error: unknown, ...codes: readonly string[]): boolean =>
  codes.includes((error as NodeJS.ErrnoException).code ?? '');

/** The numbers of all holders so far that are still noted, ascending. */
const numbers = (notes: string): readonly number[] =>
  readdirSync(notes)
    .filter((name) => /^[1-9]\d{0,14}$/.test(name))
    .map(Number)
    .sort((a, b) => a - b);

function contentOf(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if (isCode(error, 'ENOENT')) return undefined;
    throw error;
  }
}

/** Notes this process under a number, whole or not at all; false when the number is taken. */
function note(notes: string, number: number): boolean {
  const draft = join(notes, `${randomUUID()}.draft`);
  writeFileSync(draft, identityOf(process.pid), { flag: 'wx' });
  try {
    linkSync(draft, join(notes, String(number)));
    return true;
  } catch (error) {
    // The draft is missing when another process took it for one that was left behind.
    if (isCode(error, 'EEXIST', 'ENOENT')) return false;
    throw error;
  } finally {
    rmSync(draft, { force: true });
  }
}

/** Whether nobody came after this number. Earlier notes are removed in ascending order, so ours goes before theirs. */
const stillNewest = (notes: string, number: number): boolean =>
  numbers(notes).at(-1) === number && existsSync(join(notes, String(number)));

function sweep(notes: string, own: number): void {
  for (const number of numbers(notes)) if (number < own) rmSync(join(notes, String(number)), { force: true });
  for (const name of readdirSync(notes).filter((each) => each.endsWith('.draft'))) {
    const draft = join(notes, name);
    const content = contentOf(draft);
    if (content !== undefined && processWith(content) === undefined) rmSync(draft, { force: true });
  }
}

/**
 * Takes a directory for this process, and makes it if need be. What a dead process left is taken over, by one of those
 * that try at the same time.
 *
 * Each holder is a file with a number of its own, linked into place with its whole content, and the newest one is never
 * removed, not even by a release, which empties it. So the numbers only grow, and whoever was slow finds a newer
 * number than its own. Processes are told apart by the process table of one host: a directory that several hosts
 * share is not protected between them. Own code: lock files of libraries go stale by their age, so that a process that was
 * suspended loses its own to another, and both have the directory.
 * @throws GatepostError INTERNAL when other processes were quicker all the time.
 */
export function lockDirectory(directory: string): Lock {
  const notes = join(directory, LOCK_DIRECTORY);
  mkdirSync(notes, { recursive: true, mode: 0o700 });
  for (let tried = 0; tried < TRIES; tried += 1) {
    const newest = numbers(notes).at(-1) ?? 0;
    const content = newest === 0 ? '' : contentOf(join(notes, String(newest)));
    if (content === undefined) continue;
    const heldBy = processWith(content);
    if (heldBy !== undefined) return { heldBy };
    const own = newest + 1;
    if (!note(notes, own)) continue;
    if (stillNewest(notes, own)) {
      sweep(notes, own);
      return { release: () => truncateSync(join(notes, String(own))) };
    }
    rmSync(join(notes, String(own)), { force: true });
  }
  throw new GatepostError('INTERNAL', `${directory} changed hands ${TRIES} times while it was being taken`, {
    directory,
  });
}
