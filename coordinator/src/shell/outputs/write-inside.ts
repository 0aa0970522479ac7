import { randomUUID } from 'node:crypto';
import {
  closeSync,
  constants,
  existsSync,
  fstatSync,
  lstatSync,
  mkdirSync,
  openSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';

const { O_CREAT, O_DIRECTORY, O_EXCL, O_NOFOLLOW, O_RDONLY, O_WRONLY } = constants;

/** An open directory: where it was found, and a name by which what lies in it is reached through the handle. */
interface OpenDirectory {
  readonly handle: number;
  readonly path: string;
  readonly name: string;
}

/**
 * Writes a file below a directory, making the directories between, and follows no link below it, also none that is put
 * there meanwhile: each directory is opened, and what lies in it is reached through that handle. The file appears whole or
 * not at all, and a link or a second name of another file that lies in its place is replaced, never written through.
 * Where the host gives handles no names (macOS), the directories are compared with their handles before the file gets its
 * name.
 * @param file relative, with `/`, without `.` and `..`.
 * @returns the path of the file.
 * @throws what the file system says.
 */
export function writeInside(directory: string, file: string, bytes: Uint8Array): string {
  const between = file.split('/');
  const last = between.pop() ?? '';
  const opened: OpenDirectory[] = [];
  try {
    mkdirSync(directory, { recursive: true });
    let current = openDirectory(directory, directory, 0);
    opened.push(current);
    for (const part of between) {
      current = enter(current, part);
      opened.push(current);
    }
    writeWhole(current.name, last, bytes, () => requireUnmoved(opened));
    return join(current.path, last);
  } finally {
    for (const { handle } of opened) closeSync(handle);
  }
}

function openDirectory(name: string, path: string, flags: number): OpenDirectory {
  const handle = openSync(name, O_RDONLY | O_DIRECTORY | flags);
  const byHandle = `/proc/self/fd/${handle}`;
  return { handle, path, name: existsSync(byHandle) ? byHandle : path };
}

function enter(parent: OpenDirectory, part: string): OpenDirectory {
  const name = join(parent.name, part);
  const path = join(parent.path, part);
  try {
    mkdirSync(name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
  try {
    return openDirectory(name, path, O_NOFOLLOW);
  } catch (error) {
    throw new Error(`${path} is no directory, or a symbolic link, which is not followed`, { cause: error });
  }
}

function writeWhole(directory: string, name: string, bytes: Uint8Array, check: () => void): void {
  const part = join(directory, `.${randomUUID()}.part`);
  const handle = openSync(part, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o666);
  try {
    try {
      writeFileSync(handle, bytes);
    } finally {
      closeSync(handle);
    }
    check();
    renameSync(part, join(directory, name));
  } catch (error) {
    rmSync(part, { force: true });
    throw error;
  }
}

function requireUnmoved([, ...below]: readonly OpenDirectory[]): void {
  for (const { handle, path, name } of below) {
    if (name !== path) continue;
    const [was, is] = [fstatSync(handle), lstatSync(path)];
    if (was.ino !== is.ino || was.dev !== is.dev) throw new Error(`${path} was replaced while the file was written`);
  }
}
