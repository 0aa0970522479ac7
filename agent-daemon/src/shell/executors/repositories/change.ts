import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { RepositoryStore } from '@gatepost/shared/git/repository-store';
import { GitFailure } from '@gatepost/shared/git/run-git';

const run = promisify(execFile);

/** As what a change comes back: a patch as `git diff --binary` makes it, or a bundle with one commit more. */
export type Change = 'patch' | 'bundle';

const FIND_TIMEOUT_MS = 60_000;
const AUTHOR = { name: 'agent', email: 'agent@invalid' };

/** Git asks a repository within a tree how it is, by the configuration of that repository. */
async function refuseNested(tree: string): Promise<void> {
  const { stdout } = await run('find', [tree, '-mindepth', '2', '-iname', '.git', '-print', '-quit'], {
    timeout: FIND_TIMEOUT_MS,
  });
  if (stdout !== '') throw new GitFailure('there is a repository within it');
}

/**
 * What was changed in a tree since it was checked out, ignored files left out: the same change makes the same bytes. The
 * repository in the tree counts for nothing: whoever worked there may have made of it what they like.
 * @returns undefined when nothing was changed.
 * @throws GitFailure
 */
export async function changeOf(
  store: RepositoryStore,
  tree: string,
  kind: Change,
  maxBytes: number,
): Promise<Uint8Array | undefined> {
  await refuseNested(tree);
  const { commit } = store;
  const text = async (...args: string[]) => (await store.git(args)).toString('utf8').trim();
  await store.git(['read-tree', commit]);
  await store.git([`--work-tree=${tree}`, 'add', '--all', '--', tree]);
  const changed = await text('write-tree');
  if (changed === (await text('rev-parse', `${commit}^{tree}`))) return undefined;
  if (kind === 'patch') {
    const form = [
      '--patch',
      '--binary',
      '--full-index',
      '--no-renames',
      '--no-ext-diff',
      '--no-textconv',
      '--no-color',
    ];
    return store.git(['diff-tree', '-r', ...form, commit, changed], { maxPrinted: maxBytes });
  }
  const date = `${await text('show', '--no-patch', '--format=%ct', commit)} +0000`;
  const { name, email } = AUTHOR;
  const env = {
    GIT_AUTHOR_NAME: name,
    GIT_AUTHOR_EMAIL: email,
    GIT_AUTHOR_DATE: date,
    GIT_COMMITTER_NAME: name,
    GIT_COMMITTER_EMAIL: email,
    GIT_COMMITTER_DATE: date,
  };
  const made = await store.git(['commit-tree', '-p', commit, '-m', 'Result', changed], { env });
  await store.git(['update-ref', 'refs/heads/main', made.toString('utf8').trim()]);
  return store.git(['bundle', 'create', '--quiet', '-', 'refs/heads/main', `^${commit}`], { maxPrinted: maxBytes });
}
