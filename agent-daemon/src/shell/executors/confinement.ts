import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, realpathSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { dirname, isAbsolute, join } from 'node:path';
import { variablesFor } from '@gatepost/shared/config/environment';
import type { ExecutorSettings } from '../../config/executors-schema.js';
import {
  confinedArgv,
  coveredBy,
  installationOf,
  type Mechanism,
  neighbourhoodOf,
  type View,
} from '../../core/confinement.js';
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

const PROBE_TIMEOUT_MS = 5_000;

const nothingShown = { read: [], write: [], secretFiles: [], secretDirectories: [], network: false };

/** Runs `true` by the mechanism; the reason why that fails, if it does. */
function fault(mechanism: Exclude<Mechanism, 'none'>, searchPath: string): string | undefined {
  const view: View = { ...nothingShown, workDir: tmpdir(), cwd: '/', hidden: ['/tmp'] };
  const [name = '', ...args] = confinedArgv(mechanism, ['true'], view);
  const program = findProgram(name, searchPath);
  if (program === undefined) return `${name} is not installed`;
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
export function viewOf(
  settings: ExecutorSettings & { readonly command: readonly string[] },
  daemon: DaemonFiles,
): Omit<View, 'workDir' | 'cwd'> {
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
  };
}
