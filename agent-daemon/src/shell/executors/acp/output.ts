import { closeSync, constants, fstatSync, lstatSync, openSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';

type OutputPlace = { readonly file: string } | { readonly directory: string };

type Output = Uint8Array | { readonly problem: string };

/** Files of a directory that is an output. */
const MAX_FILES = 10_000;
const MAX_DEPTH = 32;

/**
 * What an attempt left in its directory: a file, or a directory as a tar archive that is the same for the same content.
 * Links are not followed: a file behind one is no output, and in an archive a link is a link.
 */
export async function readOutput(workDir: string, place: OutputPlace, maxBytes: number): Promise<Output> {
  try {
    return 'file' in place
      ? readFile(workDir, place.file, maxBytes)
      : await archive(workDir, place.directory, maxBytes);
  } catch (error) {
    return { problem: `the output cannot be read: ${(error as Error).message}` };
  }
}

/** Nobody may lead out of the directory by a link, in whatever part of the path. */
function requirePlain(workDir: string, path: string): void {
  let at = workDir;
  for (const part of path.split('/')) {
    at = join(at, part);
    if (lstatSync(at).isSymbolicLink()) throw new Error(`${path} is behind a symbolic link`);
  }
}

function readFile(workDir: string, path: string, maxBytes: number): Output {
  requirePlain(workDir, path);
  const handle = openSync(join(workDir, path), constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    const status = fstatSync(handle);
    if (!status.isFile()) return { problem: `${path} is not a file` };
    if (status.size > maxBytes) return { problem: `the output exceeds ${maxBytes} bytes` };
    return readFileSync(handle);
  } finally {
    closeSync(handle);
  }
}

interface Found {
  readonly files: string[];
  bytes: number;
}

function find(root: string, below: string, depth: number, found: Found): void {
  if (depth > MAX_DEPTH) throw new Error(`directories lie deeper than ${MAX_DEPTH}`);
  for (const entry of readdirSync(join(root, below), { withFileTypes: true })) {
    const path = below === '' ? entry.name : `${below}/${entry.name}`;
    if (entry.isDirectory()) find(root, path, depth + 1, found);
    else if (entry.isFile() || entry.isSymbolicLink()) {
      found.files.push(path);
      found.bytes += lstatSync(join(root, path)).size;
    }
    if (found.files.length > MAX_FILES) throw new Error(`more than ${MAX_FILES} files`);
  }
}

async function archive(workDir: string, directory: string, maxBytes: number): Promise<Output> {
  requirePlain(workDir, directory);
  const root = join(workDir, directory);
  const found: Found = { files: [], bytes: 0 };
  find(root, '', 0, found);
  if (found.bytes > maxBytes) return { problem: `the output exceeds ${maxBytes} bytes` };
  if (found.files.length === 0) return { problem: `${directory} is empty` };
  // The same files make the same bytes: sorted, without times and owners.
  const options = { cwd: root, portable: true, mtime: new Date(0), follow: false, noDirRecurse: true };
  const { create } = await import('tar');
  const bytes = await buffer(create(options, found.files.sort()) as unknown as NodeJS.ReadableStream);
  return bytes.length > maxBytes ? { problem: `the output exceeds ${maxBytes} bytes` } : bytes;
}
