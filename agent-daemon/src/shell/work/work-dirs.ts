import { randomUUID } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { mkdir, mkdtemp, rm, rmdir } from 'node:fs/promises';
import { join } from 'node:path';

/** What a directory holds; undefined when there is none, or none that can be read. */
function entriesOf(directory: string): readonly string[] | undefined {
  try {
    return readdirSync(directory);
  } catch {
    return undefined;
  }
}

/** Working directories: each attempt has one to itself that is empty, and nothing of it is there afterwards. */
export class WorkDirs {
  readonly #parent: string;
  /** Empty ones that attempts of a task type left, for its next ones. */
  readonly #spare = new Map<string, string[]>();

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

  /**
   * The path of a directory that whoever works in it makes if it is not there, for an attempt of a task type. Most attempts
   * leave it empty, and to make and remove one costs as much as a short call.
   */
  borrow(taskType: string): string {
    return this.#spare.get(taskType)?.pop() ?? join(this.#parent, `attempt-${randomUUID()}`);
  }

  /** Takes back what was borrowed, once nothing works in it any more. */
  async giveBack(taskType: string, directory: string): Promise<void> {
    if (entriesOf(directory)?.length !== 0) return this.remove(directory);
    const spare = this.#spare.get(taskType);
    if (spare === undefined) this.#spare.set(taskType, [directory]);
    else spare.push(directory);
  }

  /** A directory that stays. */
  async makeKept(data: string): Promise<string> {
    const parent = join(data, 'kept');
    await mkdir(parent, { recursive: true, mode: 0o700 });
    return mkdtemp(join(parent, 'attempt-'));
  }

  /** Most are empty, and then one call does it. */
  async remove(directory: string): Promise<void> {
    await rmdir(directory).catch(() => rm(directory, { recursive: true, force: true, maxRetries: 3 }));
  }
}
