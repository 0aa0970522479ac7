/** A commit of a Git repository, as an input names it: `{ "$git": { "url": "...", "commit": "..." } }`. */
export interface RepositoryAt {
  /** An https address, a `file:` address, or the path of a repository or a bundle. */
  readonly url: string;
  /** The full id, 40 or 64 hexadecimal digits. */
  readonly commit: string;
}

/** Key of an object that stands for a repository. */
export const GIT_KEY = '$git';

const COMMIT = /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/;
const MAX_URL = 1_000;

/** What is wrong with the address of a repository, or with the beginning of such addresses; undefined for nothing. */
export function repositoryUrlProblem(url: string): string | undefined {
  if (url === '' || url.length > MAX_URL) return `has 1 to ${MAX_URL} characters`;
  // What a server decodes again could name another repository than the one that is allowed.
  if (/[\p{C}\s%\\]/u.test(url)) return 'has no spaces, "%" or "\\"';
  if (url.startsWith('-')) return 'does not begin with "-"';
  if (url.startsWith('https://')) return httpsProblem(url);
  if (url.startsWith('file:///')) return undefined;
  const head = url.split('/')[0] ?? '';
  return head.includes(':') ? 'is https://..., file:///... or a path' : undefined;
}

function httpsProblem(url: string): string | undefined {
  if (!URL.canParse(url)) return 'is no address';
  const { username, password, search, hash } = new URL(url);
  if (username !== '' || password !== '') return 'holds no user and no password: plans can be read by others';
  return search === '' && hash === '' ? undefined : 'has no "?" and no "#"';
}

/** Where something is wrong with an object that stands for a repository, and what. */
export interface RepositoryProblem {
  /** Below the object. */
  readonly path: readonly string[];
  readonly what: string;
  readonly how: string;
}

const EXAMPLE = '{ "$git": { "url": "https://example.org/repository.git", "commit": "<40 hexadecimal digits>" } }';

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Whether a value of an input means a repository, rightly written or not. */
export const meansRepository = (value: unknown): value is Readonly<Record<string, unknown>> =>
  isObject(value) && Object.hasOwn(value, GIT_KEY);

/** Everything that is wrong with an object that means a repository. */
export function repositoryProblems(value: Readonly<Record<string, unknown>>): readonly RepositoryProblem[] {
  const beside = Object.keys(value).find((key) => key !== GIT_KEY);
  if (beside !== undefined) {
    return [
      { path: [beside], what: `"${beside}" stands beside "$git"`, how: 'put it beside the repository, not in it' },
    ];
  }
  const { [GIT_KEY]: git } = value;
  if (!isObject(git)) return [{ path: [GIT_KEY], what: '"$git" is no object', how: `write ${EXAMPLE}` }];
  const { url, commit, ...rest } = git;
  const found: RepositoryProblem[] = Object.keys(rest).map((key) => ({
    path: [GIT_KEY, key],
    what: `unknown key "${key}" in "$git"`,
    how: 'it has "url" and "commit"',
  }));
  const wrong = typeof url === 'string' ? repositoryUrlProblem(url) : 'is a text';
  if (wrong !== undefined)
    found.push({ path: [GIT_KEY, 'url'], what: `"url" of "$git" ${wrong}`, how: `write ${EXAMPLE}` });
  if (typeof commit !== 'string' || !COMMIT.test(commit)) {
    const how = 'write what "git rev-parse" prints for it; a branch or a tag can change';
    found.push({ path: [GIT_KEY, 'commit'], what: '"commit" of "$git" is no full id of a commit', how });
  }
  return found;
}

/** The repository that a value stands for; undefined when it stands for itself, or is wrongly written. */
export function repositoryOf(value: unknown): RepositoryAt | undefined {
  if (!meansRepository(value) || repositoryProblems(value).length > 0) return undefined;
  return value[GIT_KEY] as RepositoryAt;
}

/** Where agents that speak ACP find their other inputs. */
const INPUTS = 'inputs';

/** Whether a member of an input can be the name of the directory that its repository is checked out to. */
export const isTreeName = (name: string): boolean =>
  /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}$/.test(name) && name.toLowerCase() !== INPUTS;

/** The repositories among the members of an input, by their names. */
export function repositoriesIn(input: unknown): ReadonlyMap<string, RepositoryAt> {
  const found = new Map<string, RepositoryAt>();
  if (!isObject(input)) return found;
  for (const [name, value] of Object.entries(input)) {
    const repository = repositoryOf(value);
    if (repository !== undefined) found.set(name, repository);
  }
  return found;
}
