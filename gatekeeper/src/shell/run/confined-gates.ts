import { chmodSync, chownSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { LaunchGate } from '@gatepost/party/gates/command-gate';
import { ENV_FILE } from '@gatepost/shared/config/environment';
import { confinedArgv } from '@gatepost/shared/confinement/confined-argv';
import { type Confinement, commandUser, viewOf } from '@gatepost/shared/confinement/confinement';
import type { GatekeeperConfig } from '../../config/gatekeeper-config.js';

/**
 * Starts gate programs as a daemon starts commands: they see the system, their program and the gatekeeper's directory of
 * gates, all to read, and a directory of their own that goes with them; no home, no key, no network unless the
 * configuration allows it.
 */
export function confinedGates(config: GatekeeperConfig, { mechanism }: Confinement): LaunchGate {
  const { confine, read, network } = config.gates;
  const files = { directories: [], files: [config.tls.key, resolve(ENV_FILE)] };
  return (argv, directory) => {
    const workDir = mkdtempSync(join(tmpdir(), 'gatepost-gate-'));
    chmodSync(workDir, 0o700);
    const runAs = commandUser();
    const used = confine === 'none' ? 'none' : mechanism;
    if (runAs !== undefined && used !== 'none') chownSync(workDir, runAs, runAs);
    const view = viewOf({ command: argv, cwd: directory, read, write: [], network }, files);
    return {
      argv: confinedArgv(used, argv, { ...view, workDir, cwd: directory }),
      env: { HOME: workDir, TMPDIR: workDir },
      over: () => rmSync(workDir, { recursive: true, force: true }),
    };
  };
}
