import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm, rmdir } from 'node:fs/promises';
import { join } from 'node:path';

/** Working directories: a fresh one for each attempt, removed afterwards. */
export class WorkDirs {
  readonly #parent: string;

  constructor(data: string) {
    this.#parent = join(data, 'work');
  }

  /** Removes what an earlier process left. Directories that were to be kept stand elsewhere. */
  async prepare(): Promise<void> {
    await rm(this.#parent, { recursive: true, force: true });
    await mkdir(this.#parent, { recursive: true, mode: 0o700 });
  }

  make(): Promise<string> {
    return mkdtemp(join(this.#parent, 'attempt-'));
  }

  /** The path of a directory that is made by whoever works in it. */
  reserve(): string {
    return join(this.#parent, `attempt-${randomUUID()}`);
  }

  /** A directory that stays. */
  async makeKept(data: string): Promise<string> {
    const parent = join(data, 'kept');
    await mkdir(parent, { recursive: true, mode: 0o700 });
    return mkdtemp(join(parent, 'attempt-'));
  }

  /** Most are empty, and then one call does it. */
  async remove(directory: string): Promise<void> {
    if (!existsSync(directory)) return;
    await rmdir(directory).catch(() => rm(directory, { recursive: true, force: true, maxRetries: 3 }));
  }
}
