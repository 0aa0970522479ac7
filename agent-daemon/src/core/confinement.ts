/**
 * What can keep a command apart on a host, best first. `bubblewrap`: files, processes and network; `namespaces`
 * (unshare of util-linux): processes and network only.
 */
export type Mechanism = 'bubblewrap' | 'namespaces' | 'none';

/** What a confined command may see; paths are absolute. */
export interface View {
  /** The attempt's own directory, readable and writable. */
  readonly workDir: string;
  /** Directory the command starts in. */
  readonly cwd: string;
  /** Directories that are empty inside, such as the homes. */
  readonly hidden: readonly string[];
  /** Files and directories that are shown nevertheless, read-only. */
  readonly read: readonly string[];
  /** Files and directories that may be written. */
  readonly write: readonly string[];
  /** The daemon's own files and directories, never shown. */
  readonly secretFiles: readonly string[];
  readonly secretDirectories: readonly string[];
  readonly network: boolean;
}

const outerFirst = (paths: readonly string[]): readonly string[] =>
  [...new Set(paths)].sort((a, b) => a.length - b.length || (a < b ? -1 : 1));

/** Every bind, in the order in which bubblewrap makes them: a later one covers an earlier one. */
function mounts(view: View): readonly string[] {
  return [
    ['--ro-bind', '/', '/', '--dev', '/dev', '--proc', '/proc'],
    ...outerFirst(view.hidden).map((path) => ['--tmpfs', path]),
    ...outerFirst(view.read).map((path) => ['--ro-bind', path, path]),
    ...outerFirst(view.write).map((path) => ['--bind', path, path]),
    ...outerFirst(view.secretDirectories).map((path) => ['--tmpfs', path]),
    ...outerFirst(view.secretFiles).map((path) => ['--ro-bind', '/dev/null', path]),
    ['--bind', view.workDir, view.workDir],
  ].flat();
}

/** A shell in front, since the first process of a namespace is not ended by signals as any other is. */
const AS_SECOND = ['sh', '-c', '"$@"; exit $?', 'sh'];

/**
 * The command line that runs a program confined. Inside, it has a user, process and IPC namespace of its own with its
 * own /proc: it sees neither the daemon nor its environment, and nothing it starts outlives it.
 */
export function confinedArgv(mechanism: Mechanism, argv: readonly string[], view: View): readonly string[] {
  if (mechanism === 'none') return argv;
  if (mechanism === 'namespaces') {
    const network = view.network ? [] : ['--net'];
    const own = ['--user', '--map-current-user', '--pid', '--ipc', '--fork', '--kill-child', '--mount-proc'];
    return ['unshare', ...own, ...network, '--', ...AS_SECOND, ...argv];
  }
  const network = view.network ? [] : ['--unshare-net'];
  const own = ['--die-with-parent', '--unshare-user', '--unshare-pid', '--unshare-ipc', '--unshare-uts', ...network];
  return ['bwrap', ...own, ...mounts(view), '--chdir', view.cwd, '--', ...argv];
}

const inside = (path: string, directory: string): boolean => `${path}/`.startsWith(`${directory}/`);

const parentOf = (path: string): string => path.slice(0, path.lastIndexOf('/')) || '/';

/** A directory that holds much more than one program: a home, what lies above one, or a hidden directory itself. */
function isCommon(directory: string, homes: readonly string[], hidden: readonly string[]): boolean {
  if (directory === '/' || directory.endsWith('/.local') || hidden.includes(directory)) return true;
  return homes.some((home) => inside(home, directory));
}

/** A file with its neighbours, its modules for example; alone where the directory is a common one. */
export function neighbourhoodOf(file: string, homes: readonly string[], hidden: readonly string[]): string {
  const directory = parentOf(file);
  return isCommon(directory, homes, hidden) ? file : directory;
}

/** What belongs to a program, given its real path: the directory above its `bin`, or its neighbourhood. */
export function installationOf(program: string, homes: readonly string[], hidden: readonly string[]): string {
  const directory = parentOf(program);
  const above = parentOf(directory);
  const own = /\/(s?bin|shims)$/.test(directory) && !isCommon(above, homes, hidden);
  return own ? above : neighbourhoodOf(program, homes, hidden);
}

/** Those paths that a hidden directory covers, so that they have to be shown by name. */
export const coveredBy = (paths: readonly string[], hidden: readonly string[]): readonly string[] =>
  paths.filter((path) => hidden.some((directory) => inside(path, directory)));
