import { closeSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';

/** A directory that another process is using. */
export class DirectoryInUse extends Error {
  constructor(path: string, pid: number) {
    super(`the data directory ${path} is in use by process ${pid}`);
    this.name = 'DirectoryInUse';
  }
}

/** Locks of this process; in a container an earlier process had the same id. */
const held = new Set<string>();

/** Takes a directory for this process; returns how to let it go. A lock left by a dead process is taken over. */
export function lockDirectory(path: string): () => void {
  const file = join(path, 'ledger.lock');
  const take = () => {
    const lock = openSync(file, 'wx');
    writeSync(lock, `${process.pid}`);
    closeSync(lock);
    held.add(file);
  };
  try {
    take();
  } catch (error) {
    if (!isCode(error, 'EEXIST')) {
      throw error;
    }
    const holder = Number(readFileSync(file, 'utf8'));
    if (holder === process.pid ? held.has(file) : isAlive(holder)) {
      throw new DirectoryInUse(path, holder);
    }
    rmSync(file, { force: true });
    take();
  }
  return () => {
    held.delete(file);
    rmSync(file, { force: true });
  };
}

function isAlive(pid: number): boolean {
  if (!Number.isSafeInteger(pid) || pid <= 0) {
    return false;
  }
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return isCode(error, 'EPERM');
  }
}

function isCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}
