import { mkdirSync, statSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { RepositoryAt } from '../vocabulary/repository.js';
import type { RepositoryPlace } from './allowed-repositories.js';
import { GitFailure, type GitOptions, runGit } from './run-git.js';

/** Bytes of what is fetched of a repository. */
export const MAX_PACK_BYTES = 536_870_912;
/** Bytes and files of a tree that is checked out. */
export const MAX_TREE_BYTES = 1_073_741_824;
export const MAX_TREE_FILES = 100_000;
/** Time that one step with a repository may take. */
export const GIT_TIMEOUT_MS = 300_000;
/** Of the listing of a tree. */
const MAX_LISTING_BYTES = 67_108_864;

/**
 * Objects of one commit in a bare repository of this process's own. What works on a tree never gets to see it, so that
 * nothing that Git obeys (hooks, filters, configuration) comes from there.
 */
export class RepositoryStore {
  private constructor(
    private readonly directory: string,
    readonly commit: string,
    private readonly signal: AbortSignal,
  ) {}

  /**
   * Fetches a commit, without history, tags or submodules. What arrives is checked against its id by Git.
   * @param directory is made, and goes with `remove`.
   * @throws GitFailure
   */
  static async fetch(
    { commit }: RepositoryAt,
    place: RepositoryPlace,
    directory: string,
    signal: AbortSignal,
  ): Promise<RepositoryStore> {
    mkdirSync(directory, { mode: 0o700 });
    const store = new RepositoryStore(directory, commit, signal);
    const format = commit.length === 64 ? 'sha256' : 'sha1';
    try {
      await store.git(['init', '--quiet', '--bare', '--template=', `--object-format=${format}`, directory]);
      await store.#fetch(place);
      await store.requireSize(commit);
    } catch (thrown) {
      await store.remove();
      throw thrown;
    }
    return store;
  }

  async #fetch(place: RepositoryPlace): Promise<void> {
    const from = 'address' in place ? place.address : place.path;
    const isBundle = 'path' in place && (statSync(place.path, { throwIfNoEntry: false })?.isFile() ?? false);
    // A bundle holds what it holds, and is asked for by name.
    const what = isBundle ? [from, '+refs/*:refs/bundle/*'] : ['--depth=1', from, this.commit];
    await this.git(['fetch', '--quiet', '--no-tags', '--no-recurse-submodules', '--no-write-fetch-head', ...what]);
    const type = await this.git(['cat-file', '-t', this.commit]).catch(() => undefined);
    if (type?.toString('utf8').trim() !== 'commit') throw new GitFailure(`there is no commit ${this.commit}`);
  }

  /** Runs Git on these objects. @throws GitFailure */
  git(args: readonly string[], options: Partial<GitOptions> = {}): Promise<Buffer> {
    const bounds = { timeoutMs: GIT_TIMEOUT_MS, maxPrinted: MAX_LISTING_BYTES, maxFileBytes: MAX_PACK_BYTES };
    return runGit([`--git-dir=${this.directory}`, ...args], { signal: this.signal, ...bounds, ...options });
  }

  /** A file beside the objects, such as an index. */
  file(name: string): string {
    return join(this.directory, name);
  }

  /** @throws GitFailure when a tree has more bytes or files than are checked out. */
  async requireSize(tree: string): Promise<void> {
    const listing = await this.git(['ls-tree', '-r', '-l', '-z', tree]);
    const entries = listing.toString('latin1').split('\0').slice(0, -1);
    if (entries.length > MAX_TREE_FILES) throw new GitFailure(`it has more than ${MAX_TREE_FILES} files`);
    const bytes = entries.reduce((sum, entry) => sum + (Number(entry.split('\t')[0]?.split(/ +/)[3]) || 0), 0);
    if (bytes > MAX_TREE_BYTES) throw new GitFailure(`its files have more than ${MAX_TREE_BYTES} bytes`);
  }

  /** Makes a repository of its own with the commit checked out. @param tree a directory that is not there yet. @throws GitFailure */
  async checkOut(tree: string): Promise<void> {
    const bounds = { timeoutMs: GIT_TIMEOUT_MS, maxPrinted: MAX_LISTING_BYTES, maxFileBytes: MAX_TREE_BYTES };
    const git = (...args: string[]) => runGit(args, { signal: this.signal, ...bounds });
    const format = this.commit.length === 64 ? 'sha256' : 'sha1';
    await git('init', '--quiet', '--template=', `--object-format=${format}`, tree);
    await git('-C', tree, 'fetch', '--quiet', '--no-tags', '--depth=1', this.directory, this.commit);
    await git('-C', tree, 'checkout', '--quiet', '-B', 'main', this.commit);
  }

  async remove(): Promise<void> {
    await rm(this.directory, { recursive: true, force: true, maxRetries: 3 });
  }
}
