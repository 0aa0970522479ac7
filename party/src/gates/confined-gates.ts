import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { confinedArgv } from '@gatepost/shared/confinement/confined-argv';
import { type Confinement, commandUser, type DaemonFiles, viewOf } from '@gatepost/shared/confinement/confinement';
import type { LaunchGate } from './command-gate.js';

/** What whoever judges lets gate programs see. */
export interface GateConfinement {
  readonly confine: 'auto' | 'none';
  /** Beside the system and the directory of the gates. */
  readonly read: readonly string[];
  readonly network: boolean;
}

/** With a tree, an argument that names a file beside the plan means that file. */
const besides = (argv: readonly string[], directory: string): readonly string[] =>
  argv.map((argument, index) => {
    if (argument.startsWith('-') || (index === 0 && !argument.includes('/'))) return argument;
    const path = resolve(directory, argument);
    return existsSync(path) ? path : argument;
  });

/**
 * Starts gate programs as a daemon starts commands: they see the system, their program and the directory of gates, all to
 * read, and a directory of their own that goes with them; no home, no key, no network unless the settings allow it.
 * @param secrets what they never see.
 */
export function confinedGates(
  { confine, read, network }: GateConfinement,
  { mechanism }: Confinement,
  secrets: DaemonFiles,
): LaunchGate {
  return (argv, directory, laid) => {
    const workDir = laid?.root ?? mkdtempSync(join(tmpdir(), 'gatepost-gate-'));
    chmodSync(workDir, 0o700);
    const runAs = commandUser();
    const used = confine === 'none' ? 'none' : mechanism;
    if (runAs !== undefined && used !== 'none') execFileSync('chown', ['-hR', `${runAs}:${runAs}`, workDir]);
    const command = laid === undefined ? argv : besides(argv, directory);
    const view = viewOf({ command, cwd: directory, read, write: [], network }, secrets);
    const cwd = laid?.tree ?? directory;
    return {
      argv: confinedArgv(used, command, { ...view, workDir, cwd }),
      cwd,
      env: { HOME: workDir, TMPDIR: workDir },
      over: () => (laid === undefined ? rmSync(workDir, { recursive: true, force: true }) : undefined),
    };
  };
}
