import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type AllowedRepositories, locateRepository } from '@gatepost/shared/git/allowed-repositories';
import { RepositoryStore } from '@gatepost/shared/git/repository-store';
import { GIT_KEY, isTreeName, type RepositoryAt, repositoriesIn } from '@gatepost/shared/vocabulary/repository';
import type { Execution } from '../executor.js';
import { type Change, changeOf } from './change.js';

const run = promisify(execFile);

/** Most repositories of one input. */
const MAX_REPOSITORIES = 4;
const MARK = Buffer.from(`"${GIT_KEY}"`);

/** Something that is wrong with a repository, in words. */
interface Problem {
  readonly problem: string;
}

/** The repositories of a work order, by the members of the input that name them. */
function namedIn(workOrder: Uint8Array): ReadonlyMap<string, RepositoryAt> {
  // Most work orders have none, and are not read for that.
  if (!Buffer.from(workOrder.buffer, workOrder.byteOffset, workOrder.length).includes(MARK)) return new Map();
  return repositoriesIn((JSON.parse(Buffer.from(workOrder).toString('utf8')) as { input?: unknown }).input);
}

/** The trees of one attempt, and the objects that they were made of, which the program of the attempt does not see. */
export class Trees {
  private constructor(
    private readonly workDir: string,
    private readonly stores: Map<string, RepositoryStore>,
  ) {}

  /**
   * Checks the repositories of a work order out, each into the directory of its name.
   * @param owner whose they are to be; the daemon's own user's when undefined.
   * @returns what is wrong when one cannot be had.
   */
  static async lay(
    { workOrder, workDir, signal, log }: Execution,
    allowed: AllowedRepositories,
    owner: number | undefined,
  ): Promise<Trees | Problem> {
    const named = namedIn(workOrder);
    const trees = new Trees(workDir, new Map());
    if (named.size > MAX_REPOSITORIES) return { problem: `the input names more than ${MAX_REPOSITORIES} repositories` };
    for (const [name, repository] of named) {
      try {
        const tree = join(workDir, name);
        trees.stores.set(name, await fetch(name, repository, allowed, `${workDir}.${name}.git`, signal));
        await trees.stores.get(name)?.checkOut(tree);
        if (owner !== undefined) await run('chown', ['-hR', `${owner}:${owner}`, tree]);
        log(`checked out ${repository.url} ${repository.commit} to ${name}`);
      } catch (thrown) {
        await trees.remove();
        return { problem: `${repository.url} cannot be checked out: ${(thrown as Error).message}` };
      }
    }
    return trees;
  }

  /** What became of a tree, when nothing works on it any more. */
  async change(name: string, kind: Change, maxBytes: number): Promise<Uint8Array | Problem> {
    const store = this.stores.get(name);
    if (store === undefined) return { problem: `the input has no repository "${name}"` };
    try {
      const bytes = await changeOf(store, join(this.workDir, name), kind, maxBytes);
      return bytes ?? { problem: `nothing was changed in ${name}` };
    } catch (thrown) {
      return { problem: `the ${kind} of ${name} cannot be made: ${(thrown as Error).message}` };
    }
  }

  async remove(): Promise<void> {
    await Promise.all([...this.stores.values()].map((store) => store.remove()));
  }
}

async function fetch(
  name: string,
  repository: RepositoryAt,
  allowed: AllowedRepositories,
  directory: string,
  signal: AbortSignal,
): Promise<RepositoryStore> {
  if (!isTreeName(name)) throw new Error(`"${name}" cannot be the name of its directory`);
  const place = locateRepository(repository.url, allowed);
  if (place === undefined) {
    throw new Error("it is at none of the places that the executor's setting `repositories` allows, or not there");
  }
  return RepositoryStore.fetch(repository, place, directory, signal);
}
