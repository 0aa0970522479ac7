/**
 * What can keep a command apart on a host, best first. `bubblewrap`: files, processes and network; `namespaces`
 * (unshare of util-linux): processes and network only, and never for root, whom it leaves the files of the kernel.
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
  /** User and group that the command of a daemon run by root gets; undefined keeps the daemon's own. */
  readonly runAs: number | undefined;
}

/** `nobody` of every Linux: owns nothing, may do nothing. */
export const UNPRIVILEGED = 65_534;

const outerFirst = (paths: readonly string[]): readonly string[] =>
  [...new Set(paths)].sort((a, b) => a.length - b.length || (a < b ? -1 : 1));

const inside = (path: string, directory: string): boolean => `${path}/`.startsWith(`${directory}/`);

const parentOf = (path: string): string => path.slice(0, path.lastIndexOf('/')) || '/';

/** The directories between an empty directory and what is shown below it. */
function waysThrough(empty: readonly string[], shown: readonly string[]): readonly string[] {
  const ways = shown.flatMap((path) => {
    const found: string[] = [];
    for (let at = parentOf(path); at !== '/'; at = parentOf(at)) {
      if (empty.some((directory) => at !== directory && inside(at, directory))) found.push(at);
    }
    return found;
  });
  return outerFirst(ways).flatMap((path) => ['--dir', path]);
}

/** Every bind, in the order in which bubblewrap makes them: a later one covers an earlier one. */
function mounts(view: View): readonly string[] {
  const { hidden, read, write, secretDirectories, workDir } = view;
  // Bubblewrap closes the directories that it makes to all but its own user, unless told to make them.
  const other = view.runAs !== undefined;
  const open = other ? ['--perms', '1777'] : [];
  const ways = (empty: readonly string[], shown: readonly string[]) => (other ? waysThrough(empty, shown) : []);
  return [
    ['--ro-bind', '/', '/', '--dev', '/dev', '--proc', '/proc', '--remount-ro', '/proc'],
    ...outerFirst(hidden).map((path) => [...open, '--tmpfs', path]),
    ways(hidden, [...read, ...write, ...secretDirectories, workDir]),
    ...outerFirst(read).map((path) => ['--ro-bind', path, path]),
    ...outerFirst(write).map((path) => ['--bind', path, path]),
    ...outerFirst(secretDirectories).map((path) => [...open, '--tmpfs', path]),
    ...outerFirst(view.secretFiles).map((path) => ['--ro-bind', '/dev/null', path]),
    ways(secretDirectories, [workDir]),
    ['--bind', workDir, workDir],
  ].flat();
}

/** A shell in front, since the first process of a namespace is not ended by signals as any other is. */
const AS_SECOND = ['sh', '-c', '"$@"; exit $?', 'sh'];

/** What root needs to enter the directory and become somebody else; the capabilities are gone once that is done. */
const TO_CHANGE_USER = ['CAP_DAC_READ_SEARCH', 'CAP_SETUID', 'CAP_SETGID', 'CAP_SETPCAP'].flatMap((capability) => [
  '--cap-add',
  capability,
]);

/** Becomes a user without any privilege, for good. */
function asUser(id: number): readonly string[] {
  const nothing = ['--no-new-privs', '--bounding-set=-all', '--inh-caps=-all'];
  return ['setpriv', '--reuid', `${id}`, '--regid', `${id}`, '--clear-groups', ...nothing, '--'];
}

/**
 * The command line that runs a program confined. Inside, it has a process and an IPC namespace of its own with its
 * own /proc, which cannot be written: it sees neither the daemon nor its environment, and nothing it starts outlives it.
 * It has a user namespace of its own or, when root starts it, a user without privileges: root in a user namespace would
 * still own the files below /proc/sys, and whatever else on the host belongs to root.
 */
export function confinedArgv(mechanism: Mechanism, argv: readonly string[], view: View): readonly string[] {
  if (mechanism === 'none') return argv;
  if (mechanism === 'namespaces') {
    const network = view.network ? [] : ['--net'];
    const own = ['--user', '--map-current-user', '--pid', '--ipc', '--fork', '--kill-child', '--mount-proc'];
    return ['unshare', ...own, ...network, '--', ...AS_SECOND, ...argv];
  }
  const { runAs } = view;
  const network = view.network ? [] : ['--unshare-net'];
  const user = runAs === undefined ? ['--unshare-user'] : [];
  const own = ['--die-with-parent', ...user, '--unshare-pid', '--unshare-ipc', '--unshare-uts', ...network];
  const rights = ['--cap-drop', 'ALL', ...(runAs === undefined ? [] : TO_CHANGE_USER)];
  const become = runAs === undefined ? [] : asUser(runAs);
  return ['bwrap', ...own, ...rights, ...mounts(view), '--chdir', view.cwd, '--', ...become, ...argv];
}

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
