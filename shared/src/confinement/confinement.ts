import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, realpathSync, statSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { dirname, isAbsolute, join, resolve } from 'node:path';
import { ENV_FILE, variablesFor } from '../config/environment.js';
import {
  confinedArgv,
  coveredBy,
  installationOf,
  type Mechanism,
  neighbourhoodOf,
  UNPRIVILEGED,
  type View,
} from './confined-argv.js';
import { findProgram } from './find-program.js';

/** How this host can keep a command apart. */
export interface Confinement {
  readonly mechanism: Mechanism;
  /** Why not better, in words; empty for bubblewrap. */
  readonly lacking: string;
}

/** What the daemon itself keeps: no confined command sees it. */
export interface DaemonFiles {
  readonly directories: readonly string[];
  readonly files: readonly string[];
}

/** What a confined program is and may see beside the system, paths absolute. */
export interface ConfinedProgram {
  readonly command: readonly string[];
  readonly cwd?: string | undefined;
  readonly read: readonly string[];
  readonly write: readonly string[];
  readonly network: boolean;
}

/** What a process keeps: its data directory, the key of its certificate, the file with its account's key. */
export const daemonFiles = ({
  data,
  tls,
}: {
  readonly data: string;
  readonly tls: { readonly key: string };
}): DaemonFiles => ({
  directories: [data],
  files: [tls.key, resolve(ENV_FILE)],
});

const PROBE_TIMEOUT_MS = 5_000;

/** Whether this process may do everything on its host. */
export const isRoot = (): boolean => process.geteuid?.() === 0;

/** Whose rights a confined command has, when not the daemon's own. */
export const commandUser = (): number | undefined => (isRoot() ? UNPRIVILEGED : undefined);

const nothingShown = { read: [], write: [], secretFiles: [], secretDirectories: [], network: false };

const NOT_FOR_ROOT = 'unshare does not confine root';

/** Runs `true` by the mechanism; the reason why that fails, if it does. */
function fault(mechanism: Exclude<Mechanism, 'none'>, searchPath: string): string | undefined {
  if (mechanism === 'namespaces' && isRoot()) return NOT_FOR_ROOT;
  const view: View = { ...nothingShown, workDir: tmpdir(), cwd: '/', hidden: ['/tmp'], runAs: commandUser() };
  const [name = '', ...args] = confinedArgv(mechanism, ['true'], view);
  const program = findProgram(name, searchPath);
  if (program === undefined) return `${name} is not installed`;
  if (isRoot() && findProgram('setpriv', searchPath) === undefined) return 'setpriv is not installed';
  const { status, stderr, error } = spawnSync(program, args, { timeout: PROBE_TIMEOUT_MS, encoding: 'utf8' });
  if (status === 0) return undefined;
  const [line = ''] = (error?.message ?? stderr).trim().split('\n');
  return `${name} fails: ${line || `exit code ${status}`}`;
}

/** Tries what this host's programs, kernel and user allow. */
export function probeConfinement(searchPath = variablesFor(['PATH']).PATH ?? ''): Confinement {
  const bubblewrap = fault('bubblewrap', searchPath);
  if (bubblewrap === undefined) return { mechanism: 'bubblewrap', lacking: '' };
  const namespaces = fault('namespaces', searchPath);
  if (namespaces === undefined) return { mechanism: 'namespaces', lacking: bubblewrap };
  return { mechanism: 'none', lacking: `${bubblewrap}; ${namespaces}` };
}

/** What is empty for a confined command: homes, temporary directories, and the sockets of the system. */
function hiddenDirectories(): readonly string[] {
  const candidates = ['/home', '/root', '/run', '/tmp', '/var/tmp', tmpdir(), homedir()];
  return candidates.filter((path) => path !== '/' && existsSync(path)).map((path) => realpathSync(path));
}

function homes(): readonly string[] {
  const users = existsSync('/home') ? readdirSync('/home').map((user) => join('/home', user)) : [];
  return ['/root', homedir(), ...users];
}

/** Where the names of other hosts are looked up, which can lie under the hidden /run. */
function resolverFiles(network: boolean): readonly string[] {
  return network && existsSync('/etc/resolv.conf') ? [dirname(realpathSync('/etc/resolv.conf'))] : [];
}

/**
 * What a command sees: the system, its program's installation and the directories of the files among its arguments
 * read-only, its own directory, and what its settings add; no home, no temporary files, nothing of the daemon.
 */
export function viewOf(settings: ConfinedProgram, daemon: DaemonFiles): Omit<View, 'workDir' | 'cwd'> {
  const [name = '', ...args] = settings.command;
  const hidden = hiddenDirectories();
  const users = homes();
  const program = findProgram(name);
  const installation =
    program === undefined ? [] : [program, realpathSync(program)].map((path) => installationOf(path, users, hidden));
  const files = args.filter((argument) => isAbsolute(argument) && existsSync(argument));
  const neighbours = files.map((file) => neighbourhoodOf(file, users, hidden));
  const cwd = settings.cwd === undefined ? [] : [settings.cwd];
  const read = [...installation, ...neighbours, ...cwd, ...settings.read, ...resolverFiles(settings.network)];
  return {
    hidden,
    read: coveredBy(read, hidden),
    write: settings.write,
    secretFiles: daemon.files.filter((path) => existsSync(path)),
    secretDirectories: daemon.directories.filter((path) => existsSync(path)),
    network: settings.network,
    runAs: commandUser(),
  };
}

/** Every directory above a path and the path itself, `/` left out. */
function waysTo(path: string): readonly string[] {
  const above = dirname(path);
  return above === path ? [] : [...waysTo(above), path];
}

/**
 * What the user that a root daemon's command gets cannot reach although its settings name it, in words. Directories that
 * are only made for the command, on the way to what is shown, let everybody in.
 */
export function closedToCommand(settings: ConfinedProgram, daemon: DaemonFiles): string | undefined {
  const view = viewOf(settings, daemon);
  if (view.runAs === undefined) return undefined;
  const named = settings.command.filter((argument) => isAbsolute(argument) && existsSync(argument));
  const shown = [...view.read, ...view.write];
  const made = (path: string) =>
    view.hidden.some((directory) => `${path}/`.startsWith(`${directory}/`)) &&
    !shown.some((directory) => `${path}/`.startsWith(`${directory}/`));
  const closed = (path: string): boolean => {
    const { mode, uid } = statSync(path);
    const bits = uid === view.runAs ? mode >> 6 : mode;
    return (bits & 0o1) === 0 && statSync(path).isDirectory();
  };
  const lacks = (bit: number) => (path: string) => {
    const { mode, uid } = statSync(path);
    return ((uid === view.runAs ? mode >> 6 : mode) & bit) === 0;
  };
  const targets = [...named, ...settings.read, ...settings.write].filter((path) => existsSync(path));
  const doors = [...targets, ...daemon.directories.map((path) => dirname(path))]
    .flatMap(waysTo)
    .filter((path) => existsSync(path) && !made(path) && closed(path));
  const unwritable = settings.write.filter((path) => existsSync(path)).filter(lacks(0o2));
  const found = [...new Set([...doors, ...targets.filter(lacks(0o4)), ...unwritable])];
  if (found.length === 0) return undefined;
  return `root starts it as nobody (${view.runAs}), who may not enter, read or write ${found.join(', ')}; change their mode, or run the daemon as a user of its own`;
}
