import { mkdirSync, mkdtempSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { PatchedTree } from '@gatepost/rules/plan/plan';
import { type AllowedRepositories, locateRepository } from '@gatepost/shared/git/allowed-repositories';
import { GIT_TIMEOUT_MS, MAX_TREE_BYTES, RepositoryStore } from '@gatepost/shared/git/repository-store';
import type { Json } from '@gatepost/shared/vocabulary/digest';
import { repositoriesIn } from '@gatepost/shared/vocabulary/repository';

/** Names of files that a reason mentions. */
const MENTIONED = 3;

/** A tree that is there, and the directory that holds it and nothing else. */
export interface LaidTree {
  readonly root: string;
  readonly tree: string;
  remove(): Promise<void>;
}

const bytesOf = (output: Json): Buffer => {
  if (typeof output === 'string') return Buffer.from(output, 'utf8');
  const { $base64 } = (typeof output === 'object' && output !== null ? output : {}) as { $base64?: Json };
  if (typeof $base64 === 'string') return Buffer.from($base64, 'base64');
  throw new Error('the output is no patch');
};

/** Writes a tree with a patch applied to it, where it may change what it changes. @throws Error in words that reject */
async function write(store: RepositoryStore, patch: Buffer, only: readonly string[] | undefined, tree: string) {
  await store.git(['read-tree', store.commit]);
  // Only the index is changed, which has no way out of it.
  await store.git(['apply', '--cached', '--whitespace=nowarn', '-'], { stdin: patch }).catch((thrown: unknown) => {
    throw new Error(`the patch cannot be applied: ${(thrown as Error).message}`);
  });
  const patched = (await store.git(['write-tree'])).toString('utf8').trim();
  await store.requireSize(patched);
  if (only !== undefined) {
    const others = ['.', ...only.map((glob) => `:(exclude,glob)${glob}`)];
    const names = await store.git([
      'diff-tree',
      '-r',
      '--name-only',
      '--no-renames',
      '-z',
      store.commit,
      patched,
      '--',
      ...others,
    ]);
    const found = names.toString('utf8').split('\0').slice(0, -1);
    if (found.length > 0) {
      const more = found.length > MENTIONED ? ' and others' : '';
      throw new Error(`the patch changes ${found.slice(0, MENTIONED).join(', ')}${more}, which it must not`);
    }
  }
  mkdirSync(tree);
  await store.git([`--work-tree=${tree}`, 'checkout-index', '--all'], { maxFileBytes: MAX_TREE_BYTES });
}

/**
 * Lays out the tree of a gate: a repository of the task's input as the plan names it, with the output applied. It holds no
 * repository: there is nothing in it that Git would obey.
 * @throws Error in words that reject.
 */
export async function layTree(
  { of, only }: PatchedTree,
  planned: Json,
  output: Json,
  allowed: AllowedRepositories,
): Promise<LaidTree> {
  const repository = repositoriesIn(planned).get(of);
  if (repository === undefined) throw new Error(`the input has no repository "${of}"`);
  const place = locateRepository(repository.url, allowed);
  if (place === undefined)
    throw new Error(`${repository.url} is not among the repositories that whoever judges allows`);
  const patch = bytesOf(output);
  const root = mkdtempSync(join(tmpdir(), 'gatepost-gate-'));
  const remove = () => rm(root, { recursive: true, force: true, maxRetries: 3 });
  try {
    const objects = join(root, 'objects.git');
    const store = await RepositoryStore.fetch(repository, place, objects, AbortSignal.timeout(GIT_TIMEOUT_MS)).catch(
      (thrown: unknown) => {
        throw new Error(`${repository.url} cannot be had: ${(thrown as Error).message}`);
      },
    );
    const tree = join(root, 'tree');
    await write(store, patch, only, tree);
    await store.remove();
    return { root, tree, remove };
  } catch (thrown) {
    await remove();
    throw thrown;
  }
}
