import { existsSync, realpathSync } from 'node:fs';
import { isAbsolute, resolve } from 'node:path';

/** Where a repository is: an address, or a path of this host. */
export type RepositoryPlace = { readonly address: string } | { readonly path: string };

/**
 * Repositories that may be fetched: those at and below some addresses and directories, or all of them, relative paths
 * beginning at a directory.
 */
export type AllowedRepositories = readonly string[] | { readonly allFrom: string };

const withoutScheme = (url: string): string => (url.startsWith('file://') ? url.slice('file://'.length) : url);

const isAddress = (url: string): boolean => url.startsWith('https://');

/** The path with its links resolved, so that a link does not lead out of what is allowed. */
const realPath = (path: string): string => (existsSync(path) ? realpathSync(path) : path);

const isBelow = (text: string, beginning: string): boolean =>
  text === beginning || text.startsWith(beginning.endsWith('/') ? beginning : `${beginning}/`);

function below(url: string, beginning: string): RepositoryPlace | undefined {
  if (isAddress(url) !== isAddress(beginning)) return undefined;
  if (isAddress(url)) {
    const address = new URL(url).href;
    return isBelow(address, new URL(beginning).href) ? { address } : undefined;
  }
  const directory = realPath(withoutScheme(beginning));
  const path = realPath(resolve(directory, withoutScheme(url)));
  const isHere = isAbsolute(withoutScheme(url)) || existsSync(path);
  return isHere && isBelow(path, directory) ? { path } : undefined;
}

/**
 * Finds a repository among those that may be fetched; `https://example.org/a` does not cover `https://example.org/abc`,
 * and a relative path is looked for below each directory.
 * @param url as `repositoryUrlProblem` finds nothing wrong with it.
 */
export function locateRepository(url: string, allowed: AllowedRepositories): RepositoryPlace | undefined {
  if (!('allFrom' in allowed))
    return allowed.map((beginning) => below(url, beginning)).find((place) => place !== undefined);
  return isAddress(url) ? { address: new URL(url).href } : { path: resolve(allowed.allFrom, withoutScheme(url)) };
}
